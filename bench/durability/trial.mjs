import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { countMissing, startAppenders } from './appenders.mjs';

/**
 * Appends until Redis is killed with SIGKILL at a moment of chance, then looks for what was acknowledged in a Redis that was started on the same files.
 *
 * @param {{ start: () => Promise<object>, clients: number, leastMs: number, mostMs: number }} options `start` starts a Redis helper
 * @returns {Promise<{ acknowledged: number, lost: number, seconds: number }>}
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
  const lost = await countMissing({ redisUrl: restarted.ready }, conversations);
  await restarted.stop();
  return { acknowledged: conversations.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0), lost, seconds };
}
