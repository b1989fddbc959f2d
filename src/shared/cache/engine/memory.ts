import { keys } from '../../redis/index.js';
import type { BusListener } from '../bus/invalidation-bus.js';
import type { CacheType } from '../cache-registry.js';
import type { EntryAddress } from '../entry/cache-key.js';
import type { Generations } from '../l1/generations.js';
import type { L1Store, MemoryEntry } from '../l1/l1.store.js';
import { type Fence, Fences } from './fences.js';
import type { HeldValue } from './held-value.js';
import type { Place } from './place.js';

/** While Redis is away nobody tells this process of invalidations elsewhere, so it believes itself for this long at the most. Milliseconds. */
const OUTAGE_MS = 2_000;
/** Of its time to live an entry is left alone for this part; then a hit sets off its refresh. */
const REFRESH_FROM = 0.8;

/** How long Redis keeps an entry, and what it is bound to. Times are milliseconds. */
export interface Timing {
  /** Until the end of the grace; -1 is without end. */
  readonly leftMs: number;
  readonly graceMs: number;
  /** 0 is without end. */
  readonly ttlMs: number;
  readonly loadMs: number;
  readonly sizeBytes: number;
  /** [scope name, generation]; a generation that Redis could not tell is undefined. */
  readonly generations: readonly (readonly [string, string | undefined])[];
}

/** Whether the memory may be used, by what is known of Redis. */
export interface Surroundings {
  /** Every invalidation of another process is heard. */
  readonly isBusSound: () => boolean;
  /** The breaker is open: nobody asks Redis. */
  readonly isOutage: () => boolean;
  /** Milliseconds. */
  readonly now: () => number;
}

/**
 * The memory of the process: it serves an entry only while it would hear of its invalidation. Without the bus it serves nothing,
 * unless Redis is away altogether: then a little, because the database would be asked for everything.
 */
export class Memory implements BusListener {
  private readonly fences = new Fences();

  constructor(
    private readonly l1: L1Store,
    private readonly generations: Generations,
    private readonly around: Surroundings,
  ) {}

  get isOutage(): boolean {
    return this.around.isOutage();
  }

  /** An entry that may be served without a question. */
  fresh({ key }: EntryAddress): MemoryEntry | undefined {
    const entry = this.l1.get(key);
    return entry !== undefined && this.around.now() < entry.freshUntil && this.isBelieved ? entry : undefined;
  }

  /** An entry that may stand in for a loader that fails: valid, but perhaps old. */
  stale({ key, type }: Place): MemoryEntry | undefined {
    // Nobody can say during an outage whether another process has invalidated it; a type without grace is not to be guessed.
    if (type.graceMs === 0 && this.isOutage) return undefined;
    const entry = this.l1.get(key);
    return entry !== undefined && this.around.now() < entry.graceUntil && this.isBelieved ? entry : undefined;
  }

  fence({ key, tenant }: EntryAddress): Fence {
    return this.fences.take(key, tenant);
  }

  readonly isIntact = (fence: Fence): boolean => this.fences.isIntact(fence);

  /** What Redis, or a loader, has just said, as an entry; kept if nothing was invalidated since the fence was taken. */
  remember({ key, tenant, type }: Place, held: HeldValue, timing: Timing, fence: Fence): MemoryEntry {
    const entry = this.entryOf(tenant, type, held, timing);
    // Read once more, an old entry is no reason to ask a failing loader again.
    if (entry.endsAt <= this.around.now()) entry.retryAt = this.l1.get(key)?.retryAt ?? 0;
    if (entry.freshUntil > 0 && this.fences.isIntact(fence)) this.l1.set(key, entry);
    return entry;
  }

  /** Keeps an old entry, so that the loader is left alone until `retryAt`. */
  postpone({ key }: EntryAddress, entry: MemoryEntry, retryAt: number, fence: Fence): void {
    if (this.isBelieved && this.fences.isIntact(fence)) this.l1.set(key, { ...entry, retryAt });
  }

  entry(tenant: string, name: string): void {
    const key = keys.cacheEntry(tenant, name);
    this.fences.breakKey(key);
    this.l1.delete(key);
  }

  scope(tenant: string, scope: string): void {
    this.fences.breakTenant(tenant);
    this.generations.end(keys.cacheGeneration(tenant, scope));
  }

  all(): void {
    this.fences.breakAll();
    this.generations.clear();
    this.l1.clear();
  }

  /** Whether an invalidation would be heard, or nobody could tell of one. */
  private get isBelieved(): boolean {
    return this.around.isBusSound() || this.around.isOutage();
  }

  private entryOf(tenant: string, type: CacheType, held: HeldValue, timing: Timing): MemoryEntry {
    const { leftMs, graceMs, ttlMs, loadMs, sizeBytes } = timing;
    const now = this.around.now();
    const endsAt = leftMs === -1 ? Infinity : now + leftMs - graceMs;
    const limitMs = this.limitMs(type);
    return {
      ...held,
      sizeBytes,
      endsAt,
      generations: timing.generations.map(([scope, id]) => this.generations.learn(keys.cacheGeneration(tenant, scope), id)),
      freshUntil: limitMs === 0 ? 0 : Math.min(endsAt, now + limitMs),
      graceUntil: leftMs === -1 ? Infinity : now + leftMs,
      // The later half of XFetch (Vattani et al., 2015): what takes long to load is renewed early, by a random one of the processes.
      refreshAt: ttlMs === 0 ? Infinity : Math.min(endsAt - ttlMs * (1 - REFRESH_FROM), endsAt + loadMs * Math.log(Math.random())),
      retryAt: 0,
    };
  }

  private limitMs({ memoryMs }: CacheType): number {
    if (this.around.isOutage()) return Math.min(memoryMs, OUTAGE_MS);
    return this.around.isBusSound() ? memoryMs : 0;
  }
}
