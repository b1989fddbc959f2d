import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import { TieredCache } from '../../src/shared/cache/index.js';
import type { TestApp } from './test-app.js';
import { waitFor } from './wait-for.js';

/** One number of a process's metrics; 0 when it has none of that name. @param name with its labels, as Prometheus writes them */
export async function metricOf(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? 0);
}

/** Waits until the caches of these processes use Redis and hear of each other: before, they are right but keep little. */
export async function cachesAreUp(...urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    await waitFor(`the cache of ${url}`, async () => (await metricOf(url, 'nooble_cache_bus_sound')) === 1 && (await metricOf(url, 'nooble_cache_breaker_open')) === 0);
  }
}

/** Resolves when the other process has heard of everything that this one has invalidated: messages come in their order. */
export async function isHeard(by: TestApp, other: TestApp): Promise<void> {
  const mark = { tenantId: 'mark', type: 'embedding', id: newId() } as const;
  const [mine, theirs] = [by, other].map(({ app }) => app.get(TieredCache, { strict: false }));
  await theirs!.getOrLoad(mark, async () => 1);
  await mine!.delete(mark);
  await waitFor('the other process to hear', () => theirs!.peek(mark) === undefined);
}

/** Every key of the database, with SCAN. */
export async function keysIn(redis: Redis, pattern = '*'): Promise<string[]> {
  const keys: string[] = [];
  for await (const batch of redis.scanStream({ match: pattern, count: 1_000 })) keys.push(...(batch as string[]));
  return [...new Set(keys)].sort();
}

/** Every key with its value, whatever its type, as one text. */
export async function dumpOf(redis: Redis): Promise<string> {
  const all = await Promise.all((await keysIn(redis)).map(async (key) => `${key}\n${JSON.stringify(await valueOf(redis, key))}`));
  return all.join('\n');
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  if (type === 'string') return redis.get(key);
  if (type === 'hash') return redis.hgetall(key);
  if (type === 'list') return redis.lrange(key, 0, -1);
  if (type === 'set') return redis.smembers(key);
  if (type === 'zset') return redis.zrange(key, 0, -1);
  return type === 'stream' ? redis.xrange(key, '-', '+') : undefined;
}
