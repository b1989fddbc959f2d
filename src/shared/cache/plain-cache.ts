import { type Cache, createCache, type Store } from 'cache-manager';
import { redisInsStore } from 'cache-manager-redis-yet';
import { AppError } from '../errors/index.js';
import { keys } from '../redis/index.js';
import { cacheErrors } from './cache.errors.js';
import { decode, encode } from './entry/codec.js';
import type { CacheConnection } from './l2/cache-connection.js';
import { LATE, within } from './l2/deadline.js';

/** Nest's usual injection token of a cache-manager. */
export const CACHE_MANAGER = 'CACHE_MANAGER';

/** What is set without a time to live ends after this long. Milliseconds. */
const DEFAULT_TTL_MS = 300_000;

type RedisClient = Parameters<typeof redisInsStore>[0];

/**
 * A cache-manager over Redis, for libraries that want one: plain keys, no tenants, no memory. It puts a prefix before every key, gives back
 * what it was given or refuses it, refuses what would read or empty the whole database, where the hot conversations are, and answers within the deadline.
 * Whoever writes code of ours takes the {@link TieredCache}.
 */
export function createCacheManager(connection: CacheConnection, deadlineMs: number): Cache {
  // cache-manager-redis-yet names its own copy of the same client's types.
  const redis = redisInsStore(connection.client as unknown as RedisClient, { ttl: DEFAULT_TTL_MS });
  const ask = <T>(work: () => Promise<T>): Promise<T> => inTime(connection, deadlineMs, work);
  const get = <T>(key: string): Promise<T | undefined> => ask(async () => restored<T>(await redis.get(prefixed(key)))).catch(() => undefined);
  const getAll = async (...wanted: string[]): Promise<unknown[]> => (await ask(() => redis.mget(...wanted.map(prefixed)))).map(restored);
  const store: Store = {
    get,
    mget: async (...wanted) => {
      if (wanted.length === 0) return [];
      // One that is damaged must not make misses of the others.
      return getAll(...wanted).catch((error: unknown) => (error instanceof AppError ? wanted.map(() => undefined) : Promise.all(wanted.map((key) => get(key)))));
    },
    set: (key, value, ttl) => ask(() => redis.set(prefixed(key), cacheable(key, value), checkedTtl(ttl))),
    mset: (pairs, ttl) => ask(() => redis.mset(pairs.map(([key, value]) => [prefixed(key), cacheable(key, value)]), checkedTtl(ttl))),
    del: (key) => ask(() => redis.del(prefixed(key))),
    mdel: async (...wanted) => (wanted.length === 0 ? undefined : ask(() => redis.mdel(...wanted.map(prefixed)))),
    ttl: (key) => ask(() => redis.ttl(prefixed(key))),
    keys: () => Promise.reject(cacheErrors.scanRefused('keys()')),
    reset: () => Promise.reject(cacheErrors.scanRefused('reset()')),
  };
  // A refresh in the background that fails keeps the value; without a listener it would end the process.
  return createCache(store, { onBackgroundRefreshError: () => undefined });
}

function prefixed(key: string): string {
  return keys.cacheManager() + key;
}

/** The value as JSON that says of every part what it was; the store makes the text. */
function cacheable(key: string, value: unknown): unknown {
  if (value === undefined || value === null) throw cacheErrors.notCacheable(key);
  return JSON.parse(encode(value).text);
}

function restored<T>(json: unknown): T | undefined {
  return json === undefined ? undefined : (decode({ text: JSON.stringify(json), isTagged: true }) as T);
}

/** @param ttlMs undefined is the default; 0, which cache-manager takes for "without end", and fractions are refused */
function checkedTtl(ttlMs = DEFAULT_TTL_MS): number {
  if (!Number.isSafeInteger(ttlMs) || ttlMs <= 0) throw cacheErrors.ttlInvalid(ttlMs / 1_000);
  return ttlMs;
}

async function inTime<T>(connection: CacheConnection, deadlineMs: number, work: () => Promise<T>): Promise<T> {
  const answer = connection.isReady ? await within(deadlineMs, work()) : LATE;
  if (answer === LATE) throw new AppError({ kind: 'unavailable', code: 'CACHE_UNAVAILABLE', message: 'Redis does not answer, so the cache was not changed; try again.', details: { retryAfterMs: 1_000 } });
  return answer;
}
