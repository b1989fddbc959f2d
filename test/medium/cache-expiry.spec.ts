import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { CacheEngine } from '../../src/shared/cache/cache-engine.js';
import { CACHE_TYPES, type CacheTypeName, cacheTypes } from '../../src/shared/cache/cache-registry.js';
import type { CacheRef } from '../../src/shared/cache/engine/place.js';
import { CacheSettings } from '../../src/shared/config/index.js';
import { AppError } from '../../src/shared/errors/index.js';
import { CacheNodes, Clock, HeldLoader, newTenant } from '../support/cache-nodes.js';
import { emptyRedis } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const nodes = new CacheNodes();
const warnings: Error[] = [];
const unhandled: unknown[] = [];
const noteWarning = (warning: Error): void => void warnings.push(warning);
const noteUnhandled = (reason: unknown): void => void unhandled.push(reason);
let redis: Redis;
let clock: Clock;
let a: CacheEngine;
let b: CacheEngine;
let ref: CacheRef;
let key: string;

beforeAll(async () => {
  redis = await emptyRedis();
  process.on('warning', noteWarning);
  process.on('unhandledRejection', noteUnhandled);
});
beforeEach(async () => {
  clock = new Clock();
  [a, b] = [await nodes.open({ retryMs: 5_000 }, clock), await nodes.open({}, clock)];
  ref = { tenantId: newTenant(), type: 'agent_config', id: '1' };
  key = `nb:{${ref.tenantId}}:cache:e:agent_config:1`;
});
afterEach(() => nodes.close());
afterAll(() => {
  process.off('warning', noteWarning);
  process.off('unhandledRejection', noteUnhandled);
  redis.disconnect();
});

const never = (): Promise<never> => Promise.reject(new Error('the loader was asked'));
const GRACE_MS = 300_000;
/** Puts an entry and what every memory knows of it at its end, the grace excepted. */
const end = async (): Promise<void> => {
  await redis.pexpire(key, GRACE_MS - 1_000);
  clock.pass(3_600_000 * 1.1 + 1_000);
};

describe('an entry in Redis', () => {
  const types = cacheTypes(new CacheSettings());

  it.each(Object.keys(CACHE_TYPES) as CacheTypeName[])('lives as long as its type says, within a tenth, and its grace: %s', async (type) => {
    const { ttlMs, graceMs } = types.get(type)!;
    for (const [id, write] of [['set', () => a.cache.set({ ...ref, type, id: 'set' }, 1)], ['loaded', () => a.cache.getOrLoad({ ...ref, type, id: 'loaded' }, async () => 1)]] as const) {
      await write();
      const leftMs = await redis.pttl(`nb:{${ref.tenantId}}:cache:e:${type}:${id}`);
      expect(leftMs - graceMs).toBeGreaterThan(ttlMs * 0.9 - 1_500);
      expect(leftMs - graceMs).toBeLessThanOrEqual(ttlMs * 1.1);
    }
  });

  it('and all that belongs to it has an end, unless it was asked for without one', async () => {
    await a.cache.set({ ...ref, type: 'conversation_memory', scope: { agent: 'a', conversation: 'c' } }, 1);
    await a.cache.getOrLoad({ ...ref, id: '40 days', scope: { agent: 'a' } }, async () => 1, { ttlSeconds: 40 * 86_400 });
    const keys = (await redis.keys('*')).filter((name) => name.includes(ref.tenantId));
    expect(keys.length).toBeGreaterThan(6);
    for (const name of keys) expect([name, (await redis.pttl(name)) > 0]).toEqual([name, true]);
    // A generation that ended before its entry would end the entry, too.
    expect(await redis.pttl(`nb:{${ref.tenantId}}:cache:g:a:a`)).toBeGreaterThan(35 * 86_400_000);
    await a.cache.set({ ...ref, id: 'for ever', scope: { agent: 'a' } }, 1, { ttlSeconds: 0 });
    const persistent = ['e:agent_config:for%20ever', 'g:t', 'g:a:a', 'n:a:a:agent_config', 'n:t'];
    for (const name of persistent) expect([name, await redis.pttl(`nb:{${ref.tenantId}}:cache:${name}`)]).toEqual([name, -1]);
    await a.cache.set({ ...ref, id: 'short', scope: { agent: 'a' } }, 1, { ttlSeconds: 1 });
    for (const name of persistent) expect([name, await redis.pttl(`nb:{${ref.tenantId}}:cache:${name}`)]).toEqual([name, -1]);
    expect(warnings).toEqual([]);
  });

  it('of a part of a second ends with it', async () => {
    const before = Date.now();
    await a.cache.set({ ...ref, type: 'query_result' }, 1, { ttlSeconds: 100.5 });
    const [endsAt, now] = [await redis.pexpiretime(`nb:{${ref.tenantId}}:cache:e:query_result:1`), Date.now()];
    // Redis looks at its clock once for many commands.
    expect([endsAt > before + 100_450, endsAt < now + 100_550]).toEqual([true, true]);
  });
});

describe('the memory', () => {
  it('does not serve an entry longer than Redis has it', async () => {
    await b.cache.getOrLoad(ref, async () => 1);
    await redis.pexpire(key, GRACE_MS + 60_000);
    expect((await a.cache.get(ref)).source).toBe('l2');
    clock.pass(29_000);
    expect(a.cache.peek(ref)).toBe(1);
    clock.pass(1_000);
    expect(a.cache.peek(ref)).toBeUndefined();
    await redis.pexpire(key, GRACE_MS + 5_000);
    expect((await a.cache.get(ref)).source).toBe('l2');
    clock.pass(4_000);
    expect(a.cache.peek(ref)).toBe(1);
    clock.pass(1_001);
    expect(a.cache.peek(ref)).toBeUndefined();
  });
});

describe('an entry past its end, but in its grace', () => {
  beforeEach(async () => {
    await a.cache.set(ref, 'old');
    await end();
  });

  it('is none for who only looks, and is loaded anew by who can', async () => {
    expect((await a.cache.get(ref)).source).toBe('none');
    expect(a.cache.peek(ref)).toBeUndefined();
    expect(await a.cache.getOrLoad(ref, async () => 'new')).toMatchObject({ value: 'new', source: 'loaded' });
    expect((await b.cache.getOrLoad(ref, never)).value).toBe('new');
  });

  it('stands in for a loader that fails, which is asked once in the time between two tries', async () => {
    let loads = 0;
    const fail = async (): Promise<never> => {
      loads++;
      throw new Error('database');
    };
    const failures: unknown[] = [];
    a.events.on('loadFailed', ({ error }) => failures.push((error as Error).message));
    for (let round = 0; round < 5; round++) expect(await a.cache.getOrLoad(ref, fail)).toMatchObject({ value: 'old', source: 'stale' });
    expect((await a.cache.get(ref)).source).toBe('none');
    await a.cache.getOrLoad(ref, fail);
    expect([loads, failures]).toEqual([1, ['database']]);
    clock.pass(5_000);
    for (let round = 0; round < 5; round++) await a.cache.getOrLoad(ref, fail);
    expect(loads).toBe(2);
    clock.pass(5_000);
    expect(await a.cache.getOrLoad(ref, async () => 'new')).toMatchObject({ value: 'new', source: 'loaded' });
  });

  it('stands in while another process loads', async () => {
    const loader = new HeldLoader<string>();
    const [slow] = [await nodes.open({ loaderSoftTimeoutMs: 60_000, loaderTimeoutMs: 60_000 }, clock)];
    const loading = slow.cache.getOrLoad(ref, loader.load);
    await loader.called();
    expect(await b.cache.getOrLoad(ref, never)).toMatchObject({ value: 'old', source: 'stale' });
    loader.end('new');
    expect((await loading).value).toBe('new');
    expect((await b.cache.getOrLoad(ref, never)).value).toBe('new');
  });

  it('does not stand in for who wants to be sure, nor for a reload', async () => {
    await expect(a.cache.getOrLoad(ref, never, { consistency: 'strong' })).rejects.toThrow('the loader was asked');
    await expect(a.cache.getOrLoad(ref, never, { isReload: true })).rejects.toThrow('the loader was asked');
  });

  it('does not stand in for a loader that says there is none', async () => {
    const gone = (): Promise<never> => Promise.reject(new AppError({ kind: 'notFound', code: 'AGENT_NOT_FOUND', message: 'gone' }));
    await expect(a.cache.getOrLoad(ref, gone)).rejects.toThrow('gone');
  });

  it('stands in for a slow loader, whose answer is kept once when it comes', async () => {
    const node = await nodes.open({ loaderSoftTimeoutMs: 20 }, clock);
    const loader = new HeldLoader<string>();
    expect(await node.cache.getOrLoad(ref, loader.load)).toMatchObject({ value: 'old', source: 'stale' });
    loader.end('new');
    await waitFor('the late answer', () => node.cache.peek(ref) === 'new');
    expect((await b.cache.getOrLoad(ref, never)).value).toBe('new');
    expect(loader.calls).toBe(1);
  });

  it('is not made to live again', async () => {
    await a.cache.touch(ref);
    expect((await b.cache.get(ref)).source).toBe('none');
    expect(await redis.pttl(key)).toBeLessThan(GRACE_MS);
  });

  it('is gone after the grace', async () => {
    await redis.pexpire(key, 1);
    clock.pass(GRACE_MS);
    await waitFor('the end', async () => (await redis.exists(key)) === 0);
    await expect(a.cache.getOrLoad(ref, never)).rejects.toThrow('the loader was asked');
  });
});

describe('a loader that does not end', () => {
  it('is given up, and the next caller asks again; what comes too late is not kept', async () => {
    const node = await nodes.open({ loaderTimeoutMs: 20, loaderSoftTimeoutMs: 20 }, clock);
    const loader = new HeldLoader<string>();
    const callers = [node.cache.getOrLoad(ref, loader.load), node.cache.getOrLoad(ref, loader.load)];
    for (const caller of callers) await expect(caller).rejects.toMatchObject({ code: 'LOADER_TIMED_OUT', kind: 'unavailable' });
    expect([loader.calls, node.state().inFlight, await redis.exists(key.replace(':e:', ':l:'))]).toEqual([1, 0, 0]);
    expect((await b.cache.getOrLoad(ref, async () => 'new')).value).toBe('new');
    loader.end('late');
    await node.cache.drain(1_000);
    expect((await node.cache.getOrLoad(ref, never)).value).toBe('new');
    await waitFor('the late answer to be refused', () => node.counters.of('agent_config').fenced === 1);
    expect((await b.cache.get(ref, { consistency: 'strong' })).value).toBe('new');
  });
});

describe('an entry near its end', () => {
  beforeEach(async () => {
    await a.cache.set(ref, 'old');
    await redis.pexpire(key, GRACE_MS + 600_000);
    expect((await a.cache.get(ref, { consistency: 'strong' })).value).toBe('old');
  });

  it('is served as it is, while one load goes on behind its readers', async () => {
    const loader = new HeldLoader<string>();
    await redis.pexpire(key, GRACE_MS + 500_000);
    clock.pass(1);
    const answers = await Promise.all(Array.from({ length: 50 }, () => a.cache.getOrLoad(ref, loader.load)));
    expect(answers.every(({ value, source }) => value === 'old' && source === 'l1')).toBe(true);
    await loader.called();
    expect((await a.cache.getOrLoad(ref, loader.load)).value).toBe('old');
    loader.end('new');
    await waitFor('the new value', () => a.cache.peek(ref) === 'new');
    expect([loader.calls, (await b.cache.get(ref)).value]).toEqual([1, 'new']);
  });

  it('is taken from Redis when another process has renewed it already', async () => {
    await b.cache.getOrLoad(ref, async () => 'renewed', { isReload: true });
    await a.cache.getOrLoad(ref, never);
    await waitFor('the new value', () => a.cache.peek(ref) === 'renewed');
  });

  it('stays when the load behind its readers fails, and that is no unhandled rejection', async () => {
    await redis.pexpire(key, GRACE_MS + 500_000);
    for (let round = 0; round < 10; round++) expect((await a.cache.getOrLoad(ref, never)).value).toBe('old');
    await waitFor('the failure', () => a.counters.of('agent_config').loadErrors === 1);
    await a.cache.drain(5_000);
    for (let round = 0; round < 10; round++) expect((await a.cache.getOrLoad(ref, never)).value).toBe('old');
    expect([a.counters.of('agent_config').loadErrors, unhandled]).toEqual([1, []]);
  });
});

describe('a touch', () => {
  it('lets an entry live its whole time again, and its generations with it', async () => {
    await a.cache.set({ ...ref, scope: { agent: 'a' } }, 1, { ttlSeconds: 7_200 });
    await redis.pexpire(key, GRACE_MS + 1_000);
    await redis.pexpire(`nb:{${ref.tenantId}}:cache:g:a:a`, GRACE_MS + 1_000);
    await a.cache.touch(ref);
    for (const name of [key, `nb:{${ref.tenantId}}:cache:g:a:a`]) expect(await redis.pttl(name)).toBeGreaterThan(GRACE_MS + 7_190_000);
    expect(await redis.pttl(key)).toBeLessThanOrEqual(GRACE_MS + 7_200_000);
  });

  it('leaves an entry without end as it is', async () => {
    await a.cache.set(ref, 1, { ttlSeconds: 0 });
    await a.cache.touch(ref);
    expect(await redis.pttl(key)).toBe(-1);
  });

  it('does not make "known to be none" live as long as a value', async () => {
    await a.cache.getOrLoad(ref, async () => null);
    await a.cache.touch(ref);
    expect(await redis.pttl(key)).toBeLessThanOrEqual(33_000);
  });

  it('does nothing to what is not there or is void', async () => {
    await a.cache.touch(ref);
    expect(await redis.exists(key)).toBe(0);
    await a.cache.set({ ...ref, scope: { agent: 'a' } }, 1);
    await redis.pexpire(key, 60_000 + GRACE_MS);
    await redis.del(`nb:{${ref.tenantId}}:cache:g:a:a`);
    await a.cache.touch(ref);
    expect(await redis.pttl(key)).toBeLessThanOrEqual(60_000 + GRACE_MS);
  });
});
