import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../../scripts/command.mjs';

const AT_ONCE = 100;
const CLOCK_MS = 5;
let round = 0;

/** Puts entries under one scope, or one tag. */
export async function fill({ at, set }, { entries }) {
  let next = 0;
  const busy = async () => {
    while (next < entries) {
      const i = next++;
      await set(at(`scoped-${i}`), { number: i });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, busy));
}

/** @returns what the cache says it did */
export async function invalidateOnly(cache, { isCounted }) {
  return isCounted ? cache.invalidateCounted() : cache.invalidate();
}

/**
 * Makes all of them void, then reads one.
 *
 * @param {{ isRestored: boolean }} question whether they are valid again after the last time; else one is set anew
 * @returns {Promise<{ invalidateMs: number, readMs: number }>}
 */
export async function invalidateScope(cache, { isCounted, isRestored }) {
  const { at, read, set, valueOf } = cache;
  const place = at(`scoped-${round++}`);
  if (!isRestored) {
    // Tags go by the clock: what is set in the millisecond of the last invalidation would be void, too.
    await sleep(CLOCK_MS);
    await set(place, { number: round });
  }
  if (valueOf(await read(place, refuse)) === undefined) throw new CommandError('An entry is missing before the invalidation.');
  const startedAt = performance.now();
  await invalidateOnly(cache, { isCounted });
  const invalidatedAt = performance.now();
  const value = valueOf(await read(place, async () => ({ number: -1 })));
  if (value.number !== -1) throw new CommandError('An invalidated entry was read.');
  return { invalidateMs: invalidatedAt - startedAt, readMs: performance.now() - invalidatedAt };
}

async function refuse() {
  throw new CommandError('An entry is missing before the invalidation.');
}
