import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { CacheEngine } from '../../src/shared/cache/cache-engine.js';
import type { CacheRef } from '../../src/shared/cache/engine/place.js';
import { AppError } from '../../src/shared/errors/index.js';
import { CacheNodes, HeldLoader, newTenant } from '../support/cache-nodes.js';
import { emptyRedis } from '../support/services.js';

const nodes = new CacheNodes();
let redis: Redis;
let [a, b, c]: CacheEngine[] = [];
let tenantId: string;
let ref: CacheRef;

beforeAll(async () => {
  redis = await emptyRedis();
  [a, b, c] = [await nodes.open(), await nodes.open(), await nodes.open()];
});
beforeEach(() => {
  tenantId = newTenant();
  ref = { tenantId, type: 'agent_config', id: '1', scope: { agent: 'a' } };
});
afterAll(async () => {
  await nodes.close();
  redis.disconnect();
});

const never = (): Promise<never> => Promise.reject(new Error('the loader was asked'));
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
const cacheKeys = (part: string): Promise<string[]> => redis.keys(`nb:{${tenantId}}:cache:${part}:*`);

describe('a load', () => {
  it('is one for a thousand callers of a process, who all get its value', async () => {
    const loader = new HeldLoader<object>();
    const callers = times(1_000, () => a!.cache.getOrLoad(ref, loader.load));
    await loader.called();
    expect(a!.state().inFlight).toBe(1);
    loader.end({ name: 'Ann' });
    const answers = await Promise.all(callers);
    expect(answers.every(({ value, source }) => source === 'loaded' && (value as { name: string }).name === 'Ann')).toBe(true);
    expect(answers.filter(({ isCoalesced }) => isCoalesced)).toHaveLength(999);
    expect([loader.calls, a!.state().inFlight]).toEqual([1, 0]);
    expect((await a!.cache.getOrLoad(ref, never)).source).toBe('l1');
  });

  it('is one for three processes of 300 callers', async () => {
    const loader = new HeldLoader<number>();
    const callers = [a!, b!, c!].flatMap(({ cache }) => times(300, () => cache.getOrLoad(ref, loader.load)));
    await loader.called();
    loader.end(7);
    const answers = await Promise.all(callers);
    expect(new Set(answers.map(({ value }) => value))).toEqual(new Set([7]));
    expect(loader.calls).toBe(1);
  });

  it('that fails, fails for all its callers with the same error; the next one loads again', async () => {
    const loader = new HeldLoader<number>();
    const callers = times(1_000, () => a!.cache.getOrLoad(ref, loader.load));
    await loader.called();
    const failure = new Error('database');
    loader.fail(failure);
    const answers = await Promise.allSettled(callers);
    expect(answers.every((answer) => answer.status === 'rejected' && answer.reason === failure)).toBe(true);
    expect([loader.calls, a!.state().inFlight, await cacheKeys('e'), await cacheKeys('l')]).toEqual([1, 0, [], []]);
    expect((await a!.cache.getOrLoad(ref, async () => 2)).value).toBe(2);
  });

  it('that throws before it is a promise fails like any other', async () => {
    const thrower = (): Promise<number> => {
      throw new Error('at once');
    };
    await expect(a!.cache.getOrLoad(ref, thrower)).rejects.toThrow('at once');
    expect(await cacheKeys('l')).toEqual([]);
    expect((await b!.cache.getOrLoad(ref, async () => 2)).value).toBe(2);
  });

  it('that fails is not answered by what would be made in place of it, and leaves nothing behind', async () => {
    let generated = 0;
    const generate = (): number => ++generated;
    const cacheAside = async (fetch: () => Promise<number | null>): Promise<number> => (await fetch()) ?? generate();
    await expect(a!.cache.getOrLoad(ref, () => cacheAside(never))).rejects.toThrow('the loader was asked');
    expect([generated, await cacheKeys('e')]).toEqual([0, []]);
    for (const { cache } of [a!, b!, a!]) expect((await cache.getOrLoad(ref, () => cacheAside(async () => null))).value).toBe(1);
    expect(generated).toBe(1);
  });

  it('keeps nothing of what cannot be cached, and hands it on', async () => {
    const values: unknown[] = [() => 1, new Error('x'), 'x'.repeat(2_000_000), undefined];
    for (const [index, value] of values.entries()) {
      const place: CacheRef = { ...ref, id: `odd-${String(index)}` };
      for (let round = 0; round < 2; round++) expect((await a!.cache.getOrLoad(place, async () => value)).value).toBe(value);
    }
    expect([await cacheKeys('e'), await cacheKeys('l')]).toEqual([[], []]);
    expect((await a!.cache.getOrLoad({ ...ref, id: 'odd-3' }, async () => undefined)).source).toBe('none');
  });
});

describe('an entry that is made void while it is loaded', () => {
  const ways: [string, () => Promise<unknown>][] = [
    ['deleted', () => b!.cache.delete(ref)],
    ['deleted by the loading process', () => a!.cache.delete(ref)],
    ['invalidated by its scope', () => b!.cache.invalidate(tenantId, ['a:a'])],
    ['invalidated by its tenant', () => b!.cache.invalidate(tenantId, ['t'])],
    ['invalidated by the loading process', () => a!.cache.invalidate(tenantId, ['a:a'])],
  ];

  it.each(ways)('is not read by anybody afterwards: %s', async (_, invalidate) => {
    const old = new HeldLoader<string>();
    const early = a!.cache.getOrLoad(ref, old.load);
    await old.called();
    await invalidate();
    old.end('old');
    expect((await early).value).toBe('old');
    const late = await nodes.open();
    for (const { cache } of [a!, b!, late]) expect((await cache.getOrLoad(ref, async () => 'new')).value).toBe('new');
    expect(a!.counters.of('agent_config').fenced).toBeGreaterThan(0);
  });

  it('is loaded anew for who asks after it, at once, while the old load goes on', async () => {
    const old = new HeldLoader<string>();
    const early = a!.cache.getOrLoad(ref, old.load);
    await old.called();
    await a!.cache.delete(ref);
    expect(await a!.cache.getOrLoad(ref, async () => 'new')).toEqual({ value: 'new', source: 'loaded', isCoalesced: false });
    old.end('old');
    await early;
    for (const { cache } of [a!, b!]) expect((await cache.getOrLoad(ref, never)).value).toBe('new');
  });

  it('is what was set meanwhile, for every process', async () => {
    const old = new HeldLoader<string>();
    const early = a!.cache.getOrLoad(ref, old.load);
    await old.called();
    expect(await b!.cache.set(ref, 'set')).toBe(true);
    old.end('old');
    await early;
    for (const { cache } of [a!, b!, c!]) expect((await cache.getOrLoad(ref, never, { consistency: 'strong' })).value).toBe('set');
    for (const { cache } of [a!, b!, c!]) expect((await cache.getOrLoad(ref, never)).value).toBe('set');
  });
});

describe('a read that has to be sure', () => {
  it('sees what another process has written, although the memory has an older value', async () => {
    await a!.cache.set(ref, 1);
    await redis.set(`nb:{${tenantId}}:cache:e:agent_config:1`, (await redis.get(`nb:{${tenantId}}:cache:e:agent_config:1`))!, 'PX', 1);
    await redis.del(`nb:{${tenantId}}:cache:e:agent_config:1`);
    expect((await a!.cache.get(ref)).value).toBe(1);
    expect((await a!.cache.get(ref, { consistency: 'strong' })).source).toBe('none');
    expect((await a!.cache.getOrLoad(ref, async () => 2, { consistency: 'strong' })).value).toBe(2);
  });
});

describe('a reload', () => {
  it.each([
    ['an hour', 3_600],
    ['for ever', 0],
  ])('asks the loader whatever there is, and keeps its answer: of an entry that lives %s', async (_, ttlSeconds) => {
    await a!.cache.set(ref, 'old', { ttlSeconds });
    expect((await a!.cache.getOrLoad(ref, async () => 'new', { isReload: true, ttlSeconds })).value).toBe('new');
    for (const { cache } of [a!, b!]) expect((await cache.getOrLoad(ref, never, { consistency: 'strong' })).value).toBe('new');
  });

  it('wins over a load that had begun before', async () => {
    const early = new HeldLoader<string>();
    const reading = a!.cache.getOrLoad(ref, early.load);
    await early.called();
    expect((await b!.cache.getOrLoad(ref, async () => 'new', { isReload: true })).value).toBe('new');
    early.end('old');
    await reading;
    for (const { cache } of [a!, b!, c!]) expect((await cache.getOrLoad(ref, never, { consistency: 'strong' })).value).toBe('new');
  });

  it('that fails says so, although there is an older value', async () => {
    await a!.cache.set(ref, 'old');
    await expect(a!.cache.getOrLoad(ref, never, { isReload: true })).rejects.toThrow('the loader was asked');
    expect((await b!.cache.getOrLoad(ref, never)).value).toBe('old');
  });
});

describe('a reload that finds none', () => {
  const gone = (): Promise<never> => Promise.reject(new AppError({ kind: 'notFound', code: 'AGENT_NOT_FOUND', message: 'gone' }));

  it.each<[string, () => Promise<undefined>]>([
    ['by saying nothing', async () => undefined],
    ['by an error that says so', gone],
  ])('%s takes away what there was, for every process', async (_, load) => {
    await a!.cache.set(ref, 'old');
    await b!.cache.get(ref);
    await a!.cache.getOrLoad(ref, load, { isReload: true }).catch(() => undefined);
    for (const { cache } of [a!, b!]) expect((await cache.get(ref, { consistency: 'strong' })).source).toBe('none');
  });
});

describe('many at once', () => {
  const kind = { get tenantId() { return tenantId; }, type: 'embedding' as const };

  it('are answered in their order, each once, the missing ones loaded and remembered, the unknown ones too', async () => {
    await a!.cache.set({ ...kind, tenantId, id: '2' }, 'two');
    const asked: string[] = [];
    const loadAll = async (missing: readonly string[]): Promise<ReadonlyMap<string, string>> => {
      asked.push(...missing);
      return new Map([['3', 'three'], ['1', 'one'], ['unasked', 'x']]);
    };
    const expected = [['3', 'three'], ['2', 'two'], ['9', null], ['1', 'one']];
    expect([...(await a!.cache.loadMany({ ...kind, tenantId }, ['3', '2', '9', '3', '1', '9'], loadAll))]).toEqual(expected);
    expect(asked.sort()).toEqual(['1', '3', '9']);
    for (const { cache } of [a!, b!]) expect([...(await cache.loadMany({ ...kind, tenantId }, ['3', '2', '9', '1'], never))]).toEqual(expected);
    expect([...(await b!.cache.getMany({ ...kind, tenantId }, ['unasked', '9', '2', 'none']))]).toEqual([['9', null], ['2', 'two']]);
  });

  it('that cannot be loaded fail together, and nothing is kept', async () => {
    await expect(a!.cache.loadMany({ ...kind, tenantId }, ['1', '2'], never)).rejects.toThrow('the loader was asked');
    expect([await cacheKeys('e'), await cacheKeys('l'), a!.state().inFlight]).toEqual([[], [], 0]);
  });
});
