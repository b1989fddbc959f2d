import { encodeTenant } from '../../cache/entry/cache-key.js';
import { type Redis, keys } from '../../redis/index.js';
import type { CacheEntry } from '../entry/cache-entry.js';
import { entryOfText, entryText } from '../entry/entry-text.js';
import { AsyncMemoBackend } from './memo-backend.js';
import { namespaceOf } from './namespace.js';
import { PAGE, pagesOf } from './pages.js';

/** Nothing stays in Redis without end: an entry that says nothing goes after this time, milliseconds. As messages and memory snapshots do. */
const MAX_AGE_MS = 86_400_000;
/** Keys that are looked at in one step. */
const SCANNED = 1_000;

export interface RedisOptions {
  /** Whose entries: part of every key. */
  readonly tenantId: string;
  /** One cache's part of them; `default` without it. */
  readonly namespace?: string;
  /** How long an entry stays that does not expire by itself, milliseconds; a day without it. */
  readonly maxAgeMs?: number;
  /** Entries at the most: what ends first goes. Without it: without bound. */
  readonly maxEntries?: number;
}

/** Entries of one tenant in Redis, on the tenant's shard: a string each, and a sorted set of their slots by the time they end. */
export class RedisBackend extends AsyncMemoBackend {
  readonly isPersistent = true;
  private readonly namespace: string;
  private readonly tenant: string;
  private readonly index: string;
  private readonly maxAgeMs: number;
  private readonly maxEntries: number;

  /** @param redis stays open when the cache is closed: it is the caller's */
  constructor(
    private readonly redis: Redis,
    options: RedisOptions,
  ) {
    super();
    this.namespace = namespaceOf(options.namespace);
    this.tenant = encodeTenant(options.tenantId);
    this.index = keys.memoIndex(this.tenant, this.namespace);
    this.maxAgeMs = options.maxAgeMs ?? MAX_AGE_MS;
    this.maxEntries = options.maxEntries ?? Infinity;
  }

  async read(slot: string): Promise<CacheEntry | undefined> {
    return this.entryOf(slot, await this.redis.get(this.keyOf(slot)));
  }

  async write(slot: string, entry: CacheEntry): Promise<void> {
    await this.writePage([[slot, entry]]);
  }

  override async readMany(slots: readonly string[]): Promise<ReadonlyMap<string, CacheEntry>> {
    const pages = await Promise.all([...pagesOf(slots)].map((page) => this.redis.mget(page.map((slot) => this.keyOf(slot)))));
    const read = pages.flat().map((text, i) => [slots[i] as string, this.entryOf(slots[i] as string, text)] as const);
    return new Map(read.filter((pair): pair is [string, CacheEntry] => pair[1] !== undefined));
  }

  override async writeMany(entries: ReadonlyMap<string, CacheEntry>): Promise<void> {
    await Promise.all([...pagesOf([...entries])].map((page) => this.writePage(page)));
  }

  async delete(slot: string): Promise<boolean> {
    const [removed] = await done(this.redis.multi().del(this.keyOf(slot)).zrem(this.index, slot));
    return removed === 1;
  }

  async slots(): Promise<readonly string[]> {
    return this.redis.zrangebyscore(this.index, `(${String(Date.now())}`, '+inf');
  }

  async clear(): Promise<void> {
    for (let slots = await this.first(PAGE); slots.length > 0; slots = await this.first(PAGE)) await this.remove(slots);
  }

  async count(nowMs: number): Promise<number> {
    return this.redis.zcount(this.index, `(${String(nowMs)}`, '+inf');
  }

  override async endsAt(slot: string): Promise<number | undefined> {
    const endsAt = await this.redis.zscore(this.index, slot);
    return endsAt === null ? undefined : Number(endsAt);
  }

  /** Those of the tenant that have entries. Goes through all keys that the server has, in steps that hold nobody up. */
  async namespaces(): Promise<readonly string[]> {
    const found = new Set<string>();
    let cursor = '0';
    do {
      const [next, indexes] = await this.redis.scan(cursor, 'MATCH', keys.memoIndex(this.tenant, '*'), 'COUNT', SCANNED);
      for (const index of indexes) if ((await this.redis.zcount(index, `(${String(Date.now())}`, '+inf')) > 0) found.add(index.split(':').at(-2) ?? '');
      cursor = next;
    } while (cursor !== '0');
    return [...found].sort();
  }

  private entryOf(slot: string, text: string | null): CacheEntry | undefined {
    if (text === null) return undefined;
    try {
      return entryOfText(text);
    } catch (error) {
      this.report({ type: 'damaged', place: this.keyOf(slot), error });
      return undefined;
    }
  }

  /** In one transaction, which is one round trip. */
  private async writePage(page: readonly (readonly [slot: string, entry: CacheEntry])[]): Promise<void> {
    const now = Date.now();
    const ends = page.map(([slot, { expiresAt = Infinity }]) => [Math.ceil(Math.min(expiresAt, now + this.maxAgeMs)), slot] as const);
    const transaction = this.redis.multi().zadd(this.index, ...ends.flat());
    for (const [i, [slot, entry]] of page.entries()) transaction.set(this.keyOf(slot), entryText(entry), 'PXAT', Math.max(ends[i]?.[0] ?? 0, now + 1));
    const answers = await done(transaction.zremrangebyscore(this.index, '-inf', now).pexpire(this.index, this.maxAgeMs).zcard(this.index));
    const excess = Number(answers.at(-1)) - this.maxEntries;
    if (excess > 0) await this.remove(await this.first(Math.min(excess, PAGE)));
  }

  private async remove(slots: readonly string[]): Promise<void> {
    await done(this.redis.multi().unlink(...slots.map((slot) => this.keyOf(slot))).zrem(this.index, ...slots));
  }

  /** Those that end first. */
  private async first(count: number): Promise<string[]> {
    return this.redis.zrange(this.index, 0, count - 1);
  }

  private keyOf(slot: string): string {
    return keys.memoEntry(this.tenant, this.namespace, slot);
  }
}

/** The answers of a transaction. @throws the first of its errors */
async function done(transaction: { exec(): Promise<[Error | null, unknown][] | null> }): Promise<unknown[]> {
  const answers = (await transaction.exec()) ?? [];
  const failed = answers.find(([error]) => error !== null);
  if (failed?.[0]) throw failed[0];
  return answers.map(([, answer]) => answer);
}
