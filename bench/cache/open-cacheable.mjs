import { createKeyv as createMemory, Cacheable } from 'cacheable';
import { createKeyv, createKeyvNonBlocking } from '@keyv/redis';
import { RedisMessageProvider } from '@qified/redis';
import { TTL_MS } from './values.mjs';

const TAG = 'agent-a1';

export async function openCache({ redisUrl, variant, withTags = false }) {
  const primary = variant === 'withoutCopies' ? withoutCopies() : undefined;
  const isNonBlocking = variant === 'forOutages';
  const secondary = (isNonBlocking ? createKeyvNonBlocking : createKeyv)(redisUrl);
  // Its sync waits for Redis even when nothing else does.
  const sync = isNonBlocking ? undefined : { qified: new RedisMessageProvider({ uri: redisUrl }) };
  const cache = new Cacheable({ ...(primary && { primary }), secondary, sync, ttl: TTL_MS, nonBlocking: isNonBlocking, tags: withTags });
  cache.on('error', () => undefined);
  await cache.get('ready');
  return {
    at: (key) => key,
    read: (key, load) => cache.getOrSet(key, load),
    // Its memory cannot be left out, so the entry is taken out of it before the read.
    forget: (key) => cache.primary.delete(key),
    readRemote: (key, load) => cache.getOrSet(key, load),
    set: (key, value) => cache.set(key, value, { tags: [TAG] }),
    delete: (key) => cache.delete(key),
    invalidate: withTags ? () => cache.tags.invalidateTag(TAG) : undefined,
  };
}

function withoutCopies() {
  const keyv = createMemory({ useClone: false });
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return keyv;
}
