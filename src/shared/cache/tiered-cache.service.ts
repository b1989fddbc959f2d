import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { RecoveryQueue } from './bus/recovery-queue.js';
import { cacheErrors, saysNone } from './cache.errors.js';
import { type CacheType, ttlMsOf } from './cache-registry.js';
import { encodeTenant, indexNames, scopeNames } from './entry/cache-key.js';
import { packEntry } from './entry/entry-text.js';
import { handOut, holdCopy } from './engine/held-value.js';
import { lifetimeOf, timingOf } from './engine/lifetime.js';
import { LoadBatch } from './engine/load-batch.js';
import { type CacheRef, type Place, placeOf } from './engine/place.js';
import { type CacheParts, type FlightMode, type Landed, TieredReads } from './engine/tiered-reads.js';
import type { MemoryEntry } from './l1/l1.store.js';
import type { IndexSpec } from './l2/invalidation.js';
import type { ReadOutcome } from './metrics/cache-events.js';

/** How an entry is read. */
export interface ReadOptions {
  /** Instead of the type's; 0 is without end. */
  readonly ttlSeconds?: number | undefined;
  /** `strong` asks Redis even when the memory has the entry: what another process has just written is seen. */
  readonly consistency?: 'strong' | undefined;
  /** Asks the loader whatever there is, and keeps its answer; when it has none, what there was is removed. */
  readonly isReload?: boolean | undefined;
}

/** What a read came to. */
export interface Lookup<T> {
  /** undefined when there is none; frozen or a copy, so it is the caller's own. */
  readonly value: T | undefined;
  readonly source: 'l1' | 'l2' | 'stale' | 'loaded' | 'none';
  /** The answer of another reader's load. */
  readonly isCoalesced: boolean;
}

/**
 * The cache: memory of the process over Redis over a loader, for every tenant apart. Whatever happens to Redis, a read is
 * answered: by the memory, by Redis within the deadline, or by the loader.
 */
@Injectable()
export class TieredCache {
  private readonly reads: TieredReads;

  constructor(
    private readonly parts: CacheParts,
    private readonly types: ReadonlyMap<string, CacheType>,
    private readonly queue: RecoveryQueue,
  ) {
    this.reads = new TieredReads(parts);
  }

  /** What the memory of this process has, without a promise; undefined says nothing. */
  peek<T>(ref: CacheRef): T | undefined {
    const entry = this.fresh(placeOf(ref, this.types));
    return entry && (handOut(entry) as T);
  }

  /** @returns the entry if there is one */
  async get<T>(ref: CacheRef, options: Pick<ReadOptions, 'consistency'> = {}): Promise<Lookup<T>> {
    const place = placeOf(ref, this.types);
    const entry = options.consistency === undefined ? this.fresh(place) : undefined;
    if (entry) return this.fromMemory(place, entry);
    const startedAt = this.parts.now();
    const landed = await this.reads.look(place);
    this.count(place, outcomeOf(landed), startedAt);
    return lookupOf(landed, false);
  }

  /**
   * The entry; when there is none, what the loader says, which is then kept.
   *
   * @param load undefined is "do not keep", null is "known to be none" and kept for a short time; what it throws is thrown, unless an older value can stand in; for an error of the kind notFound none can
   * @throws LOADER_TIMED_OUT (unavailable), TENANT_REQUIRED, CACHE_TYPE_UNKNOWN, CACHE_TTL_INVALID (internal)
   */
  async getOrLoad<T>(ref: CacheRef, load: () => Promise<T | undefined>, options: ReadOptions = NO_OPTIONS): Promise<Lookup<T>> {
    const place = placeOf(ref, this.types);
    const isPlain = options.consistency === undefined && options.isReload !== true;
    const entry = isPlain ? this.fresh(place) : undefined;
    if (entry) {
      if (this.parts.now() >= entry.refreshAt) this.reads.refreshBehind(place, entry, load, this.ttlMsOf(place, options));
      return this.fromMemory(place, entry);
    }
    const startedAt = this.parts.now();
    const { promise, isJoined } = this.reads.fly(place, { load, ttlMs: this.ttlMsOf(place, options), mode: this.modeOf(options) });
    const landed = await (options.isReload === true ? this.superseding(ref, promise) : promise);
    this.count(place, isJoined ? 'coalesced' : outcomeOf(landed), startedAt);
    return lookupOf(landed, isJoined);
  }

  /**
   * Writes a value that the caller has just made; it beats every load under way.
   *
   * @returns false when Redis could not be told: then it is removed everywhere as soon as Redis is back
   * @throws UNCACHEABLE_VALUE, TENANT_REQUIRED, CACHE_TYPE_UNKNOWN, CACHE_TTL_INVALID (internal)
   */
  async set(ref: CacheRef, value: unknown, options: Pick<ReadOptions, 'ttlSeconds'> = {}): Promise<boolean> {
    const place = placeOf(ref, this.types);
    const { type, tenant, name } = place;
    const { memory, l2 } = this.parts;
    const ttlMs = this.ttlMsOf(place, options);
    const lifetime = lifetimeOf(type, ttlMs, value);
    if (lifetime === undefined) throw cacheErrors.uncacheable('the value', String(value));
    const entry = packEntry({ type: type.name, tenant, createdAt: Date.now(), ttlMs: lifetime.ttlMs, loadMs: 0 }, value);
    const held = holdCopy(value);
    const scopes = scopeNames(type, place.scope);
    memory.entry(tenant, name);
    const fence = memory.fence(place);
    const generations = await l2.put({ address: place, entry, ...lifetime, scopes, indexes: indexNames(type, scopes) }, randomBytes(9).toString('base64url'));
    const wasLeftAlone = memory.isIntact(fence);
    memory.entry(tenant, name);
    if (generations === undefined) {
      this.queue.add({ kind: 'entry', tenant, name });
      return false;
    }
    if (!wasLeftAlone) return true;
    const timing = timingOf(lifetime, entry.sizeBytes, 0);
    memory.remember(place, held, { ...timing, generations: scopes.map((scope, index) => [scope, generations[index]]) }, memory.fence(place));
    return true;
  }

  /** @returns whether Redis had it; false also when Redis could not be asked: then it is removed as soon as it is back */
  async delete(ref: CacheRef): Promise<boolean> {
    const place = placeOf(ref, this.types);
    const { tenant, name } = place;
    const { memory, l2 } = this.parts;
    memory.entry(tenant, name);
    const existed = await l2.remove(place);
    memory.entry(tenant, name);
    if (existed === undefined) this.queue.add({ kind: 'entry', tenant, name });
    this.parts.events.emit('forgotten', { kind: 'entry', tenant, name });
    this.parts.events.emit('invalidated', { tenantId: ref.tenantId, kind: 'entry', name, isKnownToRedis: existed !== undefined });
    return existed ?? false;
  }

  /**
   * Makes void whatever is under these scopes, of every type, loads under way included, in every process. The cost does not depend on how much it is.
   *
   * @param scopes  names, as {@link scopeName} makes them
   * @param indexes counted types to be counted
   * @returns the counts; undefined when Redis could not be told: then it is told as soon as it is back
   */
  async invalidate(tenantId: string, scopes: readonly string[], indexes: readonly IndexSpec[] = []): Promise<number[] | undefined> {
    const tenant = encodeTenant(tenantId);
    if (scopes.length === 0) return indexes.map(() => 0);
    const { memory, l2, events } = this.parts;
    const forget = (): void => {
      for (const scope of scopes) memory.scope(tenant, scope);
    };
    forget();
    const counts = await l2.invalidate(tenant, scopes, indexes);
    forget();
    for (const [at, name] of scopes.entries()) {
      if (counts === undefined) this.queue.add({ kind: 'scope', tenant, name, ...(at === 0 && { indexes }) });
      events.emit('forgotten', { kind: 'scope', tenant, name });
      events.emit('invalidated', { tenantId, kind: 'scope', name, isKnownToRedis: counts !== undefined });
    }
    return counts;
  }

  /** Names of the indexes that have entries of the tenant: `<scope>:<type>`. */
  async indexNames(tenantId: string): Promise<string[]> {
    return (await this.parts.l2.indexes(encodeTenant(tenantId))) ?? [];
  }

  /** Lets an entry that has not ended live its whole time again, the one it was written with. */
  async touch(ref: CacheRef): Promise<void> {
    await this.parts.l2.touch(placeOf(ref, this.types));
  }

  /** The entries of these ids that there are, in one round trip. */
  async getMany<T>(kind: Omit<CacheRef, 'id'>, ids: readonly string[]): Promise<Map<string, T>> {
    const unique = [...new Set(ids)];
    const lookups = await Promise.all(unique.map((id) => this.get<T>({ ...kind, id })));
    return new Map(unique.flatMap((id, index) => (lookups[index]?.source === 'none' ? [] : [[id, lookups[index]?.value as T]])));
  }

  /**
   * The entries of these ids, in their order; what is missing is asked for in one call, as far as it is known to be missing in the same turn of the event loop.
   *
   * @param loadAll answers by id; an id that it leaves out is known to be none
   */
  async loadMany<T>(kind: Omit<CacheRef, 'id'>, ids: readonly string[], loadAll: (missing: readonly string[]) => Promise<ReadonlyMap<string, T>>): Promise<Map<string, T | null>> {
    const unique = [...new Set(ids)];
    const batch = new LoadBatch(loadAll);
    const lookups = await Promise.all(unique.map((id) => this.getOrLoad<T | null>({ ...kind, id }, () => batch.load(id))));
    return new Map(unique.map((id, index) => [id, lookups[index]?.value ?? null]));
  }

  /** Waits for the reads that are under way. */
  async drain(limitMs: number): Promise<void> {
    await this.reads.drain(limitMs);
  }

  get inFlight(): number {
    return this.reads.inFlight;
  }

  /** A reload that finds none: nobody is to be given any more what there was. */
  private async superseding(ref: CacheRef, reload: Promise<Landed>): Promise<Landed> {
    try {
      const landed = await reload;
      if (landed.source === 'none') await this.delete(ref);
      return landed;
    } catch (error) {
      if (saysNone(error)) await this.delete(ref);
      throw error;
    }
  }

  /** What the memory may answer by itself; a loader is asked to look further, because what it makes goes to Redis. */
  private fresh(place: Place): MemoryEntry | undefined {
    const entry = this.parts.memory.fresh(place);
    return entry === undefined || this.reads.isLoading ? undefined : entry;
  }

  private modeOf({ consistency, isReload }: ReadOptions): FlightMode {
    if (isReload === true) return 'reload';
    if (consistency === 'strong') return 'strong';
    return this.reads.isLoading ? 'part' : 'read';
  }

  private ttlMsOf({ type }: Place, { ttlSeconds }: Pick<ReadOptions, 'ttlSeconds'>): number {
    return ttlSeconds === undefined ? type.ttlMs : ttlMsOf(ttlSeconds);
  }

  private fromMemory<T>(place: Place, entry: MemoryEntry): Lookup<T> {
    const { counters, events } = this.parts;
    const outcome = entry.value === null ? 'absent' : 'hit_l1';
    counters.of(place.type.name)[outcome]++;
    if (events.has('read')) events.emit('read', { tenantId: place.tenantId, type: place.type.name, outcome, latencyMs: 0 });
    return { value: handOut(entry) as T, source: 'l1', isCoalesced: false };
  }

  private count({ tenantId, type }: Place, outcome: ReadOutcome, startedAt: number): void {
    this.parts.counters.of(type.name)[outcome]++;
    if (this.parts.events.has('read')) this.parts.events.emit('read', { tenantId, type: type.name, outcome, latencyMs: this.parts.now() - startedAt });
  }
}

const NO_OPTIONS: ReadOptions = {};

function lookupOf<T>({ held, source }: Landed, isCoalesced: boolean): Lookup<T> {
  return { value: held && (handOut(held) as T), source, isCoalesced };
}

function outcomeOf({ held, source }: Landed): ReadOutcome {
  if (source === 'l2') return held?.value === null ? 'absent' : 'hit_l2';
  return source === 'loaded' ? 'miss' : source;
}
