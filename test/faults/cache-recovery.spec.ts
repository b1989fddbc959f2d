import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { CacheEngine } from '../../src/shared/cache/cache-engine.js';
import { keys } from '../../src/shared/redis/index.js';
import { isWell, Row, startNode } from '../support/cache-nodes.js';
import { emptyRedis, redisUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

const tenantId = 'recovery';
const refOf = (id: string) => ({ tenantId, type: 'agent_config', id, scope: { agent: id } }) as const;
const OTHER_TENANT = { ...refOf('one'), tenantId: 'recovery-other' };
/** As many invalidations as are held back one by one. */
const HELD_BACK = 10_000;

describe('what was invalidated while one process could not reach Redis', () => {
  let proxy: TcpProxy;

  beforeAll(async () => {
    proxy = await TcpProxy.inFrontOf(Number(new URL(redisUrl).port));
  });
  beforeEach(async () => {
    proxy.pass();
    const redis = await emptyRedis();
    redis.disconnect();
  });
  afterAll(() => proxy.close());

  const behindProxy = (deadlineMs = 300): Promise<CacheEngine> => {
    const url = new URL(redisUrl);
    url.port = String(proxy.port);
    return startNode(url.href, { deadlineMs, softDeadlineMs: deadlineMs });
  };
  const fill = async (nodes: readonly CacheEngine[], row: Row, ids: readonly string[]): Promise<void> => {
    for (const node of nodes) {
      for (const id of ids) {
        await waitFor('the entry in memory', async () => (await node.cache.getOrLoad(refOf(id), row.load)).source === 'l1');
      }
    }
  };

  it.each(['refuse', 'swallow'] as const)('(%s) is served by no process after the reconnection, the one that had it in memory included', async (how) => {
    const [cut, sound, row, ids] = [await behindProxy(), await startNode(redisUrl), new Row(), ['deleted', 'invalidated', 'set']];
    await fill([cut, sound], row, ids);
    proxy[how]();
    row.version = 2;
    expect(await cut.cache.delete(refOf('deleted'))).toBe(false);
    expect(await cut.cache.invalidate(tenantId, ['a:invalidated'])).toBeUndefined();
    expect(await cut.cache.set(refOf('set'), 2)).toBe(false);
    const seen = new Set<number | undefined>();
    const readAll = async (): Promise<void> => {
      for (const id of ids) {
        for (const options of [{}, { consistency: 'strong' }] as const) seen.add((await cut.cache.getOrLoad(refOf(id), row.load, options)).value);
      }
    };
    await readAll();
    expect(ids.map((id) => sound.cache.peek(refOf(id)))).toEqual([1, 1, 1]);
    proxy.pass();
    await waitFor('the reconnection, with readers all the time', async () => {
      await readAll();
      return cut.state().breaker === 'closed' && cut.state().isBusSound;
    });
    await readAll();
    expect([...seen]).toEqual([2]);
    await waitFor('the other process to forget', () => ids.every((id) => sound.cache.peek(refOf(id)) !== 1));
    const fresh = await startNode(redisUrl);
    for (const { cache } of [sound, fresh, cut]) {
      for (const id of ids) expect(await cache.getOrLoad(refOf(id), row.load)).toMatchObject({ value: 2 });
    }
    expect(cut.state().heldBack).toBe(0);
  });

  it('by two processes that both wrote: all agree on the newest', async () => {
    const [first, second, sound, row] = [await behindProxy(), await behindProxy(), await startNode(redisUrl), new Row()];
    await fill([first, second, sound], row, ['written']);
    proxy.refuse();
    row.version = 2;
    await first.cache.set(refOf('written'), 2);
    row.version = 3;
    await second.cache.set(refOf('written'), 3);
    proxy.pass();
    await Promise.all([first, second].map(isWell));
    await waitFor('the sound one to forget', () => sound.cache.peek(refOf('written')) !== 1);
    for (const { cache } of [first, sound, second]) expect(await cache.getOrLoad(refOf('written'), row.load)).toMatchObject({ value: 3 });
  });

  it('of more entries than are held back one by one is the whole tenant, and no other', async () => {
    const [cut, sound, row] = [await behindProxy(), await startNode(redisUrl), new Row()];
    await fill([cut, sound], row, ['one', 'bystander']);
    await sound.cache.set(OTHER_TENANT, 1);
    proxy.refuse();
    row.version = 2;
    await cut.cache.delete(refOf('one'));
    for (let index = 1; index < HELD_BACK; index++) await cut.cache.delete(refOf(`many-${String(index)}`));
    expect(cut.state().heldBack).toBe(HELD_BACK);
    await cut.cache.delete(refOf('one too many'));
    expect(cut.state().heldBack).toBe(1);
    proxy.pass();
    await isWell(cut);
    for (const { cache } of [cut, sound]) {
      await waitFor('the old ones to be forgotten', () => ['one', 'bystander'].every((id) => cache.peek(refOf(id)) === undefined));
      for (const id of ['one', 'bystander']) expect(await cache.get(refOf(id), { consistency: 'strong' })).toMatchObject({ source: 'none' });
      expect(await cache.get(OTHER_TENANT, { consistency: 'strong' })).toMatchObject({ value: 1, source: 'l2' });
    }
  });

  it('is told once, however little time a command has', async () => {
    const [cut, sound, row] = [await behindProxy(10), await startNode(redisUrl), new Row()];
    await fill([sound], row, ['many-1', 'many-9999']);
    proxy.refuse();
    for (let index = 0; index < HELD_BACK; index++) await cut.cache.delete(refOf(`many-${String(index)}`));
    const redis = new Redis(redisUrl);
    const told: string[] = [];
    await redis.subscribe(keys.cacheBus(Number(new URL(redisUrl).pathname.slice(1))));
    redis.on('message', (_, message) => told.push(message.split(' ').at(-1) ?? ''));
    proxy.pass();
    await waitFor('all to be told', () => cut.state().heldBack === 0);
    for (const id of ['many-1', 'many-9999']) expect(await sound.cache.get(refOf(id), { consistency: 'strong' })).toMatchObject({ source: 'none' });
    await redis.unsubscribe();
    redis.disconnect();
    expect(told.filter((name) => name.startsWith('agent_config:many-')).length).toBe(HELD_BACK);
  });

  it('is told before a stop, if Redis comes back in time', async () => {
    const [cut, sound, row] = [await behindProxy(), await startNode(redisUrl), new Row()];
    await fill([sound], row, ['stopped']);
    proxy.refuse();
    await cut.cache.delete(refOf('stopped'));
    const stopped = cut.stop();
    proxy.pass();
    await stopped;
    expect(await sound.cache.get(refOf('stopped'), { consistency: 'strong' })).toMatchObject({ source: 'none' });
  });

  it('in the very moment of the recovery is told, too', async () => {
    const [cut, sound] = [await behindProxy(), await startNode(redisUrl)];
    for (let hops = 0; hops < 30; hops++) {
      const ref = refOf(`moment-${String(hops)}`);
      await sound.cache.set(ref, 'old');
      proxy.cut();
      await waitFor('the loss', () => cut.state().breaker === 'open');
      // Answered together with the recovery's own command: each round deletes at another step between Redis's answer and the closed breaker.
      cut.connection.once('up', () => {
        void cut.connection.client.ping().then(async () => {
          for (let hop = 0; hop < hops; hop++) await Promise.resolve();
          await cut.cache.delete(ref);
        });
      });
      await isWell(cut);
      await waitFor('it to be told', () => cut.state().heldBack === 0);
      expect(await sound.cache.get(ref, { consistency: 'strong' })).toMatchObject({ source: 'none' });
    }
  });
});
