import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeValue } from './values.mjs';

const LATER_CALLS = 500;
const PAUSE_MS = 1;

/** Reads while all is well, so that the first of the outage measures the outage. */
export async function beforeOutage({ at, read }) {
  for (let i = 0; i < 200; i++) await read(at(`before-${i}`), async () => makeValue());
}

/**
 * Calls while Redis accepts everything and answers nothing: keys that are nowhere yet, a loader that takes no time.
 *
 * @returns {Promise<{ first: Call, later: Call[] }>}
 * @typedef {{ ms: number, outcome: 'answered' | 'failed' | 'hangs' }} Call
 */
export async function outage({ at, read }, { capMs }) {
  const call = (key) => timed(read(at(key), async () => makeValue()), capMs);
  const first = await call('outage-first');
  const later = [];
  const until = performance.now() + capMs;
  while (later.length < LATER_CALLS && performance.now() < until) {
    later.push(await call(`outage-${later.length}`));
    await sleep(PAUSE_MS);
  }
  return { first, later };
}

async function timed(work, capMs) {
  const startedAt = performance.now();
  const outcome = await Promise.race([work.then(() => 'answered', () => 'failed'), sleep(capMs, 'hangs', { ref: false })]);
  return { ms: performance.now() - startedAt, outcome };
}
