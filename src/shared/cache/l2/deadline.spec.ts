import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { LATE, within } from './deadline.js';

describe('work with a deadline', () => {
  it('is what it comes to', async () => {
    expect(await within(10_000, Promise.resolve(1))).toBe(1);
    await expect(within(10_000, Promise.reject(new Error('x')))).rejects.toThrow('x');
  });

  it('is late when it does not end', async () => {
    expect(await within(1, new Promise(() => undefined))).toBe(LATE);
  });

  it('that fails after it was late is no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const work = Promise.withResolvers<number>();
    expect(await within(1, work.promise)).toBe(LATE);
    work.reject(new Error('x'));
    await sleep(20);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('whose answer has arrived while the process was busy is not late', async () => {
    const work = new Promise<number>((resolve) => setImmediate(resolve, 1));
    const outcome = within(1, work);
    const until = performance.now() + 20;
    while (performance.now() < until);
    expect(await outcome).toBe(1);
  });
});
