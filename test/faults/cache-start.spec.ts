import { afterAll, describe, expect, it } from '@jest/globals';
import { createNode, isWell, Row } from '../support/cache-nodes.js';
import { freePort } from '../support/free-port.js';
import { OwnRedis } from '../support/own-redis.js';
import { redisUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

const ref = { tenantId: 'start', type: 'agent_config', id: 'one', scope: { agent: 'a' } } as const;

describe('the start of a cache', () => {
  const open: { close(): Promise<void> }[] = [];
  afterAll(async () => {
    for (const one of open) await one.close();
  });

  it('without Redis serves from the loaders, and connects by itself when Redis is there', async () => {
    const port = await freePort();
    const row = new Row();
    const node = createNode(`redis://127.0.0.1:${String(port)}`);
    node.start();
    expect(await node.cache.getOrLoad(ref, row.load)).toMatchObject({ value: 1, source: 'loaded' });
    expect(await node.cache.get({ ...ref, id: 'other' })).toMatchObject({ source: 'none' });
    expect(node.state()).toMatchObject({ breaker: 'open', isBusSound: false });
    const redis = await OwnRedis.start(port);
    open.push({ close: () => redis.remove() });
    await isWell(node);
    const other = createNode(redis.url);
    other.start();
    await isWell(other);
    row.version = 2;
    await node.cache.delete(ref);
    expect(await node.cache.getOrLoad(ref, row.load)).toMatchObject({ value: 2, source: 'loaded' });
    expect(await other.cache.get(ref)).toMatchObject({ value: 2, source: 'l2' });
  });

  it('on a Redis that has none of the scripts keeps the order of a write and the deletion after it', async () => {
    // Of its own: one server has one set of scripts for all its databases.
    const redis = await OwnRedis.start(await freePort());
    open.push({ close: () => redis.remove() });
    const node = createNode(redis.url);
    node.start();
    await isWell(node);
    await node.cache.delete(ref);
    await Promise.all([node.cache.set(ref, 'older'), node.cache.delete(ref)]);
    expect(await node.cache.get(ref, { consistency: 'strong' })).toMatchObject({ source: 'none' });
  });

  it('may be followed by its stop at once', async () => {
    const node = createNode(redisUrl);
    node.start();
    await node.stop();
    expect(node.connection.isReady).toBe(false);
  });

  it('may be followed by its stop while Redis accepts connections and says nothing', async () => {
    const proxy = await TcpProxy.inFrontOf(Number(new URL(redisUrl).port));
    open.push(proxy);
    proxy.swallow();
    const node = createNode(`redis://127.0.0.1:${String(proxy.port)}`);
    node.start();
    await waitFor('a connection', () => proxy.count() > 0);
    await node.stop();
    expect(node.connection.isReady).toBe(false);
  });
});
