import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { MetricsService } from '../telemetry/index.js';
import type { CacheTypeName } from './cache-registry.js';
import type { CacheRef } from './engine/place.js';
import { type Lookup, TieredCache } from './tiered-cache.service.js';

/** What is wanted, and where it comes from when no cache has it. */
export interface CacheAsideRequest<T> {
  readonly dataType: CacheTypeName;
  readonly resourceId: CacheRef['id'];
  readonly tenantId: string;
  readonly scope?: CacheRef['scope'];
  /** null or undefined is "not found"; an error is thrown on, and never taken for that. */
  readonly fetchFromDb: () => Promise<T | null | undefined>;
  /** Makes what the database does not have; it is then cached like what it has. */
  readonly generate?: () => Promise<T> | T;
  readonly ttlSeconds?: number;
  /** Asks the database whatever the caches have, and keeps its answer. */
  readonly isReload?: boolean;
  /** What it is read for, as the metrics call it; a constant. */
  readonly operation?: string;
}

/** How one read was answered. */
export interface CacheAsideMetrics {
  readonly source: 'l1' | 'l2' | 'stale' | 'db' | 'generated' | 'not_found';
  readonly hit: boolean;
  /** Of the cache: everything but the database and the generator. Milliseconds. */
  readonly latencyMs: number;
  readonly totalMs: number;
  /** The answer of another reader's load. */
  readonly coalesced: boolean;
}

/** A value and how it was found. */
export interface CacheAsideResult<T> {
  /** null when there is none. */
  readonly value: T | null;
  readonly metrics: CacheAsideMetrics;
}

/**
 * Cache first, then the database, then a generator.
 *
 * @source seed 000, `get_with_cache_aside`; that a failing database is no empty one: `docs/decisions/0012`
 */
@Injectable()
export class CacheAsideService {
  private readonly hits: Counter<'data_type' | 'operation'>;
  private readonly misses: Counter<'data_type' | 'operation'>;

  constructor(
    private readonly cache: TieredCache,
    metrics: MetricsService,
  ) {
    const labelNames = ['data_type', 'operation'] as const;
    this.hits = metrics.counter({ name: 'agent_service_cache_hit', help: 'Cache-aside reads that a cache answered.', labelNames });
    this.misses = metrics.counter({ name: 'agent_service_cache_miss', help: 'Cache-aside reads that the database or a generator answered.', labelNames });
  }

  /** @throws what `fetchFromDb` throws, unless an older value can stand in; LOADER_TIMED_OUT (unavailable) */
  async getWithCacheAside<T>(request: CacheAsideRequest<T>): Promise<CacheAsideResult<T>> {
    const startedAt = performance.now();
    const origin = new Origin(request);
    const ref = { tenantId: request.tenantId, type: request.dataType, id: request.resourceId, ...(request.scope && { scope: request.scope }) };
    const lookup = await this.cache.getOrLoad<T>(ref, () => origin.load(), { ttlSeconds: request.ttlSeconds, isReload: request.isReload });
    const totalMs = performance.now() - startedAt;
    const source = sourceOf(lookup, origin.isGenerated);
    const hit = source === 'l1' || source === 'l2' || source === 'stale';
    (hit ? this.hits : this.misses).inc({ data_type: request.dataType, operation: request.operation ?? 'get' });
    return { value: lookup.value ?? null, metrics: { source, hit, latencyMs: totalMs - origin.spentMs, totalMs, coalesced: lookup.isCoalesced } };
  }

  /** Writes what was just supplied or is only temporary, past the database. @returns false when Redis could not be told */
  async set(ref: CacheRef, value: unknown, ttlSeconds?: number): Promise<boolean> {
    return this.cache.set(ref, value, { ttlSeconds });
  }
}

/** Where a value came from, and how long that took. */
class Origin<T> {
  isGenerated = false;
  spentMs = 0;

  constructor(private readonly request: CacheAsideRequest<T>) {}

  async load(): Promise<T | undefined> {
    const startedAt = performance.now();
    try {
      const found = await this.request.fetchFromDb();
      if (found !== null && found !== undefined) return found;
      this.isGenerated = this.request.generate !== undefined;
      return await this.request.generate?.();
    } finally {
      this.spentMs = performance.now() - startedAt;
    }
  }
}

function sourceOf({ source, value }: Lookup<unknown>, isGenerated: boolean): CacheAsideMetrics['source'] {
  if (source === 'none' || value === null || value === undefined) return 'not_found';
  if (source !== 'loaded') return source;
  return isGenerated ? 'generated' : 'db';
}
