import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CacheSettings } from '../../config/index.js';
import { AppError } from '../../errors/index.js';
import { cacheErrors, saysNone } from '../cache.errors.js';
import { indexNames, scopeNames } from '../entry/cache-key.js';
import { type PackedEntry, packEntry, readEntry } from '../entry/entry-text.js';
import type { MemoryEntry } from '../l1/l1.store.js';
import { LATE, within } from '../l2/deadline.js';
import type { L2Read, L2Store } from '../l2/l2.store.js';
import type { CacheCounters } from '../metrics/cache-counters.js';
import type { CacheEventSource } from '../metrics/cache-events.js';
import type { Fence } from './fences.js';
import { type HeldValue, hold, holdOwn } from './held-value.js';
import { jittered, leftAfter, type Lifetime, lifetimeOf, timingOf } from './lifetime.js';
import type { Memory } from './memory.js';
import type { Place } from './place.js';
import { SingleFlight } from './single-flight.js';

/** Between two looks whether another process has loaded the entry, milliseconds; a random part is added. */
const POLL_MS = 5;
/** A lease outlives the time-out of its loader by this much, milliseconds. */
const LEASE_MARGIN_MS = 1_000;

/** Where a value comes from when no cache has it. */
export type Load = () => Promise<unknown>;

/**
 * How an entry is wanted. `strong`: as it is in Redis now, nothing older. `part`: as it is in Redis now, for a loader that makes another entry of it;
 * an older one may stand in. `refresh`: a newer one than this process has. `reload`: from the loader, whatever there is.
 */
export type FlightMode = 'read' | 'strong' | 'part' | 'refresh' | 'reload';

/** One read on its way through the levels. */
interface Flight {
  readonly place: Place;
  readonly load: Load;
  readonly mode: FlightMode;
  /** 0 is without end. */
  readonly ttlMs: number;
  readonly fence: Fence;
  readonly token: string;
  /** An older value that may stand in. */
  stale: MemoryEntry | undefined;
  /** The loader has taken too long: what it still says is kept nowhere. */
  isGivenUp?: boolean;
}

/** What a read came to. */
export interface Landed {
  readonly held: HeldValue | undefined;
  readonly source: 'l2' | 'stale' | 'loaded' | 'none';
}

/** What a flight is to bring. */
export interface LoadRequest {
  readonly load: Load;
  readonly ttlMs: number;
  readonly mode: FlightMode;
}

/** The parts that the algorithm works on. */
export interface CacheParts {
  readonly memory: Memory;
  readonly l2: L2Store;
  readonly counters: CacheCounters;
  readonly events: CacheEventSource;
  readonly settings: CacheSettings;
  /** Milliseconds. */
  readonly now: () => number;
}

/**
 * The way of a read that the memory could not answer: one flight for all who want the same, Redis, one loader among all processes.
 *
 * Why nothing stale is ever stored: a loader's value is written only under the lease taken before loading, and every write, removal and
 * invalidation takes that lease away or ends a generation that the entry would carry; all of it is decided in one script. Why nothing stale is
 * remembered: a flight over which anything was invalidated keeps its answer to those who had asked before. A loader that reads other entries gets
 * none from memory: it may not have heard yet of an invalidation that came before the lease.
 * A crash leaves a lease at the most, which expires.
 */
export class TieredReads {
  private readonly flights = new SingleFlight<Fence>();
  private readonly loaders = new AsyncLocalStorage<true>();

  constructor(private readonly parts: CacheParts) {}

  /** Whether a loader asks. */
  get isLoading(): boolean {
    return this.loaders.getStore() === true;
  }

  get inFlight(): number {
    return this.flights.size;
  }

  /** The landed flight of this place: a new one, or one that is in the air and over which nothing was invalidated. */
  fly(place: Place, request: LoadRequest): { readonly promise: Promise<Landed>; readonly isJoined: boolean } {
    // A flight in the air may have read before whoever asks now has written.
    if (request.mode !== 'read' && request.mode !== 'refresh') return { promise: this.open(place, request).promise, isJoined: false };
    return this.flights.join(place.key, this.parts.memory.isIntact, () => this.open(place, request));
  }

  /** The entry, if Redis has it. */
  async look(place: Place): Promise<Landed> {
    const fence = this.parts.memory.fence(place);
    const read = await this.readOnce({ ...{ place, fence, load: nothing, ttlMs: 0 }, mode: 'read', token: '', stale: undefined });
    return read?.state === 'fresh' ? { held: read.entry, source: 'l2' } : { held: undefined, source: 'none' };
  }

  /** Loads an entry anew while its readers go on with what there is; at most one such load at a time. */
  refreshBehind(place: Place, entry: MemoryEntry, load: Load, ttlMs: number): void {
    if (this.flights.has(place.key)) return;
    // If it fails the value stays, and the next try is later.
    entry.refreshAt = this.parts.now() + this.parts.settings.retryMs;
    this.fly(place, { load, ttlMs, mode: 'refresh' }).promise.catch(() => undefined);
  }

  /** Resolves when no flight is in the air; what is loading then is not stored. */
  async drain(limitMs: number): Promise<void> {
    const giveUpAt = this.parts.now() + limitMs;
    while (this.flights.size > 0 && this.parts.now() < giveUpAt) await sleep(5);
  }

  private open(place: Place, { load, ttlMs, mode }: LoadRequest): { readonly context: Fence; readonly promise: Promise<Landed> } {
    const fence = this.parts.memory.fence(place);
    const stale = mode === 'read' || mode === 'refresh' ? this.parts.memory.stale(place) : undefined;
    const flight: Flight = { place, load, mode, ttlMs, fence, token: randomUUID(), stale };
    return { context: fence, promise: this.land(flight) };
  }

  private async land(flight: Flight): Promise<Landed> {
    if (flight.stale && this.parts.now() < flight.stale.retryAt) return standIn(flight.stale);
    const read = await this.readOrWait(flight);
    if (read?.state === 'fresh') return { held: read.entry, source: 'l2' };
    if (read?.state === 'taken' && flight.stale) return standIn(flight.stale);
    return this.loadInTime(flight, read?.state === 'lease' ? read.generations : undefined);
  }

  /** Redis's answer; while another process loads the entry, after a while its value, or that it is still `taken`. Undefined without Redis. */
  private async readOrWait(flight: Flight): Promise<(L2Read & { readonly entry: MemoryEntry | undefined }) | undefined> {
    const { settings, now, counters } = this.parts;
    const waitMs = flight.stale ? Math.min(settings.loaderSoftTimeoutMs, settings.lockWaitMs) : settings.lockWaitMs;
    const giveUpAt = now() + waitMs;
    for (;;) {
      const read = await this.readOnce(flight);
      if (read?.state !== 'taken' || now() >= giveUpAt) return read;
      if (flight.mode === 'refresh' && read.entry) return { ...read, state: 'fresh' };
      counters.of(flight.place.type.name).leaseWaits++;
      await sleep(POLL_MS * (1 + 3 * Math.random()));
    }
  }

  private async readOnce(flight: Flight): Promise<(L2Read & { readonly entry: MemoryEntry | undefined }) | undefined> {
    const { place, stale } = flight;
    const { settings, l2, now } = this.parts;
    const askedAt = now();
    const read = await l2.read(place, {
      token: flight.token,
      leaseMs: settings.loaderTimeoutMs + LEASE_MARGIN_MS,
      freshMs: this.wantedMs(flight),
      scopes: scopeNames(place.type, place.scope),
      deadlineMs: stale ? settings.softDeadlineMs : settings.deadlineMs,
    });
    if (read === undefined) this.parts.counters.of(place.type.name).away++;
    if (read?.bytes === undefined) return read && { ...read, entry: undefined };
    const entry = this.remembered(flight, read.bytes, leftAfter(read.leftMs, now() - askedAt));
    if (entry === undefined && read.state === 'fresh') {
      // Damaged: as good as none, and the next read takes the lease.
      await l2.remove(place);
      return this.readOnce(flight);
    }
    if (mayStandIn(flight.mode)) flight.stale ??= entry;
    return { ...read, entry };
  }

  /** How much of its time an entry must have left to be wanted: something, or more than the one this process has. Undefined: none is. */
  private wantedMs({ mode, stale }: Flight): number | undefined {
    if (mode === 'reload') return undefined;
    return mode === 'refresh' && stale ? Math.max(0, stale.endsAt - this.parts.now() + 1) : 0;
  }

  private remembered({ place, fence }: Flight, bytes: Buffer, leftMs: number): MemoryEntry | undefined {
    const entry = readEntry(bytes, place.type.name, place.tenant);
    if (entry === undefined) {
      this.parts.counters.of(place.type.name).damaged++;
      return undefined;
    }
    return this.parts.memory.remember(place, holdOwn(entry.value), { ...entry, leftMs }, fence);
  }

  /** @param generations with the lease; without it the value is only handed on */
  private async loadInTime(flight: Flight, generations: readonly string[] | undefined): Promise<Landed> {
    const { settings, l2 } = this.parts;
    const { stale, place, token } = flight;
    const limitMs = stale ? Math.min(settings.loaderSoftTimeoutMs, settings.loaderTimeoutMs) : settings.loaderTimeoutMs;
    try {
      const landed = await within(limitMs, this.loadAndStore(flight, generations));
      if (landed !== LATE) return landed;
      if (stale) return this.standInFor(flight, stale);
      flight.isGivenUp = true;
      await l2.release(place, token);
    } catch (error) {
      this.failed(place, error);
      if (stale && !saysNone(error)) return this.standInFor(flight, stale);
      throw error;
    }
    const late = cacheErrors.loaderTimedOut(limitMs);
    this.failed(place, late);
    throw late;
  }

  private standInFor({ place, fence }: Flight, stale: MemoryEntry): Landed {
    this.parts.memory.postpone(place, stale, this.parts.now() + this.parts.settings.retryMs, fence);
    return standIn(stale);
  }

  /** A caller's own mistake is an answer of the loader and no failure. */
  private failed({ tenantId, type }: Place, error: unknown): void {
    if (error instanceof AppError && !error.isRetryable) return;
    this.parts.counters.of(type.name).loadErrors++;
    this.parts.events.emit('loadFailed', { tenantId, type: type.name, error });
  }

  private async loadAndStore(flight: Flight, generations: readonly string[] | undefined): Promise<Landed> {
    const { place, load, token } = flight;
    const { now, counters, l2 } = this.parts;
    const startedAt = now();
    let loaded: Loaded | undefined;
    let value: unknown;
    try {
      value = await this.loaders.run(true, load);
      const loadMs = now() - startedAt;
      counters.loaded(place.type.name, loadMs);
      loaded = this.pack(flight, value, loadMs);
    } finally {
      if (loaded === undefined && generations) await l2.release(place, token);
    }
    // What nobody keeps is handed on as it is.
    if (loaded === undefined) return value === undefined ? { held: undefined, source: 'none' } : { held: { value, isCopied: false }, source: 'loaded' };
    await this.keep(flight, loaded, generations);
    return { held: loaded.held, source: 'loaded' };
  }

  /** @returns undefined for what is not kept */
  private pack({ place, ttlMs }: Flight, value: unknown, loadMs: number): Loaded | undefined {
    const kept = lifetimeOf(place.type, ttlMs, value);
    if (kept === undefined) return undefined;
    try {
      const lifetime = jittered(kept);
      const packed = packEntry({ type: place.type.name, tenant: place.tenant, createdAt: Date.now(), ttlMs: lifetime.ttlMs, loadMs }, value);
      return { held: hold(value), packed, lifetime, loadMs };
    } catch {
      // The caller gets his value all the same.
      this.parts.counters.of(place.type.name).uncacheable++;
      return undefined;
    }
  }

  /** @param generations undefined when nothing may be stored */
  private async keep(flight: Flight, { held, packed, lifetime, loadMs }: Loaded, generations: readonly string[] | undefined): Promise<void> {
    const { place, token, fence } = flight;
    const { l2, memory, counters, now } = this.parts;
    if (flight.isGivenUp) {
      counters.of(place.type.name).fenced++;
      return;
    }
    const scopes = scopeNames(place.type, place.scope);
    const request = { address: place, entry: packed, ...lifetime, scopes, indexes: indexNames(place.type, scopes) };
    const storedAt = now();
    const isStored = generations && (await l2.store(request, token, generations));
    if (isStored === false) counters.of(place.type.name).fenced++;
    // Fenced, or only loaded because another process takes too long: somebody else's value will be the one.
    if (isStored !== true && (isStored === false || !memory.isOutage)) return;
    const timing = timingOf(lifetime, packed.sizeBytes, loadMs);
    memory.remember(place, held, { ...timing, leftMs: leftAfter(timing.leftMs, now() - storedAt), generations: scopes.map((scope, index) => [scope, isStored && generations?.[index]]) }, fence);
  }
}

interface Loaded {
  readonly held: HeldValue;
  readonly packed: PackedEntry;
  readonly lifetime: Lifetime;
  readonly loadMs: number;
}

/** Whether an older value will do when the loader fails. */
function mayStandIn(mode: FlightMode): boolean {
  return mode !== 'strong' && mode !== 'reload';
}

async function nothing(): Promise<undefined> {
  return undefined;
}

function standIn(stale: MemoryEntry): Landed {
  return { held: stale, source: 'stale' };
}
