import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { CacheEventSource } from './cache-events.js';

describe('a listener', () => {
  it('hears its event until it leaves', () => {
    const events = new CacheEventSource();
    const heard: unknown[] = [];
    const leave = events.on('bus', (event) => heard.push(event));
    expect([events.has('bus'), events.has('read')]).toEqual([true, false]);
    events.emit('bus', { isSound: true });
    events.emit('breaker', { state: 'open' });
    leave();
    leave();
    events.emit('bus', { isSound: false });
    expect([heard, events.has('bus')]).toEqual([[{ isSound: true }], false]);
  });

  it('that throws disturbs neither the cache nor another listener', () => {
    const events = new CacheEventSource();
    const heard: unknown[] = [];
    events.on('bus', () => {
      throw new Error('x');
    });
    events.on('bus', (event) => heard.push(event));
    events.emit('bus', { isSound: true });
    expect(heard).toEqual([{ isSound: true }]);
  });

  it('that fails later does not end the process', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const events = new CacheEventSource();
    const fail = (): unknown => Promise.reject(new Error('x'));
    events.on('bus', fail);
    events.emit('bus', { isSound: true });
    await sleep(20);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('may leave, and others may come, while it is told', () => {
    const events = new CacheEventSource();
    const heard: string[] = [];
    const leave = events.on('bus', () => {
      heard.push('first');
      leave();
    });
    events.on('bus', () => heard.push('second'));
    events.emit('bus', { isSound: true });
    events.emit('bus', { isSound: true });
    expect(heard).toEqual(['first', 'second', 'second']);
  });
});
