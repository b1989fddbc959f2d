import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { CacheEngine } from '../../src/shared/cache/cache-engine.js';
import type { CacheRef } from '../../src/shared/cache/engine/place.js';
import { CacheNodes, Clock, HeldLoader, newTenant } from '../support/cache-nodes.js';
import { emptyRedis } from '../support/services.js';

const nodes = new CacheNodes();
let redis: Redis;
let clock: Clock;
let a: CacheEngine;
let b: CacheEngine;

beforeAll(async () => {
  redis = await emptyRedis();
});
beforeEach(async () => {
  clock = new Clock();
  [a, b] = [await nodes.open({}, clock), await nodes.open({}, clock)];
});
afterEach(() => nodes.close());
afterAll(() => {
  redis.disconnect();
});

const never = (): Promise<never> => Promise.reject(new Error('database'));

/** Seven reads that miss, one that fails, five hits, one old value, four that share a load, three that find nothing. */
async function script(tenantId: string): Promise<void> {
  const ref = (id: string): CacheRef => ({ tenantId, type: 'embedding', id });
  for (const id of ['1', '2', '3', '4']) await a.cache.getOrLoad(ref(id), async () => id);
  await a.cache.getOrLoad(ref('none'), async () => null);
  await a.cache.getOrLoad(ref('odd'), async () => () => 1);
  for (const id of ['1', '2']) await a.cache.getOrLoad(ref(id), never);
  await a.cache.get(ref('3'));
  await b.cache.set(ref('far'), 1);
  await a.cache.get(ref('far'));
  await a.cache.get(ref('far'), { consistency: 'strong' });
  for (let round = 0; round < 2; round++) await a.cache.getOrLoad(ref('none'), never);
  await expect(a.cache.getOrLoad(ref('broken'), never)).rejects.toThrow('database');
  await a.cache.getOrLoad(ref('unknown'), async () => undefined);
  await a.cache.getMany({ tenantId, type: 'embedding' }, ['x', 'y']);
  const loader = new HeldLoader<number>();
  const sharing = Array.from({ length: 5 }, () => a.cache.getOrLoad(ref('shared'), loader.load));
  await loader.called();
  loader.end(1);
  await Promise.all(sharing);
  const fenced = new HeldLoader<number>();
  const loading = a.cache.getOrLoad(ref('fenced'), fenced.load);
  await fenced.called();
  await b.cache.delete(ref('fenced'));
  fenced.end(1);
  await loading;
  await redis.pexpire(`nb:{${tenantId}}:cache:e:embedding:4`, 200_000);
  clock.pass(86_400_000 * 1.2);
  await a.cache.getOrLoad(ref('4'), never);
}

describe('the counters', () => {
  it('equal what was done', async () => {
    await script(newTenant());
    const { loadBuckets, loadMsSum, ...numbers } = a.counters.of('embedding');
    expect(numbers).toEqual({
      ...{ hit_l1: 3, hit_l2: 2, stale: 1, absent: 2, miss: 8, none: 3, coalesced: 4 },
      ...{ loads: 9, loadErrors: 2, fenced: 1, leaseWaits: 0, uncacheable: 1, damaged: 0, away: 0 },
    });
    expect([loadBuckets.reduce((sum, count) => sum + count), loadMsSum > 0]).toEqual([9, true]);
    expect(a.counters.hitRate('embedding')).toBe(8 / 23);
  });

  it('are those of the types, however many tenants and ids there are', async () => {
    await Promise.all(Array.from({ length: 10_000 }, (_, index) => a.cache.get({ tenantId: `tenant${String(index)}`, type: 'embedding', id: String(index) })));
    expect([...a.counters.entries()].map(([type, { none }]) => [type, none])).toEqual([['embedding', 10_000]]);
  });

  it('say what a reader was told', async () => {
    const told: string[] = [];
    a.events.on('read', ({ type, outcome }) => told.push(`${type} ${outcome}`));
    const ref: CacheRef = { tenantId: newTenant(), type: 'embedding', id: '1' };
    await a.cache.get(ref);
    await a.cache.getOrLoad(ref, async () => null);
    await a.cache.get(ref);
    await b.cache.getOrLoad(ref, async () => 1, { isReload: true });
    await a.cache.get(ref, { consistency: 'strong' });
    await a.cache.get(ref);
    expect(told).toEqual(['embedding none', 'embedding miss', 'embedding absent', 'embedding hit_l2', 'embedding hit_l1']);
  });
});

describe('listeners', () => {
  it('that throw, at once or later, change no answer', async () => {
    const thrower = (): never => {
      throw new Error('listener');
    };
    for (const event of ['read', 'loadFailed', 'invalidated', 'breaker', 'bus'] as const) {
      a.events.on(event, thrower);
      a.events.on(event, (): unknown => Promise.reject(new Error('later')));
    }
    await script(newTenant());
    expect(a.counters.of('embedding').miss).toBe(8);
    const ref: CacheRef = { tenantId: newTenant(), type: 'embedding', id: '1' };
    expect(await a.cache.set(ref, 1)).toBe(true);
    expect(await a.cache.delete(ref)).toBe(true);
    expect(await a.cache.invalidate(ref.tenantId, ['t'])).toEqual([]);
  });

  it('hear of every invalidation, and whether Redis knows', async () => {
    const told: unknown[] = [];
    a.events.on('invalidated', (event) => told.push(event));
    const tenantId = newTenant();
    await a.cache.delete({ tenantId, type: 'embedding', id: '1' });
    await a.cache.invalidate(tenantId, ['t', 'a:a']);
    expect(told).toEqual([
      { tenantId, kind: 'entry', name: 'embedding:1', isKnownToRedis: true },
      { tenantId, kind: 'scope', name: 't', isKnownToRedis: true },
      { tenantId, kind: 'scope', name: 'a:a', isKnownToRedis: true },
    ]);
  });
});
