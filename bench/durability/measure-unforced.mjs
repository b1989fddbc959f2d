import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startAppenders } from './appenders.mjs';

const POLL_MS = 1;

/**
 * How much Redis has acknowledged and perhaps not forced to disk, with `appendfsync everysec`: what a loss of power may cost.
 *
 * Redis tells whether a flush of its file is under way. A flush that is over has forced what was acknowledged before it began, and that is
 * at least what was acknowledged when Redis was last asked and none was under way. A flush too quick to be seen makes the figures too high, never too low.
 *
 * @param {{ extent: { clients: number, watchMs: number }, redis: Promise<object> }} options
 * @returns {Promise<{ messages: number[], ms: number[], flushes: number, delayed: number, perSecond: number }>}
 *   messages, and milliseconds since the newest that is surely on disk, at each look
 */
export async function measureUnforced({ extent: { clients, watchMs }, redis: started }) {
  const redis = await started;
  const watcher = new Redis(redis.ready);
  const appenders = await startAppenders({ redisUrl: redis.ready, clients });
  const watch = new Watch();
  const startedAt = performance.now();
  while (performance.now() - startedAt < watchMs) {
    const asked = { count: appenders.count(), at: performance.now() };
    const info = await watcher.info('persistence');
    watch.take(asked, { isFlushing: numberIn(info, 'aof_pending_bio_fsync') > 0, count: appenders.count(), at: performance.now() });
    await sleep(POLL_MS);
  }
  const perSecond = (appenders.count() * 1000) / (performance.now() - startedAt);
  const delayed = numberIn(await watcher.info('persistence'), 'aof_delayed_fsync');
  await appenders.stop();
  watcher.disconnect();
  await redis.stop();
  return { messages: watch.messages, ms: watch.ms, flushes: watch.flushes, delayed, perSecond };
}

class Watch {
  messages = [];
  ms = [];
  flushes = 0;
  /** When Redis was last asked and no flush was under way. */
  #idle;
  /** What the flush that is under way forces at least. */
  #underWay;
  #onDisk;

  take(asked, { isFlushing, count, at }) {
    if (isFlushing) this.#underWay ??= this.#idle;
    else {
      if (this.#underWay) {
        this.#onDisk = this.#underWay;
        this.flushes++;
      }
      this.#underWay = undefined;
      this.#idle = asked;
    }
    if (!this.#onDisk) return;
    this.messages.push(count - this.#onDisk.count);
    this.ms.push(at - this.#onDisk.at);
  }
}

function numberIn(info, field) {
  return Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? NaN);
}
