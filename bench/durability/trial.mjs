import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { findMissing, startAppenders } from './appenders.mjs';

/**
 * Appends until Redis is killed with SIGKILL at a moment of chance, then looks for what was acknowledged in a Redis that was started on the same files.
 *
 * @param {{ start: () => Promise<object>, clients: number, leastMs: number, mostMs: number }} options `start` starts a Redis helper
 * @returns {Promise<{ acknowledged: number, lost: number, lostMs: number, seconds: number }>} `lostMs`: from the first answer that was lost to the last one given
 */
export async function runTrial({ start, clients, leastMs, mostMs }) {
  const redis = await start();
  const appenders = await startAppenders({ redisUrl: redis.ready, clients });
  const startedAt = performance.now();
  await sleep(leastMs + Math.random() * (mostMs - leastMs));
  await redis.ask({});
  const seconds = (performance.now() - startedAt) / 1000;
  const conversations = await appenders.stop();
  await redis.stop();
  const restarted = await start();
  const missing = await findMissing({ redisUrl: restarted.ready }, conversations);
  await restarted.stop();
  const times = conversations.flatMap(({ acknowledged }) => acknowledged.map(({ at }) => at));
  const [lastAt] = times.sort((a, b) => b - a);
  const lostMs = missing.length === 0 ? 0 : lastAt - Math.min(...missing.map(({ at }) => at));
  return { acknowledged: times.length, lost: missing.length, lostMs, seconds };
}
