import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { BusStamp } from '../../src/shared/cache/bus/bus-message.js';
import { cacheTypes } from '../../src/shared/cache/cache-registry.js';
import { addressOf, type EntryAddress } from '../../src/shared/cache/entry/cache-key.js';
import { packEntry } from '../../src/shared/cache/entry/entry-text.js';
import { Breaker } from '../../src/shared/cache/l2/breaker.js';
import { CacheConnection } from '../../src/shared/cache/l2/cache-connection.js';
import { L2Store, type ReadRequest, type WriteRequest } from '../../src/shared/cache/l2/l2.store.js';
import { CacheSettings } from '../../src/shared/config/index.js';
import { monitored, newTenant } from '../support/cache-nodes.js';
import { freePort } from '../support/free-port.js';
import { OwnRedis } from '../support/own-redis.js';
import { emptyRedis } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const type = cacheTypes(new CacheSettings()).get('agent_config')!;
const breaker = new Breaker(() => undefined);
// Of its own: scripts are forgotten here.
let server: OwnRedis;
let connection: CacheConnection;
let store: L2Store;
let redis: Redis;
let address: EntryAddress;
let prefix: string;

beforeAll(async () => {
  server = await OwnRedis.start(await freePort());
  redis = await emptyRedis(server.url);
  connection = new CacheConnection(server.url, 2_000);
  store = new L2Store(connection, breaker, new BusStamp('nb:cache:bus:0'), 5_000);
  connection.start();
  await waitFor('the connection', () => connection.isReady);
});
beforeEach(() => {
  breaker.close();
  address = addressOf(newTenant(), type, '1');
  prefix = `nb:{${address.tenant}}:cache:`;
});
afterAll(async () => {
  await connection.close();
  redis.disconnect();
  await server.remove();
});

const wanted = (overrides: Partial<ReadRequest> = {}): ReadRequest => ({ token: 'token', leaseMs: 60_000, freshMs: 0, scopes: ['t', 'a:a'], deadlineMs: 5_000, ...overrides });
const written = (value: unknown, overrides: Partial<WriteRequest> = {}): WriteRequest => ({
  ...{ address, entry: packEntry({ type: 'agent_config', tenant: address.tenant, createdAt: 0, ttlMs: overrides.ttlMs ?? 60_000, loadMs: 0 }, value) },
  ...{ ttlMs: 60_000, graceMs: 10_000, scopes: ['t', 'a:a'], indexes: ['a:a:agent_config'], ...overrides },
});
/** Whose it is. */
const lease = async (): Promise<string | null> => (await redis.get(`${prefix}l:agent_config:1`))?.split(' ')[0] ?? null;

describe('reading', () => {
  it('takes the lease where there is no entry, and makes the generations that are missing', async () => {
    await redis.set(`${prefix}g:t`, 'known', 'PX', 60_000);
    const read = await store.read(address, wanted());
    expect(read).toEqual({ state: 'lease', leftMs: -2, bytes: undefined, generations: ['known', 'token2'] });
    expect([await lease(), await redis.get(`${prefix}g:a:a`)]).toEqual(['token', 'token2']);
    expect((await redis.pttl(`${prefix}g:a:a`)) > 110_000).toBe(true);
    expect((await redis.pttl(`${prefix}l:agent_config:1`)) <= 60_000).toBe(true);
  });

  it('finds the lease taken, until it ends', async () => {
    await store.read(address, wanted());
    expect(await store.read(address, wanted({ token: 'second' }))).toEqual({ state: 'taken', leftMs: -2, bytes: undefined, generations: [] });
    expect(await lease()).toBe('token');
    await redis.pexpire(`${prefix}l:agent_config:1`, 1);
    await waitFor('the end of the lease', async () => (await lease()) === null);
    expect(await store.read(address, wanted({ token: 'second' }))).toMatchObject({ state: 'lease' });
  });

  it('takes no lease without a token', async () => {
    expect(await store.read(address, wanted({ token: '' }))).toMatchObject({ state: 'none', generations: [] });
    expect(await redis.keys(`${prefix}*`)).toEqual([]);
  });

  it('takes the lease from whoever has it when nothing that is there is wanted', async () => {
    await store.put(written(1, { ttlMs: 0 }), 'word');
    await store.read(address, wanted({ freshMs: undefined }));
    const read = await store.read(address, wanted({ freshMs: undefined, token: 'second' }));
    expect([read?.state, read?.leftMs, read?.bytes === undefined, await lease()]).toEqual(['lease', -1, false, 'second']);
  });

  it('gives the entry while it has more left than is wanted, its grace not counted', async () => {
    await store.put(written(1), 'word');
    expect(await store.read(address, wanted({ freshMs: 50_000 }))).toMatchObject({ state: 'fresh' });
    const read = await store.read(address, wanted({ freshMs: 60_000 }));
    expect([read?.state, read?.bytes === undefined, read?.generations]).toEqual(['lease', false, ['word1', 'word2']]);
    expect((await store.read(address, wanted({ freshMs: 60_000 })))?.state).toBe('taken');
    await redis.pexpire(address.key, 10_000);
    expect((await store.read(address, wanted({ token: '' })))?.state).toBe('none');
  });

  it('gives an entry without end', async () => {
    await store.put(written(1, { ttlMs: 0 }), 'word');
    expect(await store.read(address, wanted({ freshMs: 1e12 }))).toMatchObject({ state: 'fresh', leftMs: -1 });
  });

  it.each(['', 'text', 'head\n1 \nbody', 'head\n1 t\nbody', 'head\nx t|g\nbody', 'head\n1 t|other\nbody'])('removes what has no generation that holds: %j', async (text) => {
    await redis.set(`${prefix}g:t`, 'g');
    await redis.set(address.key, text);
    expect(await store.read(address, wanted({ token: '' }))).toEqual({ state: 'none', leftMs: -2, bytes: undefined, generations: [] });
    expect(await redis.exists(address.key)).toBe(0);
  });
});

describe('a lease', () => {
  it('is anybody’s once something was invalidated above the entry: its holder may not store any more', async () => {
    const { generations } = (await store.read(address, wanted()))!;
    await store.invalidate(address.tenant, ['a:a'], []);
    expect(await store.read(address, wanted({ token: 'second' }))).toMatchObject({ state: 'lease' });
    expect(await store.store(written(1), 'token', generations)).toBe(false);
    expect([await lease(), await redis.exists(address.key)]).toEqual(['second', 0]);
  });
});

describe('storing what was loaded', () => {
  it('needs the lease, and gives it back', async () => {
    const { generations } = (await store.read(address, wanted()))!;
    expect(await store.store(written(1), 'other', generations)).toBe(false);
    expect([await lease(), await redis.exists(address.key)]).toEqual(['token', 0]);
    expect(await store.store(written(1), 'token', generations)).toBe(true);
    expect([await lease(), await redis.exists(address.key)]).toEqual([null, 1]);
    expect(await store.store(written(2), 'token', generations)).toBe(false);
  });

  it('needs the generations of the moment in which the lease was taken', async () => {
    const { generations } = (await store.read(address, wanted()))!;
    await store.invalidate(address.tenant, ['a:a'], []);
    expect(await store.store(written(1), 'token', generations)).toBe(false);
    expect([await lease(), await redis.exists(address.key)]).toEqual([null, 0]);
  });
});

describe('putting', () => {
  it('takes the lease of whoever loads, and keeps the generations that there are', async () => {
    await store.read(address, wanted());
    expect(await store.put(written(1), 'word')).toEqual(['token1', 'token2']);
    expect(await lease()).toBeNull();
    expect((await store.read(address, wanted()))?.state).toBe('fresh');
  });

  it('clears what has ended out of an index, sixteen at a time', async () => {
    const index = `${prefix}n:a:a:agent_config`;
    await store.put(written(1), 'word');
    await redis.zadd(index, ...Array.from({ length: 40 }, (_, at) => [at + 1, `old${String(at)}`]).flat());
    await store.put(written(1), 'word');
    expect(await redis.zcard(index)).toBe(25);
  });

  it('begins an index anew when what is above it was invalidated', async () => {
    await store.put(written(1), 'word');
    await redis.zadd(`${prefix}n:a:a:agent_config`, Date.now() + 60_000, 'agent_config:old');
    await store.invalidate(address.tenant, ['t'], []);
    await store.put(written(1), 'other');
    expect(await store.invalidate(address.tenant, ['a:a'], [{ index: 'a:a:agent_config', parents: [] }])).toEqual([1]);
  });

  it('counts nothing of what was invalidated from above', async () => {
    await store.put(written(1), 'word');
    await store.invalidate(address.tenant, ['t'], []);
    expect(await store.invalidate(address.tenant, ['a:a'], [{ index: 'a:a:agent_config', parents: [] }])).toEqual([0]);
  });

  it('lets an index and a generation live as long as their longest entry', async () => {
    await store.put(written(1, { ttlMs: 9_000_000 }), 'word');
    await store.put(written(1, { ttlMs: 1_000 }), 'word');
    expect(await redis.pttl(`${prefix}g:a:a`)).toBeGreaterThan(8_900_000);
    expect(await redis.pttl(`${prefix}n:a:a:agent_config`)).toBeGreaterThan(8_900_000);
  });
});

describe('giving a lease back', () => {
  it('is for its holder only', async () => {
    await store.read(address, wanted());
    await store.release(address, 'other');
    expect(await lease()).toBe('token');
    await store.release(address, 'token');
    expect(await lease()).toBeNull();
  });
});

describe('touching', () => {
  it('says whether there was one to be read', async () => {
    expect(await store.touch(address)).toBe(false);
    await store.put(written(1), 'word');
    expect(await store.touch(address)).toBe(true);
    await redis.pexpire(address.key, 10_000);
    expect(await store.touch(address)).toBe(false);
    await store.put(written(1, { ttlMs: 0 }), 'word');
    expect([await store.touch(address), await redis.pttl(address.key)]).toEqual([true, -1]);
    await redis.pexpire(address.key, 90_000);
    expect(await store.touch(address)).toBe(false);
    await redis.set(address.key, 'damaged');
    expect(await store.touch(address)).toBe(false);
  });
});

describe('a server that has forgotten the scripts', () => {
  it('is sent them whole, once', async () => {
    await redis.script('FLUSH');
    const work = async (): Promise<void> => {
      const { generations } = (await store.read(address, wanted()))!;
      expect(await store.store(written(1), 'token', generations)).toBe(true);
      expect(await store.put(written(1), 'word')).toHaveLength(2);
      expect([await store.touch(address), await store.remove(address), await store.invalidate(address.tenant, ['t'], [])]).toEqual([true, true, []]);
      await store.release(address, 'token');
    };
    const names = async (): Promise<number> => (await monitored(redis, work)).filter(([name]) => name === 'EVAL').length;
    expect([await names(), await names()]).toEqual([7, 0]);
    expect(breaker.isOpen).toBe(false);
  });
});

describe('a command that Redis refuses', () => {
  it('is no answer, and three of them in a row open the breaker; one is enough for an invalidation', async () => {
    await redis.lpush(address.key, 'a list');
    for (let round = 0; round < 3; round++) expect([breaker.isOpen, await store.read(address, wanted())]).toEqual([false, undefined]);
    expect(breaker.isOpen).toBe(true);
    expect(await store.read(addressOf('t', type, '2'), wanted())).toBeUndefined();
    breaker.close();
    expect([await store.remove(address), breaker.isOpen]).toEqual([undefined, true]);
  });
});
