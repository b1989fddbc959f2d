import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './statistics.mjs';

const SETTLE_MS = 300;
const WATCH_MS = 700;

/**
 * How busy the machine is while the bench does nothing: what other programs take away from the figures.
 *
 * @returns {Promise<number>} share of all cores, 0 to 1
 */
export async function othersShare() {
  await sleep(SETTLE_MS);
  const before = readTimes();
  await sleep(WATCH_MS);
  const after = readTimes();
  return 1 - (after.idle - before.idle) / (after.total - before.total);
}

/** The same as a sentence. @param {readonly number[]} shares of several moments */
export function othersNote(shares) {
  return `Other programs kept ${percent(median(shares))} of the cores busy between the measures (${percent(Math.min(...shares))} to ${percent(Math.max(...shares))}).`;
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}

function readTimes() {
  const times = cpus().map(({ times: of }) => of);
  const idle = times.reduce((sum, of) => sum + of.idle, 0);
  const total = times.reduce((sum, of) => sum + of.idle + of.user + of.nice + of.sys + of.irq, 0);
  return { idle, total };
}
