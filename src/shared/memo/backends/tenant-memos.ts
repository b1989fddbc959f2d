import { LRUCache } from 'lru-cache';
import type { Redis } from '../../redis/index.js';
import { type AsyncMemoCacheOptions } from '../cache/async-memo-store.js';
import { AsyncMemoCache } from '../cache/async-memo-cache.js';
import { RedisBackend, type RedisOptions } from './redis-backend.js';

/** Tenants whose caches a process holds; of others they are made anew, which loses nothing but what is under way. */
const MAX_TENANTS = 1_000;

/** The caches of one namespace, one for each tenant, in the tenants' Redis; and what somebody makes of a cache. */
export class TenantMemos<T = AsyncMemoCache> {
  private readonly made = new LRUCache<string, { readonly cache: AsyncMemoCache; readonly use: T }>({ max: MAX_TENANTS });

  /** @param useOf is called once for each cache */
  constructor(
    private readonly redis: Redis,
    readonly namespace: string,
    private readonly useOf: (cache: AsyncMemoCache) => T,
    private readonly options: AsyncMemoCacheOptions & Pick<RedisOptions, 'maxEntries'> = {},
  ) {}

  of(tenantId: string): T {
    return this.find(tenantId).use;
  }

  /** The cache itself: to look through it, and to remove from it. */
  cacheOf(tenantId: string): AsyncMemoCache {
    return this.find(tenantId).cache;
  }

  private find(tenantId: string): { readonly cache: AsyncMemoCache; readonly use: T } {
    const known = this.made.get(tenantId);
    if (known) return known;
    const { maxEntries, ...options } = this.options;
    const backend = new RedisBackend(this.redis, { tenantId, namespace: this.namespace, ...(maxEntries !== undefined && { maxEntries }) });
    const cache = new AsyncMemoCache(backend, options);
    const made = { cache, use: this.useOf(cache) };
    this.made.set(tenantId, made);
    return made;
  }
}
