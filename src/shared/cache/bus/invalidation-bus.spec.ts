import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { waitFor } from '../../../../test/support/wait-for.js';
import type { CacheConnection } from '../l2/cache-connection.js';
import { BusStamp } from './bus-message.js';
import { InvalidationBus } from './invalidation-bus.js';

const BEAT_MS = 20;

/** A connection whose subscription and messages are the test's. */
class ScriptedConnection extends EventEmitter {
  readonly isReady = true;
  receive: ((text: string) => void) | undefined;
  subscribing: () => Promise<void> = async () => undefined;
  readonly renew = jest.fn(async () => undefined);
  readonly client = {
    subscribe: async (_: string, receive: (text: string) => void): Promise<void> => {
      await this.subscribing();
      this.receive = receive;
    },
  };
  start(): void {
    this.emit('up');
  }
  async close(): Promise<void> {
    this.emit('down');
  }
}

const stamp = new BusStamp('nb:cache:bus:0');
let connection: ScriptedConnection;
let isHeard: boolean;
let cleared: number;
let changes: boolean[];
let bus: InvalidationBus;

beforeEach(() => {
  [connection, isHeard, cleared, changes] = [new ScriptedConnection(), true, 0, []];
  const beat = async (): Promise<void> => (isHeard ? connection.receive?.(stamp.beat()) : undefined);
  bus = new InvalidationBus(connection as unknown as CacheConnection, stamp, BEAT_MS, beat, { entry: () => undefined, scope: () => undefined, all: () => cleared++ });
  bus.onChange = (isSound) => changes.push(isSound);
});
afterEach(() => bus.stop());

describe('the bus', () => {
  it('is sound as soon as it hears itself, and what was remembered before is forgotten', async () => {
    expect(bus.isSound).toBe(false);
    bus.start();
    await waitFor('the bus', () => bus.isSound);
    expect([cleared, changes]).toEqual([1, [true]]);
  });

  it('is lost with its connection, at once, and forgets what was remembered', async () => {
    bus.start();
    await waitFor('the bus', () => bus.isSound);
    connection.emit('down');
    expect([bus.isSound, cleared, changes]).toEqual([false, 2, [true, false]]);
    connection.receive?.(stamp.beat());
    expect(bus.isSound).toBe(false);
    connection.emit('up');
    await waitFor('the bus', () => bus.isSound);
    expect([cleared, changes]).toEqual([3, [true, false, true]]);
  });

  it('is lost when it does not hear itself any more, and then takes a new connection', async () => {
    bus.start();
    await waitFor('the bus', () => bus.isSound);
    isHeard = false;
    await waitFor('the loss', () => !bus.isSound);
    expect(cleared).toBe(2);
    await waitFor('a new connection', () => connection.renew.mock.calls.length > 0);
    isHeard = true;
    connection.emit('down');
    connection.emit('up');
    await waitFor('the bus', () => bus.isSound);
  });

  it('that has never heard itself on a connection takes a new one, too', async () => {
    isHeard = false;
    bus.start();
    await waitFor('a second new connection', () => connection.renew.mock.calls.length > 1, 2_000);
  });

  it('takes a new connection when the subscription fails', async () => {
    connection.subscribing = () => Promise.reject(new Error('x'));
    bus.start();
    await waitFor('a new connection', () => connection.renew.mock.calls.length > 0);
  });

  it('takes a new connection when the subscription is not answered', async () => {
    connection.subscribing = () => new Promise(() => undefined);
    bus.start();
    await waitFor('a new connection', () => connection.renew.mock.calls.length > 0, 2_000);
    expect(bus.isSound).toBe(false);
  });
});
