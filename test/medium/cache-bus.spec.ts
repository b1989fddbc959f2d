import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { CacheEngine } from '../../src/shared/cache/cache-engine.js';
import type { CacheRef } from '../../src/shared/cache/engine/place.js';
import { keys } from '../../src/shared/redis/index.js';
import { CacheNodes, monitored, newTenant } from '../support/cache-nodes.js';
import { freePort } from '../support/free-port.js';
import { OwnRedis } from '../support/own-redis.js';
import { emptyRedis } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const CHANNEL = keys.cacheBus(0);

// Of its own: what is heard here must not reach other test files.
let server: OwnRedis;
let nodes: CacheNodes;
let redis: Redis;
let a: CacheEngine;
let b: CacheEngine;
let ref: CacheRef;

beforeAll(async () => {
  server = await OwnRedis.start(await freePort());
  redis = await emptyRedis(server.url);
  nodes = new CacheNodes(server.url);
  [a, b] = [await nodes.open({ busBeatMs: 60_000 }), await nodes.open({ busBeatMs: 60_000 })];
});
beforeEach(() => {
  ref = { tenantId: newTenant(), type: 'agent_config', id: '1', scope: { agent: 'a' } };
});
afterAll(async () => {
  await nodes.close();
  redis.disconnect();
  await server.remove();
});

const remembered = (engine: CacheEngine): unknown => engine.cache.peek(ref);
/** By a load: a set would still be on its way to the other process. */
const fill = async (): Promise<void> => {
  await a.cache.getOrLoad(ref, async () => 1);
  await b.cache.get(ref);
  expect([remembered(a), remembered(b)]).toEqual([1, 1]);
};

describe('what one process makes void', () => {
  const ways: [string, () => Promise<unknown>][] = [
    ['an entry deleted', () => a.cache.delete(ref)],
    ['a scope', () => a.cache.invalidate(ref.tenantId, ['a:a'])],
    ['a tenant', () => a.cache.invalidate(ref.tenantId, ['t'])],
    ['an entry written anew', () => a.cache.set(ref, 2)],
  ];
  it.each(ways)('the others forget: %s', async (_, invalidate) => {
    await fill();
    await invalidate();
    await waitFor('the other process to hear', () => remembered(b) === undefined);
    expect(a.state().isBusSound && b.state().isBusSound).toBe(true);
  });

  it('it does not forget itself when it hears of it: what it has written stays', async () => {
    await a.cache.set(ref, 1);
    const marker: CacheRef = { ...ref, id: 'marker' };
    await b.cache.getOrLoad(marker, async () => 1);
    await a.cache.get(marker);
    expect(a.cache.peek(marker)).toBe(1);
    await a.cache.set(ref, 2);
    await b.cache.delete(marker);
    // What came before it on the same channel has been heard by now.
    await waitFor('the marker', () => a.cache.peek(marker) === undefined);
    expect(remembered(a)).toBe(2);
  });

  it('is told once: nobody passes on what he hears', async () => {
    await fill();
    const commands = await monitored(redis, async () => {
      await a.cache.delete(ref);
      await waitFor('the other process to hear', () => remembered(b) === undefined);
    });
    const messages = commands.filter((words) => words.some((word) => word.toUpperCase() === 'PUBLISH') && words.some((word) => word.includes(ref.tenantId)));
    expect(messages).toHaveLength(1);
  });
});

describe('what is no message of ours', () => {
  it('changes nothing, 10 000 times', async () => {
    await fill();
    const pipeline = redis.pipeline();
    const tenant = ref.tenantId;
    for (let round = 0; round < 10_000; round++) {
      const node = randomBytes(8).toString('hex');
      const foreign = [randomBytes(round % 300), `2 ${node} 1 entry ${tenant} agent_config:1`, `1 ${node} 1 flush ${tenant} t`, `1 ${node} x scope ${tenant} t`, `1 ${node} 1 scope ${tenant}`, JSON.stringify({ tenant, kind: 'all' })];
      pipeline.publish(CHANNEL, foreign[round % foreign.length]!);
    }
    await pipeline.exec();
    const marker: CacheRef = { ...ref, id: 'marker' };
    await a.cache.getOrLoad(marker, async () => 1);
    await b.cache.get(marker);
    expect(b.cache.peek(marker)).toBe(1);
    await a.cache.delete(marker);
    await waitFor('the marker', () => b.cache.peek(marker) === undefined);
    expect([remembered(a), remembered(b), a.state().isBusSound, b.state().isBusSound]).toEqual([1, 1, true, true]);
  });

  it('is heard where it has our form, from whatever process', async () => {
    await fill();
    await redis.publish(CHANNEL, `1 ${randomBytes(8).toString('hex')} 1 entry ${ref.tenantId} agent_config:1`);
    await waitFor('both to hear', () => remembered(a) === undefined && remembered(b) === undefined);
  });
});

describe('a lost message', () => {
  it('makes the others forget everything, as soon as a later one shows the gap', async () => {
    await fill();
    const node = randomBytes(8).toString('hex');
    await redis.publish(CHANNEL, `1 ${node} 1 entry other x`);
    await redis.publish(CHANNEL, `1 ${node} 3 beat - -`);
    await waitFor('both to forget', () => a.state().entries === 0 && b.state().entries === 0);
    expect((await a.cache.get(ref)).value).toBe(1);
  });
});
