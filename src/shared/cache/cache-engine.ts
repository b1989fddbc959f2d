import type { CacheSettings } from '../config/index.js';
import { keys } from '../redis/index.js';
import { BusStamp } from './bus/bus-message.js';
import { type BusListener, InvalidationBus } from './bus/invalidation-bus.js';
import { RecoveryQueue } from './bus/recovery-queue.js';
import { cacheTypes } from './cache-registry.js';
import { Memory } from './engine/memory.js';
import { Generations } from './l1/generations.js';
import { L1Store } from './l1/l1.store.js';
import { Breaker, type BreakerState } from './l2/breaker.js';
import { CacheConnection } from './l2/cache-connection.js';
import { L2Store } from './l2/l2.store.js';
import { Recovery } from './l2/recovery.js';
import { CacheCounters } from './metrics/cache-counters.js';
import { CacheEventSource } from './metrics/cache-events.js';
import { TieredCache } from './tiered-cache.service.js';

/** Invalidations that are held back one by one during an outage; beyond, whole tenants are invalidated. */
const MAX_HELD_BACK = 10_000;
/** Scopes whose generation is remembered, for each entry of the memory. */
const SCOPES_PER_ENTRY = 4;
/** How long a stop waits for loaders. Milliseconds. */
const DRAIN_MS = 1_000;
/** How long it then waits for a Redis that is away and has to be told of invalidations. Milliseconds. */
const FLUSH_MS = 1_000;

/** A cache with everything that keeps it going, and what there is to see of it. */
export abstract class CacheEngine {
  abstract readonly cache: TieredCache;
  /** For commands; the CACHE_MANAGER uses it, too. */
  abstract readonly connection: CacheConnection;
  abstract readonly counters: CacheCounters;
  abstract readonly events: CacheEventSource;
  abstract state(): CacheState;
  /** Connects in the background: without Redis, too, the cache answers from its loaders. */
  abstract start(): void;
  /** Lets the loads under way end, tells Redis what it still can, and closes the connections. */
  abstract stop(): Promise<void>;
}

/** What the cache is at this moment. */
export interface CacheState {
  readonly breaker: BreakerState;
  readonly isBusSound: boolean;
  /** In the memory of this process. */
  readonly entries: number;
  readonly bytes: number;
  readonly evictions: number;
  readonly generations: number;
  readonly inFlight: number;
  /** Invalidations that wait for Redis. */
  readonly heldBack: number;
}

/** Longest wait for a connection to be ready, milliseconds. */
const CONNECT_MS = 2_000;

/** @param url of Redis @param now milliseconds, for tests */
export function createCacheEngine(settings: CacheSettings, url: string, now: () => number = () => performance.now()): CacheEngine {
  const [counters, events, stamp] = [new CacheCounters(now), new CacheEventSource(), new BusStamp(channelOf(url))];
  // It may have closed since the invalidation was given up; closed, nothing is held back.
  const queue = new RecoveryQueue(MAX_HELD_BACK, () => {
    breaker.open();
  });
  const breaker = new Breaker((state) => {
    if (state === 'open') recovery.begin();
    else void l2.beat();
    events.emit('breaker', { state });
  });
  const connection = new CacheConnection(url, CONNECT_MS);
  const l2 = new L2Store(connection, breaker, stamp, settings.deadlineMs);
  const recovery = new Recovery(connection, breaker, l2, queue);
  const [l1, generations] = [new L1Store(settings.l1MaxEntries, settings.l1MaxBytes), new Generations(settings.l1MaxEntries * SCOPES_PER_ENTRY)];
  const memory: Memory = new Memory(l1, generations, { isBusSound: () => bus.isSound, isOutage: () => breaker.isOpen, now });
  const bus: InvalidationBus = new InvalidationBus(new CacheConnection(url, CONNECT_MS), stamp, settings.busBeatMs, () => l2.beat(), telling(memory, events));
  bus.onChange = (isSound) => {
    events.emit('bus', { isSound });
  };
  const cache = new TieredCache({ memory, l2, counters, events, settings, now }, cacheTypes(settings), queue);
  return {
    ...{ cache, connection, counters, events },
    state: () => ({
      ...{ breaker: breaker.isOpen ? 'open' : 'closed', isBusSound: bus.isSound, entries: l1.size, bytes: l1.bytes },
      ...{ evictions: l1.evictions, generations: generations.size, inFlight: cache.inFlight, heldBack: queue.size },
    }),
    start: () => {
      connection.start();
      bus.start();
    },
    stop: async () => {
      await cache.drain(DRAIN_MS);
      await recovery.flush(FLUSH_MS);
      recovery.stop();
      await bus.stop();
      await connection.close();
    },
  };
}

/** What the bus brings is done first, and told then. */
function telling(memory: BusListener, events: CacheEventSource): BusListener {
  return {
    entry: (tenant, name) => {
      memory.entry(tenant, name);
      events.emit('forgotten', { kind: 'entry', tenant, name });
    },
    scope: (tenant, name) => {
      memory.scope(tenant, name);
      events.emit('forgotten', { kind: 'scope', tenant, name });
    },
    all: () => {
      memory.all();
      events.emit('forgotten', { kind: 'all', tenant: '', name: '' });
    },
  };
}

function channelOf(url: string): string {
  return keys.cacheBus(Number(new URL(url).pathname.slice(1)) || 0);
}
