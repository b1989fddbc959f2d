import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheEngine } from '../../src/shared/cache/cache-engine.js';
import { createNode, isWell, Row, startNode } from '../support/cache-nodes.js';
import { emptyRedis, redisUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

const tenantId = 'bus';
const refOf = (id: string) => ({ tenantId, type: 'agent_config', id, scope: { agent: id } }) as const;
const IDS = ['deleted', 'invalidated', 'set'] as const;
/** What only the connection of the bus says, and only the one for commands. */
const SUBSCRIBER = 'subscribe';
const COMMANDER = 'SCRIPT';

describe('a process that loses its invalidation bus', () => {
  let proxy: TcpProxy;
  let deaf: CacheEngine;
  let sound: CacheEngine;
  let row: Row;
  let bus: boolean[];

  beforeAll(async () => {
    proxy = await TcpProxy.inFrontOf(Number(new URL(redisUrl).port));
  });
  beforeEach(async () => {
    proxy.pass();
    const redis = await emptyRedis();
    redis.disconnect();
    row = new Row();
    [deaf, sound] = await Promise.all([startNode(proxiedUrl()), startNode(redisUrl)]);
    bus = [];
    deaf.events.on('bus', ({ isSound }) => bus.push(isSound));
  });
  afterAll(() => proxy.close());

  const proxiedUrl = (): string => {
    const url = new URL(redisUrl);
    url.port = String(proxy.port);
    return url.href;
  };
  const fill = async (): Promise<void> => {
    for (const id of IDS) {
      await waitFor('the entry in memory', async () => (await deaf.cache.getOrLoad(refOf(id), row.load)).source === 'l1');
    }
  };
  /** Another process makes the old version void, in each of the three ways. */
  const change = async (): Promise<void> => {
    row.version++;
    await Promise.all([sound.cache.delete(refOf('deleted')), sound.cache.invalidate(tenantId, ['a:invalidated']), sound.cache.set(refOf('set'), row.version)]);
  };
  const expectNewest = async (): Promise<void> => {
    for (const id of IDS) expect({ id, ...(await deaf.cache.getOrLoad(refOf(id), row.load)) }).toMatchObject({ id, value: row.version });
  };
  const isLost = (): Promise<boolean> => waitFor('the loss to be noticed', () => bus.includes(false));

  it('by a cut serves nothing older than what was invalidated meanwhile, from the moment it notices and after it hears again', async () => {
    for (let round = 0; round < 10; round++) {
      await fill();
      bus.length = 0;
      proxy.cut(SUBSCRIBER);
      if (round % 2 === 0) await isLost();
      await change();
      await isLost();
      await expectNewest();
      await waitFor('the bus', async () => {
        await expectNewest();
        return deaf.state().isBusSound;
      });
      await expectNewest();
      await fill();
      expect(deaf.state().breaker).toBe('closed');
    }
  });

  it('without a word notices it by its own missing beat, serves nothing older from then on, and subscribes anew', async () => {
    await fill();
    proxy.freeze(SUBSCRIBER);
    await change();
    await isLost();
    await expectNewest();
    await isWell(deaf);
    await expectNewest();
    await fill();
    expect(bus).toEqual([false, true]);
  });

  it('makes nothing of what it has in memory that others would take for new, before it notices, too', async () => {
    await fill();
    const whole = { tenantId, type: 'execution_context', id: 'whole', scope: { agent: 'invalidated' } } as const;
    proxy.freeze(SUBSCRIBER);
    await change();
    const made = await deaf.cache.getOrLoad(whole, async () => (await deaf.cache.getOrLoad(refOf('invalidated'), row.load)).value);
    expect([made.value, (await sound.cache.getOrLoad(whole, row.load)).value]).toEqual([row.version, row.version]);
  });

  it('in the middle of subscribing tries again, and hears at last', async () => {
    proxy.freezeWhoSays(SUBSCRIBER);
    const late = createNode(proxiedUrl());
    late.start();
    await waitFor('its commands', () => late.state().breaker === 'closed');
    proxy.cut(SUBSCRIBER);
    await isLost();
    await change();
    await expectNewest();
    await waitFor('two that hang', () => proxy.count(SUBSCRIBER) >= 2);
    proxy.pass();
    await Promise.all([isWell(late), isWell(deaf)]);
    await expectNewest();
  });

  it('over which a read was under way does not remember what it read', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const reading = deaf.cache.getOrLoad(refOf('deleted'), () => promise);
    await waitFor('the load', () => deaf.state().inFlight === 1);
    proxy.cut(SUBSCRIBER);
    await isLost();
    await change();
    await isWell(deaf);
    resolve(1);
    expect(await reading).toMatchObject({ value: 1 });
    await expectNewest();
  });

  it('does not, when only its commands are lost: what is invalidated elsewhere it still hears', async () => {
    await fill();
    proxy.freeze(COMMANDER);
    await change();
    await waitFor('the invalidations', () => IDS.every((id) => deaf.cache.peek(refOf(id)) === undefined));
    expect(bus).toEqual([]);
  });
});
