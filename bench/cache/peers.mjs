import { readFileSync } from 'node:fs';

const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Whose figures stand in the tables, with how it is set up: the two tiers as its documentation recommends them. */
export const CACHES = {
  ours: { title: 'Nooble', open: () => import('./open-ours.mjs'), setup: 'default settings of the server: memory over Redis (node-redis 4), leases, generations, bus' },
  bentocache: {
    title: `bentocache ${dependencies.bentocache}`,
    open: () => import('./open-bentocache.mjs'),
    setup: `memoryDriver, redisDriver and redisBusDriver (ioredis ${dependencies.ioredis}, the newest it supports), its defaults otherwise`,
  },
  cacheable: {
    title: `cacheable ${dependencies.cacheable}`,
    open: () => import('./open-cacheable.mjs'),
    setup: `default memory, createKeyv of @keyv/redis ${dependencies['@keyv/redis']}, sync over @qified/redis ${dependencies['@qified/redis']}`,
  },
  cacheManager: {
    title: `cache-manager ${dependencies['cache-manager']}`,
    open: () => import('./open-cache-manager.mjs'),
    setup: `createKeyv of cacheable (lruSize) over createKeyv of @keyv/redis ${dependencies['@keyv/redis']}; it has no bus`,
  },
};

/** What the machine can do at best. */
export const LIMITS = {
  lru: { title: `lru-cache ${dependencies['lru-cache']} (limit)`, open: () => import('./open-limits.mjs') },
  nodeRedis: { title: `@redis/client ${dependencies['@redis/client']} (limit)`, open: () => import('./open-limits.mjs') },
  ioredis: { title: `ioredis ${dependencies.ioredis} (limit)`, open: () => import('./open-limits.mjs') },
};

/** Other ways to set the peers up, which their documentation offers for one of the questions. */
export const VARIANTS = {
  withoutCopies: { bentocache: 'serialize: false', cacheable: 'useClone: false, no serializer', cacheManager: 'useClone: false, no serializer' },
  forOutages: { bentocache: 'l2CircuitBreakerDuration 2s, ioredis commandTimeout 150', cacheable: 'nonBlocking, createKeyvNonBlocking, no sync', cacheManager: 'nonBlocking, createKeyvNonBlocking' },
};

/** What stands in the first column of a table. @param who a name, perhaps with more behind it */
export function titleOf(who) {
  const [name, ...rest] = who.split(' ');
  return [{ ...CACHES, ...LIMITS }[name].title, ...rest].join(' ');
}
