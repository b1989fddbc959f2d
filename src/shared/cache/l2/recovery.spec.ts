import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { waitFor } from '../../../../test/support/wait-for.js';
import { RecoveryQueue } from '../bus/recovery-queue.js';
import type { Invalidation } from './invalidation.js';
import { Breaker } from './breaker.js';
import type { CacheConnection } from './cache-connection.js';
import type { L2Store } from './l2.store.js';
import { Recovery } from './recovery.js';

const invalidation = (name: string): Invalidation => ({ kind: 'entry', tenant: 't', name });

let connection: EventEmitter & { isReady: boolean; renew: jest.Mock<() => Promise<void>> };
let told: string[];
let store: { ping: () => Promise<boolean>; replay: (batch: readonly Invalidation[]) => Promise<boolean> };
let queue: RecoveryQueue;
let breaker: Breaker;
let recovery: Recovery;

beforeEach(() => {
  connection = Object.assign(new EventEmitter(), { isReady: true, renew: jest.fn(async () => undefined) });
  told = [];
  store = {
    ping: async () => true,
    replay: async (batch) => {
      told.push(...batch.map(({ name }) => name));
      return true;
    },
  };
  queue = new RecoveryQueue(10_000, () => {
    breaker.open();
  });
  breaker = new Breaker((state) => {
    if (state === 'open') recovery.begin();
  });
  recovery = new Recovery(connection as unknown as CacheConnection, breaker, store as unknown as L2Store, queue);
});
afterEach(() => {
  recovery.stop();
});

const closed = (): Promise<boolean> => waitFor('the breaker to close', () => !breaker.isOpen);

describe('the way back from an outage', () => {
  it('tells Redis everything that was held back before anybody may ask it', async () => {
    for (let index = 0; index < 1_200; index++) queue.add(invalidation(String(index)));
    const replay = store.replay;
    store.replay = async (batch) => {
      expect(breaker.isOpen).toBe(true);
      return replay(batch);
    };
    connection.emit('up');
    await closed();
    expect([told.length, told[0], told.at(-1), queue.size]).toEqual([1_200, '0', '1199', 0]);
  });

  it('tells also what has become void while it was telling', async () => {
    queue.add(invalidation('a'));
    const replay = store.replay;
    let rounds = 0;
    store.replay = async (batch) => {
      if (rounds++ < 2) queue.add(invalidation('a'));
      return replay(batch);
    };
    connection.emit('up');
    await closed();
    expect([told, queue.size]).toEqual([['a', 'a', 'a'], 0]);
  });

  it('stays open when Redis has not heard all of it, and tries again', async () => {
    queue.add(invalidation('a'));
    const replay = store.replay;
    let tries = 0;
    store.replay = async (batch) => ++tries > 1 && replay(batch);
    connection.emit('up');
    await waitFor('the first try', () => tries === 1);
    expect([breaker.isOpen, queue.size]).toEqual([true, 1]);
    await closed();
    expect([tries, told]).toEqual([2, ['a']]);
  });

  it('takes a new connection when a sound one does not answer twice, none when there is none', async () => {
    store.ping = async () => false;
    connection.isReady = false;
    connection.emit('up');
    await new Promise(setImmediate);
    expect(connection.renew).not.toHaveBeenCalled();
    connection.isReady = true;
    await waitFor('a new connection', () => connection.renew.mock.calls.length > 0);
    expect(breaker.isOpen).toBe(true);
  });

  it('begins with every loss of the connection', async () => {
    connection.emit('up');
    await closed();
    connection.emit('down');
    expect(breaker.isOpen).toBe(true);
    await closed();
  });

  it('does not end while something is held back, not even when that happened after the last look', async () => {
    const size = Object.getOwnPropertyDescriptor(RecoveryQueue.prototype, 'size')!.get!.bind(queue) as () => number;
    let looks = 0;
    const look = (): number => {
      if (++looks === 1) queueMicrotask(() => queue.add(invalidation('late')));
      return size();
    };
    Object.defineProperty(queue, 'size', { get: look });
    const heldBack: number[] = [];
    const close = breaker.close.bind(breaker);
    breaker.close = () => {
      heldBack.push(size());
      close();
    };
    connection.emit('up');
    await closed();
    expect([heldBack, told]).toEqual([[0], ['late']]);
  });

  it('begins again for what is held back in the moment in which it ends', async () => {
    connection.emit('up');
    await closed();
    queue.add(invalidation('late'));
    expect(breaker.isOpen).toBe(true);
    await waitFor('Redis to know', () => queue.size === 0);
    await closed();
    expect(told).toEqual(['late']);
  });

  it('does not go on after a stop', async () => {
    let pings = 0;
    store.ping = async () => {
      pings++;
      return false;
    };
    recovery.stop();
    connection.emit('up');
    await new Promise(setImmediate);
    expect(pings).toBe(0);
  });
});
