import { Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { ActionType } from '../../contracts/index.js';
import { REDIS, type Redis, keys } from '../redis/index.js';
import { MetricsService } from '../telemetry/index.js';

/** The oldest go first. Redis drops them by whole nodes of its stream, so there may be some more. A guess. */
const MAX_LETTERS = 10_000;

/** Letters that are looked through at once. */
const PAGE = 500;

/** A job that failed for good, and why. */
export interface DeadLetter {
  /** The queue it was in. */
  readonly type: ActionType;
  /** '' when the action did not say. */
  readonly tenantId: string;
  /** What was in the queue: an action, unless that was what was wrong with it. */
  readonly action: unknown;
  readonly code: string;
  readonly message: string;
  /** The try that was the last, from 1. */
  readonly attempt: number;
  /** ISO-8601 UTC. */
  readonly failedAt: string;
}

export interface StoredDeadLetter extends DeadLetter {
  readonly deadLetterId: string;
}

export interface DeadLetterPage {
  /** Newest first. */
  readonly data: StoredDeadLetter[];
  readonly nextCursor: string | null;
  readonly total: number;
}

type Entry = [id: string, fields: string[]];

/** Jobs that failed for good: one capped stream for all queues and tenants. Bull itself keeps nothing of them. */
@Injectable()
export class DeadLettersStore {
  private readonly kept: Counter<'type' | 'code'>;

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    metrics: MetricsService,
  ) {
    this.kept = metrics.counter({ name: 'nooble_dead_letters_total', help: 'Jobs that this process gave up for good, by action type and the code of their error.', labelNames: ['type', 'code'] });
    metrics.read('gauge', { name: 'nooble_dead_letters', help: 'Dead letters there are, of all processes; missing while Redis is away.' }, () => this.size());
  }

  /** @throws HOT_STORE_UNAVAILABLE (unavailable) */
  async keep({ action, attempt, ...letter }: DeadLetter): Promise<void> {
    const fields = Object.entries({ ...letter, action: JSON.stringify(action), attempt: String(attempt) }).flat();
    await this.redis.xadd(keys.deadLetters(), 'MAXLEN', '~', MAX_LETTERS, '*', ...fields);
    this.kept.inc({ type: letter.type, code: letter.code });
  }

  /** @param cursor `nextCursor` of the page before */
  async page(limit: number, cursor?: string): Promise<DeadLetterPage> {
    const from = cursor === undefined ? '+' : `(${cursor}`;
    const [entries, total] = await Promise.all([this.redis.xrevrange(keys.deadLetters(), from, '-', 'COUNT', limit + 1), this.redis.xlen(keys.deadLetters())]);
    const data = entries.slice(0, limit).map(fromEntry);
    return { data, nextCursor: entries.length > limit ? (data.at(-1)?.deadLetterId ?? null) : null, total };
  }

  async find(deadLetterId: string): Promise<StoredDeadLetter | undefined> {
    const [entry] = await this.redis.xrange(keys.deadLetters(), deadLetterId, deadLetterId);
    return entry && fromEntry(entry);
  }

  /** @returns whether it was there */
  async remove(deadLetterId: string): Promise<boolean> {
    return (await this.redis.xdel(keys.deadLetters(), deadLetterId)) === 1;
  }

  /** Removes those of a tenant that are meant. @returns how many */
  async removeWhere(tenantId: string, isMeant: (action: unknown) => boolean): Promise<number> {
    let removed = 0;
    for (let from = '-'; ; ) {
      const entries = await this.redis.xrange(keys.deadLetters(), from, '+', 'COUNT', PAGE);
      const ids = entries.map(fromEntry).filter((letter) => letter.tenantId === tenantId && isMeant(letter.action)).map(({ deadLetterId }) => deadLetterId);
      if (ids.length > 0) removed += await this.redis.xdel(keys.deadLetters(), ...ids);
      if (entries.length < PAGE) return removed;
      from = `(${entries.at(-1)?.[0] ?? ''}`;
    }
  }

  private async size(): Promise<[Record<never, string>, number][]> {
    return this.redis.xlen(keys.deadLetters()).then((count) => [[{}, count]], () => []);
  }
}

function fromEntry([deadLetterId, list]: Entry): StoredDeadLetter {
  const field = (name: string): string => list[list.findIndex((text, index) => index % 2 === 0 && text === name) + 1] ?? '';
  const [type, tenantId, code, message, failedAt] = [field('type') as ActionType, field('tenantId'), field('code'), field('message'), field('failedAt')];
  return { deadLetterId, type, tenantId, code, message, failedAt, attempt: Number(field('attempt')), action: JSON.parse(field('action')) };
}
