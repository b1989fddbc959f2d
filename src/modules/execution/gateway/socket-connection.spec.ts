import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { WebSocket } from 'ws';
import { PONG_WITHIN_MS, SocketConnection } from './socket-connection.js';
import type { SocketOwner } from './socket-owner.js';

const PING_MS = 30_000;

/** A client that answers as long as it is told to. */
class Client extends EventEmitter {
  isThere = true;
  pings = 0;
  isCutOff = false;

  ping(): void {
    this.pings++;
    if (this.isThere) this.emit('pong', Buffer.from(''));
  }

  terminate(): void {
    this.isCutOff = true;
    this.emit('close');
  }
}

describe('the heartbeat of a socket', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('goes on while the client answers, and cuts off one that has not answered in time', () => {
    const [client, noted] = [new Client(), jest.fn()];
    const connection = new SocketConnection({ socket: client as unknown as WebSocket, bytes: client as unknown as Socket }, { sessionId: 's' } as SocketOwner, 0);
    connection.keepAlive(PING_MS, noted);
    jest.advanceTimersByTime(10 * PING_MS + PONG_WITHIN_MS);
    expect([client.pings, noted.mock.calls.length, client.isCutOff]).toEqual([10, 10, false]);
    client.isThere = false;
    jest.advanceTimersByTime(PING_MS - 1);
    expect([client.pings, client.isCutOff]).toEqual([11, false]);
    jest.advanceTimersByTime(PONG_WITHIN_MS);
    expect(client.isCutOff).toBe(true);
    connection.dispose();
    expect(jest.getTimerCount()).toBe(0);
  });
});
