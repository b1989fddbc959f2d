import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { CacheNodes, newTenant } from '../support/cache-nodes.js';
import { freePort } from '../support/free-port.js';
import { OwnRedis } from '../support/own-redis.js';
import { emptyRedis } from '../support/services.js';

// Of its own: nobody else may be heard on the bus.
let server: OwnRedis;
let nodes: CacheNodes;
let redis: Redis;
beforeAll(async () => {
  server = await OwnRedis.start(await freePort());
  redis = await emptyRedis(server.url);
  nodes = new CacheNodes(server.url);
});
afterAll(async () => {
  await nodes.close();
  redis.disconnect();
  await server.remove();
});

/** Calls `work` for each number, a few hundred at a time. */
async function each(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  for (let first = 0; first < count; first += 500) await Promise.all(Array.from({ length: Math.min(500, count - first) }, (_, index) => work(first + index)));
}

describe('what a process keeps of what it has seen', () => {
  it('is bounded by entries and by scopes, and nothing stays of what has landed', async () => {
    const node = await nodes.open({ l1MaxEntries: 1_000, l1MaxBytes: 65_536 });
    const tenantId = newTenant();
    await each(30_000, (index) => node.cache.getOrLoad({ tenantId, type: 'agent_config', id: String(index), scope: { agent: String(index) } }, async () => 'x'.repeat(100)));
    const { entries, bytes, generations, evictions, inFlight, heldBack } = node.state();
    expect([entries <= 1_000, bytes <= 65_536, generations <= 4_000, inFlight, heldBack]).toEqual([true, true, true, 0, 0]);
    expect([entries > 500, evictions]).toEqual([true, 30_000 - entries]);
  }, 60_000);

  it('of loads that failed is nothing', async () => {
    const node = await nodes.open();
    const tenantId = newTenant();
    const fail = (index: number): Promise<unknown> => node.cache.getOrLoad({ tenantId, type: 'agent_config', id: String(index) }, () => Promise.reject(new Error('database'))).catch(() => undefined);
    await each(10_000, fail);
    expect([node.state().entries, node.state().inFlight, node.counters.of('agent_config').loadErrors]).toEqual([0, 0, 10_000]);
    expect((await redis.keys(`nb:{${tenantId}}:*`)).sort()).toEqual([`nb:{${tenantId}}:cache:g:t`]);
  }, 60_000);

  it('of scopes under which nothing was found is gone from Redis after a minute', async () => {
    const node = await nodes.open();
    const tenantId = newTenant();
    await node.cache.getOrLoad({ tenantId, type: 'agent_config', id: '1', scope: { agent: '1' } }, async () => undefined);
    expect(await redis.pttl(`nb:{${tenantId}}:cache:g:a:1`)).toBeLessThanOrEqual(60_000);
  });

  it('counts large values as what they are unpacked, also when they come from Redis', async () => {
    const [writer, reader] = [await nodes.open(), await nodes.open({ l1MaxBytes: 1_000_000 })];
    const tenantId = newTenant();
    await each(20, (index) => writer.cache.getOrLoad({ tenantId, type: 'embedding', id: String(index) }, async () => 'a'.repeat(100_000)));
    await each(20, (index) => reader.cache.get({ tenantId, type: 'embedding', id: String(index) }));
    expect(reader.state().entries).toBe(9);
  });
});

describe('a stop', () => {
  it('waits for what is under way, and starts nothing more', async () => {
    const node = await nodes.open();
    const ref = { tenantId: newTenant(), type: 'embedding', id: '1' } as const;
    const reading = node.cache.getOrLoad(ref, () => new Promise<number>((resolve) => setTimeout(resolve, 50, 1)));
    await node.stop();
    expect([(await reading).value, node.state().inFlight, node.connection.isReady, node.state().breaker]).toEqual([1, 0, false, 'open']);
    const other = await nodes.open();
    expect((await other.cache.get(ref)).value).toBe(1);
    expect((await node.cache.getOrLoad({ ...ref, id: '2' }, async () => 2)).value).toBe(2);
  });
});
