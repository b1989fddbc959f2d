import { performance } from 'node:perf_hooks';
import { percentiles } from '../statistics.mjs';

/**
 * Some kinds of work by turns, one call at a time, so that a machine that is slow for one is as slow for the others.
 *
 * @param {Record<string, (i: number) => Promise<unknown>>} works
 * @param {number} count calls of each
 * @returns {Promise<Record<string, Timing>>} by the names of the works
 * @typedef {{ p50: number, p99: number, perSecond: number }} Timing milliseconds, and calls per second of the time that they took
 */
export async function callsByTurns(works, count) {
  const names = Object.keys(works);
  const times = Object.fromEntries(names.map((name) => [name, new Float64Array(count)]));
  for (let i = 0; i < count; i++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(i + turn) % names.length];
      const startedAt = performance.now();
      await works[name](i);
      times[name][i] = performance.now() - startedAt;
    }
  }
  return Object.fromEntries(names.map((name) => [name, timingOf(times[name], sum(times[name]))]));
}

/**
 * The same for many clients at once: short slices of each work by turns.
 *
 * @param {Record<string, (i: number) => Promise<unknown>>} works
 * @param {{ clients: number, each: number, slices: number }} extent `each`: calls of a client in a slice
 * @returns {Promise<Record<string, Timing>>}
 */
export async function slicesByTurns(works, { clients, each, slices }) {
  const names = Object.keys(works);
  const runs = Object.fromEntries(names.map((name) => [name, { times: [], tookMs: 0 }]));
  for (let slice = 0; slice < slices; slice++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(slice + turn) % names.length];
      const run = runs[name];
      const startedAt = performance.now();
      run.times.push(...(await runClients((i) => works[name](slice * clients * each + i), { clients, each })));
      run.tookMs += performance.now() - startedAt;
    }
  }
  return Object.fromEntries(names.map((name) => [name, timingOf(runs[name].times, runs[name].tookMs)]));
}

/**
 * Clients that never pause, each with one call at a time. Call `i` is of client `i % clients`.
 *
 * @returns {Promise<Float64Array>} times of all calls, milliseconds
 */
async function runClients(work, { clients, each }) {
  const times = new Float64Array(clients * each);
  const busy = async (client) => {
    for (let i = client; i < times.length; i += clients) {
      const startedAt = performance.now();
      await work(i);
      times[i] = performance.now() - startedAt;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => busy(client)));
  return times;
}

function timingOf(times, tookMs) {
  const { p50, p99 } = percentiles(times);
  return { p50, p99, perSecond: (times.length * 1000) / tookMs };
}

function sum(times) {
  return times.reduce((total, time) => total + time, 0);
}
