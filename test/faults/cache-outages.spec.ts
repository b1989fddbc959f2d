import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { CacheEngine } from '../../src/shared/cache/cache-engine.js';
import { isWell, Row, startNode } from '../support/cache-nodes.js';
import { CacheProcess } from '../support/cache-process.js';
import { freePort } from '../support/free-port.js';
import { OwnRedis } from '../support/own-redis.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

const tenantId = 'outages';
const refOf = (id: string) => ({ tenantId, type: 'agent_config', id, scope: { agent: id } }) as const;
/** Short, so that a call on a Redis that is silent ends soon. */
const DEADLINES = { deadlineMs: 300, softDeadlineMs: 150 };

/** A node behind a proxy in front of a Redis of this file, and a way to break and to mend what is between them. */
interface Scene {
  readonly redis: OwnRedis;
  readonly proxy: TcpProxy;
  node: CacheEngine;
}

interface Outage {
  readonly name: string;
  begin(scene: Scene): Promise<void> | void;
  end(scene: Scene): Promise<void> | void;
}

const OUTAGES: readonly Outage[] = [
  { name: 'stopped', begin: ({ proxy }) => { proxy.refuse(); }, end: ({ proxy }) => { proxy.pass(); } },
  { name: 'killed and started again', begin: ({ redis }) => redis.kill(), end: ({ redis }) => redis.begin() },
  { name: 'black-holed', begin: ({ proxy }) => { proxy.swallow(); }, end: ({ proxy }) => { proxy.pass(); } },
  { name: 'paused', begin: ({ redis }) => { redis.pause(); }, end: ({ redis }) => { redis.resume(); } },
];

// What nobody handles, an exception or a rejection, fails the test during which it happens: so does jest.
describe('a cache whose Redis', () => {
  let scene: Scene;
  let breaker: string[];

  beforeAll(async () => {
    const redis = await OwnRedis.start(await freePort());
    const proxy = await TcpProxy.inFrontOf(redis.port);
    scene = { redis, proxy, node: undefined as never };
  });
  afterAll(async () => {
    await scene.proxy.close();
    await scene.redis.remove();
  });

  const begin = async (): Promise<CacheEngine> => {
    scene.proxy.pass();
    scene.node = await startNode(`redis://127.0.0.1:${String(scene.proxy.port)}`, DEADLINES);
    breaker = [];
    scene.node.events.on('breaker', ({ state }) => breaker.push(state));
    return scene.node;
  };

  /** Every kind of call at once; each ends, and says what can be said without Redis. */
  const callAll = async ({ cache }: CacheEngine, id: string): Promise<void> => {
    const row = new Row();
    const [loaded, strong, reloaded, got, many, loadedMany, set, deleted, counts, indexes] = await Promise.all([
      cache.getOrLoad(refOf(`${id}-1`), row.load),
      cache.getOrLoad(refOf(`${id}-2`), row.load, { consistency: 'strong' }),
      cache.getOrLoad(refOf(`${id}-3`), row.load, { isReload: true }),
      cache.get(refOf(`${id}-4`)),
      cache.getMany(refOf(''), [`${id}-5`, `${id}-6`]),
      cache.loadMany(refOf(''), [`${id}-7`, `${id}-8`], async (ids) => new Map(ids.map((missing) => [missing, 1]))),
      cache.set(refOf(`${id}-9`), 1),
      cache.delete(refOf(`${id}-10`)),
      cache.invalidate(tenantId, [`a:${id}-11`]),
      cache.indexNames(tenantId),
      cache.touch(refOf(`${id}-12`)),
    ]);
    expect([loaded, strong, reloaded]).toMatchObject([1, 2, 3].map(() => ({ value: 1, source: 'loaded' })));
    expect([...loadedMany.values()]).toEqual([1, 1]);
    expect({ got, many: many.size, set, deleted, counts, indexes }).toMatchObject({ got: { source: 'none' }, many: 0, set: false, deleted: false, counts: undefined, indexes: [] });
  };

  it.each(OUTAGES)('is $name answers every call from its loaders, and uses Redis again when it is back', async (outage) => {
    const node = await begin();
    const kept = refOf(`kept-${outage.name}`);
    await node.cache.set(kept, 'kept');
    await outage.begin(scene);
    for (const round of ['first', 'second', 'third']) await callAll(node, `${outage.name}-${round}`);
    expect(breaker).toEqual(['open']);
    expect(node.state()).toMatchObject({ breaker: 'open', inFlight: 0, heldBack: 9 });
    await outage.end(scene);
    await isWell(node);
    expect(breaker.at(-1)).toBe('closed');
    expect(node.state().heldBack).toBe(0);
    expect(await node.cache.get(kept, { consistency: 'strong' })).toMatchObject({ value: 'kept', source: 'l2' });
    expect(await node.cache.set(refOf(outage.name), 'after')).toBe(true);
    expect(await node.cache.get(refOf(outage.name), { consistency: 'strong' })).toMatchObject({ value: 'after', source: 'l2' });
    await node.stop();
  });

  it('connections are forgotten by a firewall makes new ones by itself', async () => {
    const node = await begin();
    scene.proxy.freeze();
    await callAll(node, 'frozen');
    expect(breaker[0]).toBe('open');
    await isWell(node);
    expect(await node.cache.set(refOf('thawed'), 1)).toBe(true);
    await node.stop();
  });

  it('is black-holed serves what it has loaded from its memory for a while, so that the database is not asked for everything', async () => {
    const node = await begin();
    scene.proxy.swallow();
    const row = new Row();
    await node.cache.getOrLoad(refOf('memory'), row.load);
    expect(breaker).toEqual(['open']);
    await waitFor('the bus to be lost', () => !node.state().isBusSound);
    await node.cache.getOrLoad(refOf('memory'), row.load);
    expect(await node.cache.getOrLoad(refOf('memory'), row.load)).toMatchObject({ source: 'l1' });
    expect(row.loads).toBe(2);
    await waitFor('the memory to be too old', () => node.cache.peek(refOf('memory')) === undefined);
    row.version = 2;
    expect(await node.cache.getOrLoad(refOf('memory'), row.load)).toMatchObject({ value: 2, source: 'loaded' });
    scene.proxy.pass();
    await isWell(node);
    await node.stop();
  });

  it('is away in every way does not end a process that listens for no unhandled error', async () => {
    scene.proxy.pass();
    const child = await CacheProcess.start(`redis://127.0.0.1:${String(scene.proxy.port)}`, DEADLINES);
    for (const outage of OUTAGES) {
      await outage.begin(scene);
      for (const round of ['first', 'second']) {
        child.order({ ref: refOf(`${outage.name}-${round}`), value: round, callers: 10, loadMs: 0 });
        expect(new Set(await child.answers())).toEqual(new Set([round]));
      }
      await outage.end(scene);
      child.order({ ref: refOf(`${outage.name}-after`), value: 'after', callers: 10, loadMs: 0 });
      expect(new Set(await child.answers())).toEqual(new Set(['after']));
    }
    child.kill();
  });

  it('is full answers from its loaders, and keeps no older value than it could not write', async () => {
    const node = await begin();
    await node.cache.set(refOf('full'), 'older');
    const admin = new Redis(scene.redis.url);
    await admin.config('SET', 'maxmemory', '1');
    expect(await node.cache.set(refOf('full'), 'newer')).toBe(false);
    await isWell(node);
    expect(await node.cache.get(refOf('full'), { consistency: 'strong' })).toMatchObject({ source: 'none' });
    for (const id of ['full-1', 'full-2', 'full-3']) expect(await node.cache.getOrLoad(refOf(id), new Row().load)).toMatchObject({ value: 1, source: 'loaded' });
    // A probe that comes between two of them is answered: then the next one opens it again.
    expect(breaker.slice(0, 3)).toEqual(['open', 'closed', 'open']);
    await admin.config('SET', 'maxmemory', '0');
    admin.disconnect();
    await isWell(node);
    await node.stop();
  });

  it('is cut off while hundreds of reads are under way answers each of them', async () => {
    const node = await begin();
    for (const cut of [() => { scene.proxy.cut(); }, () => { scene.proxy.refuse(); }, () => { scene.proxy.swallow(); }]) {
      const row = new Row();
      const reads = Array.from({ length: 300 }, (_, index) => node.cache.getOrLoad(refOf(`cut-${String(index % 100)}`), row.load));
      await new Promise(setImmediate);
      cut();
      expect((await Promise.all(reads)).filter(({ value }) => value === 1)).toHaveLength(300);
      scene.proxy.pass();
      await waitFor('no flight', () => node.state().inFlight === 0);
      await isWell(node);
    }
    await node.stop();
  });
});
