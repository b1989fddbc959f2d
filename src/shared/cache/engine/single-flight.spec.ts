import { describe, expect, it, jest } from '@jest/globals';
import { SingleFlight } from './single-flight.js';

const sound = (): boolean => true;
const deferred = <T>(): PromiseWithResolvers<T> => Promise.withResolvers<T>();

describe('work for many', () => {
  it('is done once for all who ask meanwhile, and again for who asks later', async () => {
    const flights = new SingleFlight<string>();
    const work = deferred<number>();
    const open = jest.fn(() => ({ context: '', promise: work.promise }));
    const joined = Array.from({ length: 100 }, () => flights.join('k', sound, open));
    expect(joined.map(({ isJoined }) => isJoined)).toEqual([false, ...Array.from({ length: 99 }, () => true)]);
    expect([flights.size, flights.has('k'), flights.has('other')]).toEqual([1, true, false]);
    work.resolve(7);
    expect(new Set(await Promise.all(joined.map(({ promise }) => promise)))).toEqual(new Set([7]));
    expect([open.mock.calls.length, flights.size]).toEqual([1, 0]);
    expect(flights.join('k', sound, open).isJoined).toBe(false);
  });

  it('that fails, fails for all, and is not kept', async () => {
    const flights = new SingleFlight<string>();
    const failure = new Error('x');
    const open = jest.fn(() => ({ context: '', promise: Promise.reject(failure) }));
    const joined = Array.from({ length: 3 }, () => flights.join('k', sound, open).promise);
    expect(await Promise.allSettled(joined)).toEqual(Array.from({ length: 3 }, () => ({ status: 'rejected', reason: failure })));
    expect([open.mock.calls.length, flights.size]).toEqual([1, 0]);
  });

  it('of different keys is different work', () => {
    const flights = new SingleFlight<string>();
    const open = (): { context: string; promise: Promise<void> } => ({ context: '', promise: deferred<void>().promise });
    expect([flights.join('a', sound, open).isJoined, flights.join('b', sound, open).isJoined, flights.size]).toEqual([false, false, 2]);
  });

  it('whose context is no longer sound is left to those who are in it, and its end does not end the new one', async () => {
    const flights = new SingleFlight<string>();
    const [old, renewed] = [deferred<string>(), deferred<string>()];
    const first = flights.join('k', sound, () => ({ context: 'old', promise: old.promise }));
    const isSound = (context: string): boolean => context !== 'old';
    const second = flights.join('k', isSound, () => ({ context: 'new', promise: renewed.promise }));
    expect(second.isJoined).toBe(false);
    old.resolve('old');
    expect(await first.promise).toBe('old');
    await Promise.resolve();
    expect(flights.has('k')).toBe(true);
    const third = flights.join('k', isSound, () => ({ context: 'never', promise: Promise.resolve('never') }));
    renewed.resolve('new');
    expect([await second.promise, third.isJoined, await third.promise]).toEqual(['new', true, 'new']);
    expect(flights.size).toBe(0);
  });
});
