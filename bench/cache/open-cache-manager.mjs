import { createCache } from 'cache-manager';
import { createKeyv as createMemory } from 'cacheable';
import { createKeyv, createKeyvNonBlocking } from '@keyv/redis';
import { TTL_MS } from './values.mjs';

const MAX_ITEMS = 10_000;

export async function openCache({ redisUrl, variant }) {
  const isNonBlocking = variant === 'forOutages';
  const memory = createMemory({ lruSize: MAX_ITEMS, ...(variant === 'withoutCopies' ? { useClone: false } : {}) });
  if (variant === 'withoutCopies') Object.assign(memory, { serialize: undefined, deserialize: undefined });
  const redis = () => (isNonBlocking ? createKeyvNonBlocking : createKeyv)(redisUrl).on('error', () => undefined);
  const cache = createCache({ stores: [memory, redis()], ttl: TTL_MS, nonBlocking: isNonBlocking });
  const remote = createCache({ stores: [redis()], ttl: TTL_MS });
  await Promise.all([cache.get('ready'), remote.get('ready')]);
  return {
    at: (key) => key,
    read: (key, load) => cache.wrap(key, load),
    readRemote: (key, load) => remote.wrap(key, load),
    set: (key, value) => cache.set(key, value),
    delete: (key) => cache.del(key),
  };
}
