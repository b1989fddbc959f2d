import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { type AsyncMemoBackend, AsyncMemoCache, type AsyncMemoCacheOptions, MISS, type MemoEvent, PostgresBackend, RedisBackend } from '../../src/shared/memo/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { keepsTheContract } from '../support/memo-contract.js';
import { type TestDatabase, createEmptyDatabase, emptyRedis } from '../support/services.js';

let database: TestDatabase;
let redis: Redis;
/** A machine that is busy is no backend that is away. */
const PATIENT = { deadlineMs: 15_000 };
const opened: AsyncMemoCache[] = [];

beforeAll(async () => {
  [database, redis] = [await createEmptyDatabase(), await emptyRedis()];
});

async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((cache) => cache.close()));
}

afterAll(async () => {
  await closeAll();
  await database.drop();
  redis.disconnect();
});

/** Until this file ends. */
function keepOpen(backend: AsyncMemoBackend, options: AsyncMemoCacheOptions = {}): AsyncMemoCache {
  const cache = new AsyncMemoCache(backend, { ...PATIENT, ...options });
  opened.push(cache);
  return cache;
}

const openPostgres = (options: AsyncMemoCacheOptions = {}, namespace = 'default'): AsyncMemoCache => keepOpen(new PostgresBackend({ url: database.url, namespace }), options);
const openRedis = (options: AsyncMemoCacheOptions = {}, tenantId = 'acme', namespace = 'default'): AsyncMemoCache => keepOpen(new RedisBackend(redis, { tenantId, namespace }), options);

keepsTheContract('PostgreSQL', {
  open: (options) => openPostgres(options),
  empty: async () => {
    await closeAll();
    await database.query('DROP TABLE IF EXISTS nooble_memo');
  },
  isPersistent: true,
});

keepsTheContract('Redis', {
  open: (options) => openRedis(options),
  empty: async () => {
    await redis.flushdb();
  },
  isPersistent: true,
});

describe('PostgreSQL', () => {
  it('has one table, which many make at once, and a part of it for each namespace', async () => {
    await database.query('DROP TABLE IF EXISTS nooble_memo');
    const caches = Array.from({ length: 8 }, (_, i) => openPostgres({}, `n${String(i)}`));
    await Promise.all(caches.map((cache, i) => cache.set('f', {}, { output: i })));
    await caches[0]!.clear();
    expect(await Promise.all(caches.map((cache) => cache.get('f')))).toEqual([MISS, 1, 2, 3, 4, 5, 6, 7]);
    expect(() => openPostgres({}, 'a b')).toThrow(expect.objectContaining({ code: 'MEMO_NAMESPACE_INVALID' }));
    await closeAll();
  });

  it('shows entries to whoever asks in SQL', async () => {
    const cache = openPostgres({}, 'sql');
    await cache.set('add', { x: 5, y: 10 }, { output: 15 });
    const [row] = await database.query<{ func: string; x: number; output: number }>("SELECT func, (entry::jsonb #>> '{inputs,x}')::int AS x, (entry::jsonb ->> 'output')::int AS output FROM nooble_memo WHERE namespace = 'sql'");
    expect(row).toEqual({ func: 'add', x: 5, output: 15 });
  });

  it('takes a row that cannot be read for a miss', async () => {
    const events: MemoEvent[] = [];
    const cache = openPostgres({ onEvent: (event) => events.push(event) }, 'damaged');
    const f = cache.memoize((x: number) => x, { name: 'f' });
    await f(1);
    await database.query("UPDATE nooble_memo SET entry = left(entry, 10) WHERE namespace = 'damaged'");
    expect([await f(1), await f(1), cache.stats.misses]).toEqual([1, 1, 2]);
    expect(events.map(({ type }) => type)).toEqual(['damaged']);
  });

  it('that is away lets calls run, and is counted', async () => {
    const cache = keepOpen(new PostgresBackend({ url: 'postgres://nobody@127.0.0.1:1/none' }));
    const f = cache.memoize((x: number) => x + 1, { name: 'f' });
    expect([await f(1), await f(1), cache.stats.backendFailures, cache.stats.misses]).toEqual([2, 2, 4, 2]);
    await expect(cache.get('f', { x: 1 })).rejects.toThrow();
    const batch = cache.batchMemoize((items: readonly number[]) => items.map((x) => x + 1), { name: 'batch' });
    expect([await batch([1, 2, 3]), cache.stats.backendFailures]).toEqual([[2, 3, 4], 6]);
  });

  it('has a batch in few statements, however large it is', async () => {
    const backend = new PostgresBackend({ url: database.url, namespace: 'batch' });
    const one = [jest.spyOn(backend, 'read'), jest.spyOn(backend, 'write')];
    const cache = keepOpen(backend);
    const { runs, answers } = await largeBatches(cache);
    expect([runs, answers, await cache.size(), one.map(({ mock }) => mock.calls.length)]).toEqual([[700, 600], true, 1_300, [0, 0]]);
    expect(await sameAtOnce(() => openPostgres({}, 'at-once'))).toEqual([0, 500]);
  });
});

/** Batches of more items than go in one step, half of which are known. */
async function largeBatches(cache: AsyncMemoCache): Promise<{ runs: number[]; answers: boolean }> {
  const runs: number[] = [];
  const f = cache.batchMemoize((items: readonly number[]) => (runs.push(items.length), items.map((item) => ({ item }))), { name: 'f' });
  await f(Array.from({ length: 700 }, (_, i) => i));
  const items = Array.from({ length: 1_300 }, (_, i) => 1_299 - i);
  const answers = await f(items);
  return { runs, answers: answers.every(({ item }, i) => item === items[i]) };
}

/** Two processes keep the same entries, in opposite orders. */
async function sameAtOnce(open: () => AsyncMemoCache): Promise<number[]> {
  const caches = [open(), open()];
  const items = Array.from({ length: 500 }, (_, i) => i);
  const batches = caches.map((cache) => cache.batchMemoize((all: readonly number[]) => [...all], { name: 'f' }));
  await Promise.all([batches[0]!(items), batches[1]!(items.toReversed())]);
  return [caches[0]!.stats.backendFailures + caches[1]!.stats.backendFailures, await caches[0]!.size()];
}

describe('Redis', () => {
  it('keeps so many entries at the most: what ends first goes, with its place in the index', async () => {
    await redis.flushdb();
    const cache = keepOpen(new RedisBackend(redis, { tenantId: 'acme', namespace: 'few', maxEntries: 3 }));
    for (let i = 1; i <= 5; i++) await cache.set('f', { i }, { output: i, metadata: { expiresAt: Date.now() + (i === 4 ? 1_000 : 60_000 + i) } });
    expect((await Array.fromAsync(cache)).map(({ output }) => output).sort()).toEqual([2, 3, 5]);
    expect([await cache.size(), (await redis.keys('*')).length]).toEqual([3, 4]);
  });

  it('keeps tenants and namespaces apart, on the shard of the tenant', async () => {
    await redis.flushdb();
    const [acme, other, more] = [openRedis(), openRedis({}, 'other'), openRedis({}, 'acme', 'more')];
    await Promise.all([acme, other, more].map((cache, i) => cache.set('f', {}, { output: i })));
    await acme.clear();
    expect([await acme.get('f'), await other.get('f'), await more.get('f')]).toEqual([MISS, 1, 2]);
    expect((await redis.keys('*')).every((key) => /^nb:\{(other|acme)\}:memo:/.test(key))).toBe(true);
    expect(() => openRedis({}, ' ')).toThrow(expect.objectContaining({ code: 'TENANT_REQUIRED' }));
  });

  it('keeps nothing without end', async () => {
    await redis.flushdb();
    const cache = openRedis();
    await cache.set('f', {}, { output: 1 });
    await cache.set('g', {}, { output: 1, metadata: { annotation: { ttl: '1m' } } });
    const times = await Promise.all((await redis.keys('*')).map((key) => redis.pttl(key)));
    expect(times.every((ms) => ms > 0 && ms <= 86_400_000)).toBe(true);
    expect(times.filter((ms) => ms <= 60_000)).toHaveLength(1);
  });

  it('empties more than one page', async () => {
    await redis.flushdb();
    const cache = openRedis();
    await Promise.all(Array.from({ length: 1_200 }, (_, x) => cache.set('f', { x }, { output: x })));
    expect(await cache.size()).toBe(1_200);
    await cache.clear();
    expect([await cache.size(), await redis.keys('*')]).toEqual([0, []]);
  });

  it('that does not answer in time is done without', async () => {
    const cache = openRedis({ deadlineMs: 1_500 }, 'slow');
    const f = cache.memoize((x: number) => x, { name: 'f' });
    await redis.set(keys.memoEntry('slow', 'default', '0'), 'x');
    const original = redis.get.bind(redis);
    redis.get = (() => new Promise(() => undefined));
    expect(await f(1)).toBe(1);
    redis.get = original;
    expect(cache.stats.backendFailures).toBe(1);
    expect(await f(1)).toBe(1);
    expect(cache.stats.hits).toBe(1);
    const batch = cache.batchMemoize((items: readonly number[]) => [...items], { name: 'batch' });
    const stuck = jest.spyOn(redis, 'mget').mockReturnValueOnce(new Promise(() => undefined));
    expect([await batch([1, 2]), cache.stats.backendFailures, await batch([2, 1]), cache.stats.hits]).toEqual([[1, 2], 2, [2, 1], 3]);
    stuck.mockRestore();
  });

  it('has a batch in two round trips, and in few however large it is', async () => {
    await redis.flushdb();
    const calls = (['get', 'mget', 'multi'] as const).map((command) => jest.spyOn(redis, command));
    const counts = (): number[] => calls.map(({ mock }) => mock.calls.splice(0).length);
    const cache = openRedis();
    const embed = cache.batchMemoize((texts: readonly string[]) => texts.map(({ length }) => [length]), { name: 'embed' });
    const texts = Array.from({ length: 100 }, (_, i) => `text ${String(i)}`);
    await embed(texts);
    expect(counts()).toEqual([0, 1, 1]);
    expect([(await embed(texts))[99], counts()]).toEqual([[7], [0, 1, 0]]);
    expect(await largeBatches(cache)).toEqual({ runs: [700, 600], answers: true });
    expect([counts(), await cache.size()]).toEqual([[0, 5, 4], 1_400]);
    for (const call of calls) call.mockRestore();
  });

  it('takes an item that cannot be read for a miss, and no more than that', async () => {
    await redis.flushdb();
    const events: MemoEvent[] = [];
    const cache = openRedis({ onEvent: (event) => events.push(event) });
    const runs: number[] = [];
    const f = cache.batchMemoize((items: readonly number[]) => (runs.push(items.length), [...items]), { name: 'f' });
    await f([1, 2, 3]);
    const [damaged] = await redis.keys('*:e:*');
    await redis.set(damaged!, '{"func":');
    expect([await f([1, 2, 3]), await f([1, 2, 3]), runs, events.map(({ type }) => type)]).toEqual([[1, 2, 3], [1, 2, 3], [3, 1], ['damaged']]);
  });
});
