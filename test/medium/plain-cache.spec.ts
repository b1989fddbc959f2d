import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import type { Cache } from 'cache-manager';
import type { Redis } from 'ioredis';
import { CACHE_MANAGER, CacheModule } from '../../src/shared/cache/index.js';
import { ConfigModule, loadSettings } from '../../src/shared/config/index.js';
import { TelemetryModule } from '../../src/shared/telemetry/index.js';
import { keysIn } from '../support/caches.js';
import { emptyRedis, redisUrl, templateUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

const PREFIX = 'nb:cache-manager:';

describe('the CACHE_MANAGER', () => {
  let proxy: TcpProxy;
  let module: TestingModule;
  let redis: Redis;
  let cache: Cache;

  beforeAll(async () => {
    redis = await emptyRedis();
    const url = new URL(redisUrl);
    proxy = await TcpProxy.inFrontOf(Number(url.port));
    url.port = String(proxy.port);
    const settings = loadSettings({ DATABASE_URL: templateUrl, REDIS_URL: url.href, LOG_LEVEL: 'silent', CACHE_BUS_BEAT_MS: '60000' });
    module = await Test.createTestingModule({ imports: [ConfigModule.forRoot(settings), TelemetryModule, CacheModule] }).compile();
    await module.init();
    cache = module.get<Cache>(CACHE_MANAGER);
  });
  beforeEach(async () => {
    proxy.pass();
    await waitFor('Redis', () => cache.set('probe', 1).then(() => true, () => false));
    await redis.flushdb();
  });
  afterAll(async () => {
    await module.close();
    await proxy.close();
    redis.disconnect();
  });

  const refused = async (work: Promise<unknown>, code: string): Promise<void> => {
    const error: unknown = await work.then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code });
  };

  it('keeps its values in Redis, under its prefix, for five minutes unless told otherwise', async () => {
    await cache.set('a', { n: 1 });
    await cache.set('b', 'text', 1_000);
    expect(await keysIn(redis)).toEqual([`${PREFIX}a`, `${PREFIX}b`]);
    expect(JSON.parse((await redis.get(`${PREFIX}a`)) ?? '')).toEqual({ n: 1 });
    const [a, b] = [await redis.pttl(`${PREFIX}a`), await redis.pttl(`${PREFIX}b`)];
    expect(a).toBeGreaterThan(200_000);
    expect(a).toBeLessThanOrEqual(300_000);
    expect(b).toBeLessThanOrEqual(1_000);
    expect([await cache.get('a'), await cache.get('b'), await cache.get('c')]).toEqual([{ n: 1 }, 'text', undefined]);
    await redis.del(`${PREFIX}a`);
    expect(await cache.get('a')).toBeUndefined();
    await cache.del('b');
    expect(await redis.exists(`${PREFIX}b`)).toBe(0);
  });

  it('gives every value its time to live, and its prefix, also several at once', async () => {
    await redis.set('x', '"not ours"');
    await cache.store.mset([['x', 1], ['y', [2]]]);
    expect(await keysIn(redis)).toEqual([`${PREFIX}x`, `${PREFIX}y`, 'x']);
    for (const key of ['x', 'y']) expect(await redis.pttl(PREFIX + key)).toBeGreaterThan(200_000);
    expect(await cache.store.mget('x', 'nothing', 'y')).toEqual([1, undefined, [2]]);
    expect(await cache.store.ttl('x')).toBeGreaterThan(200_000);
    await cache.store.mdel('x', 'y');
    expect(await keysIn(redis)).toEqual(['x']);
    expect([await cache.store.mget(), await cache.store.mdel()]).toEqual([[], undefined]);
  });

  it.each([[0], [''], [false], [[]], [{}], [-1.5], ['ünïcode 🙂']])('%j comes back as it was', async (value) => {
    await cache.set('value', value);
    expect(await cache.get('value')).toEqual(value);
    let asked = 0;
    const wrapped = await cache.wrap('value', () => Promise.resolve(++asked));
    expect([wrapped, asked]).toEqual([value, 0]);
  });

  it.each([
    ['a date', new Date(5)],
    ['a map', new Map([['a', 1]])],
    ['a set', new Set([1])],
    ['a bigint', 5n],
    ['bytes', Buffer.from('bytes')],
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['a date inside', { at: [new Date(5)] }],
  ])('%s comes back as it was', async (_, value) => {
    await cache.set('value', value);
    expect(await cache.get('value')).toEqual(value);
    await cache.store.mset([['other', value]]);
    expect(await cache.store.mget('other')).toEqual([value]);
  });

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['an instance', new (class Guide {})()],
  ])('%s is refused, and nothing is written', async (_, value) => {
    await refused(cache.set('value', value), 'UNCACHEABLE_VALUE');
    await refused(cache.store.mset([['value', value]]), 'UNCACHEABLE_VALUE');
    expect(await keysIn(redis)).toEqual([]);
  });

  it('refuses null and undefined with an error', async () => {
    for (const nothing of [null, undefined]) {
      await refused(cache.set('value', nothing), 'UNCACHEABLE_VALUE');
      await refused(cache.store.mset([['good', 1], ['value', nothing]]), 'UNCACHEABLE_VALUE');
    }
    expect(await keysIn(redis)).toEqual([]);
  });

  it.each([0, NaN, 1.5, -1, Infinity])('refuses a time to live of %d', async (ttl) => {
    await refused(cache.set('value', 1, ttl), 'CACHE_TTL_INVALID');
    await refused(cache.store.mset([['value', 1]], ttl), 'CACHE_TTL_INVALID');
    expect(await keysIn(redis)).toEqual([]);
  });

  it('neither empties nor lists the database, where the conversations are', async () => {
    await redis.set('nb:{acme}:conv:1', 'a conversation');
    await refused(cache.reset(), 'CACHE_SCAN_REFUSED');
    await refused(cache.store.keys(), 'CACHE_SCAN_REFUSED');
    expect(await redis.get('nb:{acme}:conv:1')).toBe('a conversation');
  });

  it('takes what is no JSON for nothing, and finds its neighbours', async () => {
    await cache.set('good', 1);
    await redis.set(`${PREFIX}damaged`, '{"half":');
    expect(await cache.get('damaged')).toBeUndefined();
    expect(await cache.store.mget('good', 'damaged')).toEqual([1, undefined]);
    expect(await cache.wrap('damaged', () => Promise.resolve('made again'))).toBe('made again');
    expect(await cache.get('damaged')).toBe('made again');
  });

  it('wraps a function: one run for all who ask at once, then none', async () => {
    let asked = 0;
    const work = async (): Promise<number> => ++asked;
    expect(await Promise.all(Array.from({ length: 10 }, () => cache.wrap('wrapped', work, 5_000)))).toEqual(Array.from({ length: 10 }, () => 1));
    expect(await cache.wrap('wrapped', work)).toBe(1);
    expect(await redis.pttl(`${PREFIX}wrapped`)).toBeLessThanOrEqual(5_000);
    await expect(cache.wrap('failing', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await cache.get('failing')).toBeUndefined();
  });

  it('refreshes in the background only what is about to end, and survives a refresh that fails', async () => {
    let asked = 0;
    const work = async (): Promise<number> => ++asked;
    await cache.wrap('refreshed', work, 60_000, 30_000);
    expect(await cache.wrap('refreshed', work, 60_000, 30_000)).toBe(1);
    expect(asked).toBe(1);
    await redis.pexpire(`${PREFIX}refreshed`, 20_000);
    expect(await cache.wrap('refreshed', () => Promise.reject(new Error('away')), 60_000, 30_000)).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await cache.wrap('refreshed', work, 60_000, 30_000)).toBe(1);
    await waitFor('the refresh', async () => (await cache.get('refreshed')) === 2);
    expect(await redis.pttl(`${PREFIX}refreshed`)).toBeGreaterThan(30_000);
  });

  it.each(['refuse', 'swallow'] as const)('while Redis is away (%s) reads are misses, wraps run their function, and writes fail aloud', async (how) => {
    await cache.set('kept', 1);
    proxy[how]();
    expect([await cache.get('kept'), await cache.store.mget('kept')]).toEqual([undefined, [undefined]]);
    for (let i = 1; i <= 2; i++) expect(await cache.wrap('wrapped', () => Promise.resolve(i))).toBe(i);
    expect(await cache.wrap('wrapped', () => Promise.resolve(3), 60_000, 30_000)).toBe(3);
    for (const work of [cache.set('lost', 1), cache.del('kept'), cache.store.mset([['lost', 1]]), cache.store.mdel('kept')]) await refused(work, 'CACHE_UNAVAILABLE');
    proxy.pass();
    await waitFor('Redis', () => cache.set('probe', 1).then(() => true, () => false));
    expect(await cache.get('kept')).toBe(1);
  });

  it('leaves no connection behind when the application ends', async () => {
    // Other test files have connections of their own, to other databases.
    const ids = async (): Promise<string[]> =>
      [...String(await redis.client('LIST')).matchAll(/^id=(\d+) .* db=(\d+) /gm)].filter(([, , db]) => `/${String(db)}` === new URL(redisUrl).pathname).map(([, id]) => String(id));
    const before = await ids();
    const settings = loadSettings({ DATABASE_URL: templateUrl, REDIS_URL: redisUrl, LOG_LEVEL: 'silent', CACHE_BUS_BEAT_MS: '60000' });
    const second = await Test.createTestingModule({ imports: [ConfigModule.forRoot(settings), TelemetryModule, CacheModule] }).compile();
    await second.init();
    const own = await waitFor('its connections', async () => {
      const added = (await ids()).filter((id) => !before.includes(id));
      return added.length >= 2 && added;
    });
    expect(own).toHaveLength(2);
    await second.close();
    await waitFor('their end', async () => !(await ids()).some((id) => own.includes(id)));
    await refused(second.get<Cache>(CACHE_MANAGER).set('late', 1), 'CACHE_UNAVAILABLE');
  });
});
