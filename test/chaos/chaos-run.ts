import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { newId } from '../../src/contracts/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { numbers } from '../support/hot-store.js';
import { SeededRandom } from '../support/seeded-random.js';
import { waitFor } from '../support/wait-for.js';
import { ChaosClient } from './chaos-client.js';
import { type Fault, scheduleFaults } from './fault-schedule.js';
import { type LedgerRow, type Seen, violationsOf } from './history-check.js';
import { Reader } from './reader.js';
import { ReaderLog } from './reader-log.js';
import { Stage } from './stage.js';
import { type Talk, Writer } from './writer.js';

const TENANT = 'chaos';
const TALKS = 6;
const WRITERS = 8;
const READERS = 4;
/** A lost worker's job is taken up by another when its lock has expired and somebody has looked twice. Milliseconds. */
const AT_REST_MS = 120_000;
const PROGRESS_MS = 5_000;

export interface ChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
}

/** What a run has done, and what was wrong. */
export interface ChaosReport {
  readonly summary: readonly string[];
  readonly violations: readonly string[];
}

/** Writers and readers on one side, faults on the other; in the end everything is compared. */
export class ChaosRun {
  private readonly log = new ReaderLog();
  private readonly talks: Talk[] = [];
  private readonly faults = new Map<string, number>();
  private readonly startedAt = Date.now();
  private readonly client: ChaosClient;
  private moves = 0;
  private isOver = false;
  private mayRest = false;

  private constructor(
    private readonly stage: Stage,
    private readonly options: ChaosOptions,
  ) {
    this.client = new ChaosClient(stage.url, TENANT);
  }

  /** Begins, harms, mends, compares, and leaves nothing running. */
  static async perform(options: ChaosOptions): Promise<ChaosReport> {
    const stage = await Stage.start();
    try {
      return await new ChaosRun(stage, options).perform();
    } finally {
      await stage.close();
    }
  }

  private async perform(): Promise<ChaosReport> {
    const { seed, seconds } = this.options;
    for (const n of numbers(1, TALKS)) this.talks.push(await this.begin(n));
    const writing = numbers(1, WRITERS).map((n) => this.writer(n).run(() => this.isOver));
    const reading = numbers(1, READERS).map((n) => new Reader(this.client, this.log, this.talks, new SeededRandom(seed + 1_000 * n)).run(() => this.mayRest));
    const progress = setInterval(() => {
      this.say(this.progress());
    }, PROGRESS_MS);
    try {
      await this.harm(scheduleFaults(seed, seconds * 1_000));
      await sleep(Math.max(0, this.startedAt + seconds * 1_000 - Date.now()));
      await this.stage.ready();
      this.say('everything is back');
      this.isOver = true;
      await Promise.all(writing);
      await this.rest();
    } finally {
      clearInterval(progress);
      [this.isOver, this.mayRest] = [true, true];
    }
    await Promise.all(reading);
    const violations = [...(await this.compare()), ...this.log.violations, ...this.client.violations, ...this.stage.violations];
    return { summary: this.summary(), violations };
  }

  private async begin(n: number): Promise<Talk> {
    const sessionId = `session-${String(n)}`;
    const body = { agentId: newId(), sessionId };
    const created = await this.client.insist<{ conversationId: string }>('POST', '/api/v1/conversations', { body, random: new SeededRandom(n) });
    return { conversationId: created!.conversationId, sessionId, acknowledged: [], summary: null };
  }

  /** Those beyond the number of conversations are the second ones in theirs. Every other one closes its session often. */
  private writer(n: number): Writer {
    const talk = this.talks[(n - 1) % TALKS]!;
    const random = new SeededRandom(this.options.seed + n);
    return new Writer(this.client, this.log, { name: `w${String(n)}`, talk, random, closesEvery: n % 2 === 0 ? 8 : 60, setsSummary: n <= TALKS });
  }

  private async harm(faults: readonly Fault[]): Promise<void> {
    const beginning = Date.now();
    const applied: Promise<void>[] = [];
    for (const fault of faults) {
      await sleep(Math.max(0, beginning + fault.atMs - Date.now()));
      const name = `${fault.kind} ${fault.target}`;
      this.faults.set(name, (this.faults.get(name) ?? 0) + 1);
      this.say(`${name} for ${String(fault.forMs)} ms`);
      applied.push(this.stage.apply(fault));
    }
    await Promise.all(applied);
  }

  /** Every conversation is closed, moved, and leaves Redis. */
  private async rest(): Promise<void> {
    const random = new SeededRandom(this.options.seed);
    const at = (talk: Talk): string => `/api/v1/conversations/${talk.conversationId}`;
    await Promise.all(this.talks.map((talk) => this.client.insist('POST', `${at(talk)}/close`, { random })));
    this.say('closed');
    await Promise.all(this.talks.map((talk) => waitFor(`${talk.conversationId} to leave Redis`, async () => (await this.client.get<{ storage: string }>(at(talk))).body?.storage === 'cold', AT_REST_MS)))
      .then(() => { this.say('at rest'); }, (error: unknown) => { this.stage.violations.push(String(error), this.stage.output.slice(-4_000)); });
  }

  private async compare(): Promise<string[]> {
    const database = new Client({ connectionString: this.stage.postgres.url });
    await database.connect();
    try {
      const found: string[] = [];
      for (const talk of this.talks) found.push(...(await this.compareTalk(database, talk)).map((violation) => `${talk.conversationId}: ${violation}`));
      return [...found, ...(await this.leftovers())];
    } finally {
      await database.end();
    }
  }

  private async compareTalk(database: Client, { conversationId, acknowledged, summary }: Talk): Promise<string[]> {
    const by = 'WHERE tenant_id = $1 AND conversation_id = $2';
    const ask = async <T extends object>(sql: string): Promise<T[]> => (await database.query<T>(sql, [TENANT, conversationId])).rows;
    const archived = await ask<Seen>(`SELECT seq, message_id AS "messageId", role, content FROM messages ${by} ORDER BY seq`);
    const ledger = await ask<LedgerRow>(`SELECT from_seq AS "fromSeq", to_seq AS "toSeq", message_count AS "messageCount", checksum, outcome FROM migration_ledger ${by}`);
    const [row] = await ask<{ status: string; summary: string | null; count: number; archived: number }>(`SELECT status, summary, message_count AS count, archived_seq AS archived FROM conversations ${by}`);
    this.moves += ledger.length;
    const history = await this.history(conversationId);
    const header = [row?.status, row?.summary, row?.count, row?.archived];
    const expected = ['transferred', summary, history.length, history.length];
    const isHeaderRight = JSON.stringify(header) === JSON.stringify(expected);
    return [...violationsOf({ acknowledged, history, archived, ledger }), ...this.log.unlike(conversationId, history), ...(isHeaderRight ? [] : [`header: ${JSON.stringify(header)} should be ${JSON.stringify(expected)}`])];
  }

  private async history(conversationId: string): Promise<Seen[]> {
    const all: Seen[] = [];
    for (let after: number | null = 0; after !== null; ) {
      const path: string = `/api/v1/conversations/${conversationId}/messages?after=${String(after)}&limit=200`;
      const page: { data: Seen[]; nextCursor: number | null } | undefined = (await this.client.get<{ data: Seen[]; nextCursor: number | null }>(path)).body;
      all.push(...(page?.data ?? []));
      after = page?.nextCursor ?? null;
    }
    return all;
  }

  /** Redis has nothing any more of conversations that are at rest. */
  private async leftovers(): Promise<string[]> {
    const redis = new Redis(this.stage.redis.url);
    try {
      const indexes = await Promise.all([keys.hot(TENANT), keys.active(TENANT), keys.due(TENANT), keys.unarchived(TENANT)].map(async (key) => [key, await redis.zrange(key, 0, -1)] as const));
      const headers = await Promise.all(this.talks.map(async ({ conversationId }) => redis.exists(keys.conversation(TENANT, conversationId), keys.messages(TENANT, conversationId), keys.messageIds(TENANT, conversationId))));
      return [...indexes.filter(([, members]) => members.length > 0).map(([key, members]) => `left: ${key} has ${members.join(' ')}`), ...headers.flatMap((count, i) => (count === 0 ? [] : [`left: ${this.talks[i]!.conversationId} is in Redis`]))];
    } finally {
      redis.disconnect();
    }
  }

  private get appended(): number {
    return this.talks.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
  }

  private progress(): string {
    return `${String(this.appended)} messages acknowledged, ${String(this.log.reads)} reads, ${String(this.client.violations.length + this.log.violations.length)} violations`;
  }

  private summary(): string[] {
    const counted = (counts: Map<string, number>): string => [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([name, count]) => `${name} ${String(count)}`).join(', ');
    const total = [...this.faults.values()].reduce((sum, count) => sum + count, 0);
    return [
      `${String(this.appended)} messages acknowledged in ${String(this.talks.length)} conversations, ${String(this.log.reads)} reads, ${String(this.moves)} moved ranges`,
      `${String(total)} faults: ${counted(this.faults)}`,
      `refused: ${counted(this.client.refusals)}`,
    ];
  }

  private say(line: string): void {
    this.options.say(`${((Date.now() - this.startedAt) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  }
}
