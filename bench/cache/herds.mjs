import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeValue } from './values.mjs';

/**
 * Many callers of one key at one moment.
 *
 * @param {{ key: string, callers: number, loadMs: number, startAt?: number }} question `startAt` in epoch milliseconds, for several processes
 * @returns {Promise<{ loads: number, overMs: number }>} `overMs`: what it took beyond the longest load
 */
export async function herd({ at, read }, { key, callers, loadMs, startAt = 0 }) {
  let [loads, longestMs] = [0, 0];
  const load = async () => {
    loads++;
    const startedAt = performance.now();
    await sleep(loadMs);
    longestMs = Math.max(longestMs, performance.now() - startedAt);
    return makeValue();
  };
  const place = at(key);
  await sleep(Math.max(0, startAt - Date.now() - 5));
  while (Date.now() < startAt) await new Promise(setImmediate);
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: callers }, () => read(place, load)));
  return { loads, overMs: performance.now() - startedAt - longestMs };
}
