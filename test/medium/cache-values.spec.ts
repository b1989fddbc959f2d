import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { CacheEngine } from '../../src/shared/cache/cache-engine.js';
import type { CacheRef } from '../../src/shared/cache/engine/place.js';
import { CacheNodes, HeldLoader, newTenant } from '../support/cache-nodes.js';
import { emptyRedis } from '../support/services.js';

const nodes = new CacheNodes();
let redis: Redis;
let a: CacheEngine;
let b: CacheEngine;
let ref: CacheRef;
let key: string;

beforeAll(async () => {
  redis = await emptyRedis();
  [a, b] = [await nodes.open(), await nodes.open()];
});
beforeEach(() => {
  ref = { tenantId: newTenant(), type: 'agent_config', id: '1', scope: { agent: 'a' } };
  key = `nb:{${ref.tenantId}}:cache:e:agent_config:1`;
});
afterAll(async () => {
  await nodes.close();
  redis.disconnect();
});

const never = (): Promise<never> => Promise.reject(new Error('the loader was asked'));
/** What each of the levels gives: the memory of the loader, Redis, and then the memory again. */
const everywhere = async (): Promise<unknown[]> => {
  const lookups = [await a.cache.getOrLoad(ref, never), await b.cache.getOrLoad(ref, never), await b.cache.getOrLoad(ref, never)];
  expect(lookups.map(({ source }) => source)).toEqual(['l1', 'l2', 'l1']);
  return lookups.map(({ value }) => value);
};

describe('a value that looks like nothing', () => {
  it.each([[0], [''], [false], [[]], [{}], [null], [NaN], [-0]])('is a hit: %p', async (value) => {
    expect((await a.cache.getOrLoad<unknown>(ref, async () => value)).value).toStrictEqual(value);
    expect(await everywhere()).toStrictEqual([value, value, value]);
    expect((await b.cache.getMany({ tenantId: ref.tenantId, type: ref.type }, ['1'])).get('1')).toStrictEqual(value);
  });

  it('is not kept when it is undefined, as the type has it', async () => {
    expect(await a.cache.getOrLoad(ref, async () => undefined)).toEqual({ value: undefined, source: 'none', isCoalesced: false });
    await expect(a.cache.getOrLoad(ref, never)).rejects.toThrow();
    expect(await redis.exists(key)).toBe(0);
  });

  it('is kept for a short time only when it is "known to be none", and has no grace', async () => {
    await a.cache.getOrLoad(ref, async () => null);
    const leftMs = await redis.pttl(key);
    expect(leftMs).toBeGreaterThan(20_000);
    expect(leftMs).toBeLessThanOrEqual(33_000);
  });

  it('known to be none is no reason to load behind its readers, in no process', async () => {
    await a.cache.getOrLoad(ref, async () => null);
    let loads = 0;
    const load = async (): Promise<null> => {
      loads++;
      return null;
    };
    for (const { cache } of [b, b, b, a]) await cache.getOrLoad(ref, load);
    await b.cache.drain(5_000);
    expect(loads).toBe(0);
  });
});

describe('a value of any kind', () => {
  const value = {
    ...{ at: new Date(5), big: 12n, map: new Map([['k', { deep: [1] }]]), set: new Set([1, 'a']), buffer: Buffer.from('ab'), bytes: Uint8Array.from([1]) },
    ...{ odd: [NaN, Infinity, -Infinity, -0, undefined], nested: { gone: undefined }, $: 'Date', ['constructor']: { prototype: 1 } },
  };

  it('comes back from every level as it went in', async () => {
    await a.cache.getOrLoad(ref, async () => value);
    for (const read of await everywhere()) expect(read).toEqual(value);
  });

  it('of 500 KB is compressed', async () => {
    const text = 'lorem ipsum '.repeat(42_000);
    await a.cache.getOrLoad(ref, async () => ({ text }));
    expect(await redis.strlen(key)).toBeLessThan(50_000);
    for (const read of await everywhere()) expect(read).toEqual({ text });
  });

  it('with the key __proto__ changes no prototype', async () => {
    await a.cache.getOrLoad(ref, async () => JSON.parse('{"__proto__":{"polluted":1},"a":1}') as object);
    expect(Object.assign({}, (await b.cache.get<object>(ref)).value)).toEqual({ a: 1 });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('that would come back as something else is refused by a set, handed on by a load, and counted', async () => {
    const before = a.counters.of('agent_config').uncacheable;
    for (const odd of [() => 1, Symbol('x'), new (class Agent {})()]) {
      await expect(a.cache.set(ref, { odd })).rejects.toMatchObject({ code: 'UNCACHEABLE_VALUE' });
      expect((await a.cache.getOrLoad(ref, async () => ({ odd }))).value).toEqual({ odd });
    }
    expect([a.counters.of('agent_config').uncacheable - before, await redis.exists(key)]).toEqual([3, 0]);
  });
});

describe('what one reader does to a value', () => {
  type Value = { list: { n: number }[]; tags: Map<string, number>; at: Date };
  const make = (): Value => ({ list: [{ n: 1 }], tags: new Map([['k', 1]]), at: new Date(5) });
  const spoil = (value: Value | undefined): void => {
    for (const change of [() => value!.list.push({ n: 2 }), () => (value!.list[0]!.n = 3), () => value!.tags.set('x', 1), () => value!.at.setTime(0), () => ((value as { more?: number }).more = 1)]) {
      try {
        change();
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }
  };

  it('does not reach another, whoever he is and wherever the value came from', async () => {
    const loader = new HeldLoader<Value>();
    const readers = Array.from({ length: 5 }, () => a.cache.getOrLoad(ref, loader.load));
    await loader.called();
    loader.end(make());
    for (const { value } of await Promise.all(readers)) {
      expect(value).toEqual(make());
      spoil(value);
    }
    for (const { cache } of [a, b, a, b]) {
      const { value } = await cache.getOrLoad<Value>(ref, never);
      expect(value).toEqual(make());
      spoil(value);
      spoil(cache.peek<Value>(ref));
      expect((await cache.getMany<Value>({ tenantId: ref.tenantId, type: ref.type }, ['1'])).get('1')).toEqual(make());
    }
  });

  it('throws where the value is plain', async () => {
    await a.cache.getOrLoad(ref, async () => ({ list: [{ n: 1 }] }));
    for (const { cache } of [a, b]) expect(() => ((cache === a.cache ? cache.peek<Value>(ref)! : { list: Object.freeze([]) as never }).list[0]!.n = 2)).toThrow(TypeError);
    const { value } = await b.cache.get<Value>(ref);
    expect(() => (value!.list[0]!.n = 2)).toThrow(TypeError);
  });

  it('by whoever loaded or set it does not reach another either', async () => {
    const loaded = make();
    await a.cache.getOrLoad(ref, async () => loaded);
    spoil(loaded);
    expect(a.cache.peek(ref)).toEqual(make());
    const given = make();
    const setting = a.cache.set(ref, given);
    spoil(given);
    await setting;
    expect([a.cache.peek(ref), (await b.cache.get(ref, { consistency: 'strong' })).value]).toEqual([make(), make()]);
  });
});

describe('a stored entry that is damaged', () => {
  const damage: [string, (bytes: Buffer) => Buffer][] = [
    ['a flipped byte in its body', (bytes) => Buffer.from(bytes.map((byte, index) => (index === bytes.length - 3 ? byte ^ 1 : byte)))],
    ['another schema', (bytes) => Buffer.from(bytes.toString().replace(/^1 /, '9 '))],
    ['another type', (bytes) => Buffer.from(bytes.toString().replace('agent_config', 'agent_tools'))],
    ['another tenant', (bytes) => Buffer.from(bytes.toString().replace(/ t-\w+ /, ' t-other '))],
    ['a cut end', (bytes) => bytes.subarray(0, -1)],
    ['no scopes', (bytes) => Buffer.from(bytes.toString().replace(/\n\d+ [^\n]*\n/, '\n0 \n'))],
    ['nothing of ours', () => Buffer.from('hello')],
  ];

  it.each(damage)('is loaded anew and put right: %s', async (_, change) => {
    await a.cache.set(ref, { name: 'Ann' });
    await redis.set(key, change((await redis.getBuffer(key))!), 'KEEPTTL');
    expect((await b.cache.get(ref)).source).toBe('none');
    await a.cache.set(ref, { name: 'Ann' });
    await redis.set(key, change((await redis.getBuffer(key))!), 'KEEPTTL');
    expect(await b.cache.getOrLoad(ref, async () => ({ name: 'Bob' }), { consistency: 'strong' })).toMatchObject({ value: { name: 'Bob' }, source: 'loaded' });
    expect((await a.cache.get(ref, { consistency: 'strong' })).value).toEqual({ name: 'Bob' });
  });

  it('is counted', async () => {
    await a.cache.set(ref, { name: 'Ann' });
    const before = b.counters.of('agent_config').damaged;
    await redis.set(key, (await redis.get(key))!.replace('Ann', 'Bob'), 'KEEPTTL');
    await b.cache.get(ref);
    expect(b.counters.of('agent_config').damaged).toBe(before + 1);
  });
});
