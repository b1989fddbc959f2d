import { beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNode, isWell, Row, startNode } from '../support/cache-nodes.js';
import { CacheProcess } from '../support/cache-process.js';
import { freePort } from '../support/free-port.js';
import { emptyRedis, redisUrl } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const ref = { tenantId: 'loads', type: 'agent_config', id: 'one', scope: { agent: 'a' } } as const;

/** A loader that ends when it is told to. */
function heldLoad(value: unknown): { readonly load: () => Promise<unknown>; readonly end: () => void } {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  return {
    load: () => promise,
    end: () => {
      resolve(value);
    },
  };
}

describe('a load', () => {
  beforeEach(async () => {
    const redis = await emptyRedis();
    redis.disconnect();
  });

  it('is one for a thousand callers of one process, with Redis and without', async () => {
    for (const node of [await startNode(redisUrl), createNode(`redis://127.0.0.1:${String(await freePort())}`)]) {
      const row = new Row();
      const slow = async (): Promise<number> => row.load().finally(() => sleep(20));
      const lookups = await Promise.all(Array.from({ length: 1_000 }, () => node.cache.getOrLoad(ref, slow)));
      expect(row.loads).toBe(1);
      expect(lookups.filter(({ value }) => value === 1)).toHaveLength(1_000);
      expect(node.counters.of('agent_config')).toMatchObject({ loads: 1, miss: 1, coalesced: 999 });
      expect(node.state().inFlight).toBe(0);
    }
  });

  it('that fails is one failure for all its callers, and the next caller loads again', async () => {
    const node = await startNode(redisUrl);
    let loads = 0;
    const failing = async (): Promise<number> => {
      loads++;
      await sleep(20);
      throw new Error('no database');
    };
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => node.cache.getOrLoad(ref, failing)));
    expect(new Set(outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as unknown)))).toHaveProperty('size', 1);
    expect(loads).toBe(1);
    expect(await node.cache.getOrLoad(ref, new Row().load)).toMatchObject({ value: 1, source: 'loaded' });
  });

  it('is one for three processes with 300 callers each', async () => {
    const processes = await Promise.all([0, 1, 2].map(() => CacheProcess.start(redisUrl, { lockWaitMs: 30_000, loaderTimeoutMs: 30_000 })));
    for (const one of processes) one.order({ ref, value: 7, callers: 300, loadMs: 100 });
    for (const one of processes) expect(new Set(await one.answers())).toEqual(new Set([7]));
    expect(processes.map(({ loads }) => loads).sort()).toEqual([0, 0, 1]);
    for (const one of processes) one.kill();
  });

  it('whose process is killed with -9 is done by another one, which waits no longer than for the lease', async () => {
    const settings = { loaderTimeoutMs: 500, lockWaitMs: 60_000 };
    const [first, second] = await Promise.all([0, 1].map(() => CacheProcess.start(redisUrl, settings)));
    first!.order({ ref, value: 'first', callers: 10, loadMs: 60_000 });
    await first!.loading();
    second!.order({ ref, value: 'second', callers: 10, loadMs: 0 });
    first!.kill();
    expect(await second!.answers()).toEqual(Array.from({ length: 10 }, () => 'second'));
    expect(second!.loads).toBe(1);
    const third = await startNode(redisUrl);
    expect(await third.cache.get(ref)).toMatchObject({ value: 'second', source: 'l2' });
    second!.kill();
  });

  it('whose process is killed with -9 holds up nobody for longer than he is willing to wait', async () => {
    const first = await CacheProcess.start(redisUrl, { loaderTimeoutMs: 60_000 });
    const second = await startNode(redisUrl, { lockWaitMs: 50 });
    first.order({ ref, value: 'first', callers: 1, loadMs: 60_000 });
    await first.loading();
    first.kill();
    expect(await second.cache.getOrLoad(ref, async () => 'second')).toMatchObject({ value: 'second', source: 'loaded' });
    expect(await second.cache.get(ref)).toMatchObject({ source: 'none' });
    await second.cache.delete(ref);
    await second.cache.getOrLoad(ref, async () => 'third');
    expect(await second.cache.get(ref)).toMatchObject({ value: 'third' });
  });
});

describe('a loader that hangs', () => {

  it.each(['with Redis', 'without Redis'])('%s: frees its key for the next caller, and what it says at last is kept nowhere', async (how) => {
    const node = createNode(how === 'with Redis' ? redisUrl : `redis://127.0.0.1:${String(await freePort())}`, { loaderTimeoutMs: 50 });
    node.start();
    if (how === 'with Redis') await isWell(node);
    const entry = { ...ref, id: how };
    const { load, end } = heldLoad('late');
    const callers = await Promise.allSettled([node.cache.getOrLoad(entry, load), node.cache.getOrLoad(entry, load)]);
    expect(callers).toMatchObject([0, 1].map(() => ({ status: 'rejected', reason: { code: 'LOADER_TIMED_OUT' } })));
    expect(node.state().inFlight).toBe(0);
    expect(await node.cache.getOrLoad(entry, async () => 'next')).toMatchObject({ value: 'next', source: 'loaded' });
    const { loads } = node.counters.of('agent_config');
    end();
    await waitFor('the late loader to be counted', () => node.counters.of('agent_config').loads > loads);
    if (how === 'with Redis') expect(await node.cache.get(entry, { consistency: 'strong' })).toMatchObject({ value: 'next', source: 'l2' });
    await new Promise(setImmediate);
    expect(node.cache.peek(entry)).toBe('next');
  });
});
