import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { CacheEngine } from '../../src/shared/cache/cache-engine.js';
import type { CacheRef } from '../../src/shared/cache/engine/place.js';
import { CacheNodes, monitored, newTenant } from '../support/cache-nodes.js';
import { emptyRedis } from '../support/services.js';

const nodes = new CacheNodes();
let redis: Redis;
let node: CacheEngine;
let other: CacheEngine;
let [mine, yours]: [string, string] = ['', ''];

beforeAll(async () => {
  redis = await emptyRedis();
  [node, other] = [await nodes.open(), await nodes.open()];
});
beforeEach(() => {
  [mine, yours] = [newTenant(), newTenant()];
});
afterAll(async () => {
  await nodes.close();
  redis.disconnect();
});

const ref = (tenantId: string, id: string | readonly string[] = '1', scope = {}): CacheRef => ({ tenantId, type: 'agent_config', id, scope });
const IDS = ['a:b', 'a%3Ab', 'a', '{t2}', '*', '..', 'x'.repeat(10_000), 'x'.repeat(10_001), '😀', '\u0000', 'a\u0000', '\ud800', '__proto__', 'constructor', '=abc', ' ', 'a b', 'a\n', ''];

describe('two tenants', () => {
  it('with the same type and id have each their own, in memory, in Redis, in batches, and in what loaders are asked for', async () => {
    await node.cache.set(ref(mine), 'mine');
    await node.cache.set(ref(yours), 'yours');
    for (const { cache } of [node, other, node]) {
      expect(await Promise.all([mine, yours].map(async (tenant) => (await cache.get(ref(tenant))).value))).toEqual(['mine', 'yours']);
      expect((await cache.getMany({ tenantId: yours, type: 'agent_config' }, ['1', '2'])).get('1')).toBe('yours');
      expect((await cache.getOrLoad(ref(mine), () => Promise.reject(new Error('asked')))).value).toBe('mine');
    }
    expect([node.cache.peek(ref(mine)), node.cache.peek(ref(yours))]).toEqual(['mine', 'yours']);
    expect((await node.cache.get(ref(newTenant()))).source).toBe('none');
  });

  it('do not lose what the other invalidates', async () => {
    const scope = { agent: 'a' };
    const invalidations = [() => node.cache.delete(ref(yours)), () => node.cache.invalidate(yours, ['a:a']), () => node.cache.invalidate(yours, ['t'])];
    for (const invalidate of invalidations) {
      await node.cache.set(ref(mine, '1', scope), 'mine');
      await node.cache.set(ref(yours, '1', scope), 'yours');
      await invalidate();
      for (const { cache } of [node, other]) {
        expect((await cache.get(ref(mine), { consistency: 'strong' })).value).toBe('mine');
        expect((await cache.get(ref(yours), { consistency: 'strong' })).source).toBe('none');
      }
    }
  });

  it('load at the same time without sharing a load', async () => {
    const answers = await Promise.all([mine, yours].map((tenant) => node.cache.getOrLoad(ref(tenant), async () => tenant)));
    expect(answers.map(({ value, isCoalesced }) => [value, isCoalesced])).toEqual([
      [mine, false],
      [yours, false],
    ]);
  });

  it('stand in keys only as hash tags, whatever they are called', async () => {
    const names = [mine, `${mine}:x`, `${mine}}{${yours}`, `${mine} *`, `${mine}%7D`, 'x'.repeat(500) + mine, `😀${mine}`];
    for (const name of names) {
      await node.cache.set({ ...ref(name, '1', { conversation: 'c' }), type: 'conversation_memory' }, name);
      await node.cache.getOrLoad(ref(name, '2', { agent: 'a' }), async () => name);
    }
    for (const name of names) {
      expect((await other.cache.get({ ...ref(name), type: 'conversation_memory' })).value).toBe(name);
      expect((await other.cache.get(ref(name, '2'))).value).toBe(name);
    }
    const keys = (await redis.keys('*')).filter((key) => key.includes(mine));
    expect(keys.length).toBeGreaterThan(20);
    for (const key of keys) {
      expect(key).toMatch(/^nb:\{[^{}:*\s]+\}:cache:[elgn]:[^{}*\s]*$/);
      expect(key.replace(/\{[^{}]*\}/, '')).not.toContain(mine);
    }
  });
});

describe('an id', () => {
  it('of any text is itself and no other', async () => {
    for (const id of IDS) await node.cache.set(ref(mine, id), `value of ${JSON.stringify(id)}`);
    for (const { cache } of [node, other]) {
      for (const id of IDS) expect((await cache.get(ref(mine, id), { consistency: 'strong' })).value).toBe(`value of ${JSON.stringify(id)}`);
      const many = await cache.getMany<string>({ tenantId: mine, type: 'agent_config' }, IDS);
      expect([...many]).toEqual(IDS.map((id) => [id, `value of ${JSON.stringify(id)}`]));
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('of any text is deleted alone', async () => {
    for (const id of IDS) await node.cache.set(ref(mine, id), id);
    for (const [index, id] of IDS.entries()) {
      expect(await node.cache.delete(ref(mine, id))).toBe(true);
      expect((await node.cache.getMany({ tenantId: mine, type: 'agent_config' }, IDS)).size).toBe(IDS.length - index - 1);
    }
  });

  it('of several parts is another than the parts joined', async () => {
    const ids = [['a', 'b'], ['a:b'], 'a:b', ['a', 'b', ''], ['a,b'], ['b', 'a'], '(a:b)'];
    for (const id of ids) await node.cache.set(ref(mine, id), id);
    for (const id of ids) expect((await other.cache.get(ref(mine, id))).value).toEqual(id);
  });

  it('of any text as a scope invalidates what is under it and nothing else', async () => {
    const names = IDS.filter((id) => id.length < 1_000 && id.isWellFormed());
    for (const id of names) await node.cache.set(ref(mine, ['scoped', id], { agent: id }), id);
    const { scopeName } = await import('../../src/shared/cache/entry/cache-key.js');
    for (const [index, id] of names.entries()) {
      await node.cache.invalidate(mine, [scopeName('agent', { agent: id })!]);
      const left = await Promise.all(names.map(async (name) => (await other.cache.get(ref(mine, ['scoped', name]), { consistency: 'strong' })).source));
      expect(left).toEqual(names.map((_, at) => (at <= index ? 'none' : 'l2')));
    }
  });
});

describe('a tenant that is missing or blank, a type that is unknown, an id of no part, a time to live of no sense', () => {
  const faults: [string, Partial<CacheRef>][] = [
    ...['', ' ', '\t', undefined as unknown as string].map((tenantId): [string, Partial<CacheRef>] => ['TENANT_REQUIRED', { tenantId }]),
    ['CACHE_TYPE_UNKNOWN', { type: 'agents' as 'agent_list' }],
    ['CACHE_ID_REQUIRED', { id: [] }],
  ];

  it('are refused before Redis or a loader is asked', async () => {
    let loads = 0;
    const load = async (): Promise<number> => ++loads;
    const commands = await monitored(redis, async () => {
      for (const [code, change] of faults) {
        const wrong = { ...ref(mine), ...change };
        const failure = expect.objectContaining({ code });
        expect(() => node.cache.peek(wrong)).toThrow(failure);
        for (const call of [node.cache.get(wrong), node.cache.getOrLoad(wrong, load), node.cache.set(wrong, 1), node.cache.delete(wrong), node.cache.touch(wrong)]) await expect(call).rejects.toEqual(failure);
      }
      const blank = expect.objectContaining({ code: 'TENANT_REQUIRED' });
      await expect(node.cache.invalidate(' ', ['t'])).rejects.toEqual(blank);
      await expect(node.cache.indexNames('')).rejects.toEqual(blank);
      await expect(node.cache.getMany({ tenantId: '', type: 'embedding' }, ['1'])).rejects.toEqual(blank);
      await expect(node.cache.loadMany({ tenantId: '', type: 'embedding' }, ['1'], async () => new Map())).rejects.toEqual(blank);
      for (const ttlSeconds of [-1, NaN, Infinity, 31_536_001]) {
        const invalid = expect.objectContaining({ code: 'CACHE_TTL_INVALID' });
        await expect(node.cache.set(ref(mine), 1, { ttlSeconds })).rejects.toEqual(invalid);
        await expect(node.cache.getOrLoad(ref(mine), load, { ttlSeconds })).rejects.toEqual(invalid);
      }
    });
    expect(commands.filter(([name]) => name?.toLowerCase() !== 'publish')).toEqual([]);
    expect([loads, node.state().inFlight]).toEqual([0, 0]);
  });
});
