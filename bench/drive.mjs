import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentiles } from './statistics.mjs';

/**
 * Keeps every client busy, each with one piece of work at a time, for a time or for a number of rounds.
 *
 * @param {readonly (() => Promise<Record<string, number>>)[]} clients does one piece of work; resolves with its times in milliseconds, by name
 * @param {{ durationMs?: number, rounds?: number, pauseMs?: number }} extent `pauseMs`: a client rests that long after each piece of work
 * @returns {Promise<{ count: number, perSecond: number, cpuMs: number, times: Record<string, { p50: number, p95: number, p99: number }> }>} `cpuMs`: of this process, for each piece
 */
export async function drive(clients, { durationMs = Infinity, rounds = Infinity, pauseMs = 0 }) {
  const samples = {};
  let count = 0;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const busy = async (work) => {
    for (let round = 0; round < rounds && performance.now() - startedAt < durationMs; round++) {
      const times = await work();
      count++;
      for (const [name, time] of Object.entries(times)) (samples[name] ??= []).push(time);
      if (pauseMs > 0) await sleep(pauseMs);
    }
  };
  await Promise.all(clients.map(busy));
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const times = Object.fromEntries(Object.entries(samples).map(([name, all]) => [name, percentiles(all)]));
  return { count, perSecond: count / seconds, cpuMs: (user + system) / 1000 / count, times };
}
