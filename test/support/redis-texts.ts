import { Redis } from 'ioredis';

/** A key with everything that is in it, as text. */
export interface KeyText {
  readonly key: string;
  readonly text: string;
}

const READERS: Readonly<Record<string, (redis: Redis, key: string) => Promise<unknown>>> = {
  string: (redis, key) => redis.get(key),
  hash: (redis, key) => redis.hgetall(key),
  list: (redis, key) => redis.lrange(key, 0, -1),
  set: (redis, key) => redis.smembers(key),
  zset: (redis, key) => redis.zrange(key, 0, -1),
  stream: (redis, key) => redis.xrange(key, '-', '+'),
};

/** All that a Redis has. */
export async function textsIn(url: string): Promise<KeyText[]> {
  const redis = new Redis(url);
  try {
    const found: KeyText[] = [];
    for await (const keys of redis.scanStream({ count: 1000 })) {
      for (const key of keys as string[]) {
        const read = READERS[await redis.type(key)];
        if (read) found.push({ key, text: JSON.stringify(await read(redis, key)) });
      }
    }
    return found;
  } finally {
    redis.disconnect();
  }
}
