import { isDeepStrictEqual } from 'node:util';
import { isTerminal } from '../../src/contracts/index.js';
import type { SeenEvent } from './api-client.js';
import { type FollowedEvent, type StreamEnd, overSocket, overSse, overSseAgain } from './event-streams.js';
import type { SeededRandom } from './seeded-random.js';

/** What all readers of one execution have seen, by seq. */
export class SharedLog {
  readonly events = new Map<number, SeenEvent>();

  constructor(readonly executionId: string) {}

  /** @returns whether everybody saw the same under this seq; the order of fields is no part of it: PostgreSQL has its own */
  note({ seq, type, at, data, executionId }: FollowedEvent): boolean {
    const event = { seq, type, at, data, executionId };
    const before = this.events.get(seq);
    this.events.set(seq, event);
    return before === undefined || isDeepStrictEqual(before, event);
  }
}

export interface ReaderPlan {
  /** Servers, behind proxies that cut where they like or not. */
  readonly urls: readonly string[];
  readonly headers: Record<string, string>;
  /** A connection that the reader cuts lives for less than this. Milliseconds. */
  readonly livesMs: number;
}

/** Without an event for this long a connection is a fault. Milliseconds. */
const SILENT_MS = 20_000;

/** Follows one execution to its end over connections that break, and notes whatever is not the next event. */
export class ResumingReader {
  resumes = 0;
  /** Events that came, in all connections. */
  received = 0;
  readonly faults: string[] = [];
  private cursor = 0;
  private isOver = false;

  constructor(
    private readonly log: SharedLog,
    private readonly plan: ReaderPlan,
    private readonly random: SeededRandom,
  ) {}

  async run(): Promise<void> {
    for (let connections = 0; !this.isOver && this.faults.length === 0; connections++) {
      if (connections > 0) this.resume();
      const end = await this.connect();
      this.judge(end);
    }
  }

  /** Mostly goes on behind its last event; sometimes it has forgotten some, or all. */
  private resume(): void {
    this.resumes++;
    const dice = this.random.int(10);
    if (dice === 0) this.cursor = 0;
    if (dice === 1) this.cursor = this.random.int(this.cursor + 1);
  }

  private async connect(): Promise<StreamEnd> {
    const { urls, headers, livesMs } = this.plan;
    const cut = new AbortController();
    const dice = this.random.int(10);
    // Some are cut after a time, some after a number of events, some only by the proxy.
    const timer = setTimeout(() => { cut.abort(); }, dice < 5 ? this.random.int(livesMs) : SILENT_MS);
    let left = dice > 7 ? Infinity : 1 + this.random.int(12);
    const follow = this.random.pick([overSse, overSseAgain, overSocket, overSocket]);
    const end = await follow({ url: this.random.pick(urls), headers, executionId: this.log.executionId, after: this.cursor, cut: cut.signal }, (event) => {
      this.take(event);
      if (--left <= 0 || this.isOver) cut.abort();
    });
    clearTimeout(timer);
    return end;
  }

  private take(event: FollowedEvent): void {
    const { seq, type, executionId } = event;
    this.received++;
    const where = `${this.log.executionId} after ${String(this.cursor)}`;
    if (executionId !== this.log.executionId) this.faults.push(`${where}: an event of ${executionId}`);
    else if (seq !== this.cursor + 1) this.faults.push(`${where}: ${seq > this.cursor ? 'lost' : 'doubled'}, ${String(seq)} came`);
    if (!this.log.note(event)) this.faults.push(`${where}: ${String(seq)} has changed`);
    this.cursor = seq;
    this.isOver = isTerminal(type);
  }

  private judge(end: StreamEnd): void {
    if (this.isOver || end.kind === 'broken') return;
    this.faults.push(`${this.log.executionId} after ${String(this.cursor)}: ${JSON.stringify(end)} before the end`);
  }
}
