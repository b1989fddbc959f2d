import { Redis } from 'ioredis';
import type { RedisSettings } from '../config/index.js';

const KEEP_ALIVE_MS = 10_000;
/** Longer than any command of ours blocks; a blocking connection that is silent for so long is dead. Milliseconds. */
const WAITING_MS = 15_000;

/** Injection token of the process's command connection. */
export const REDIS = Symbol('REDIS');

/**
 * The command connection: what is sent in one turn of the event loop goes out together, and a quick failure instead of a
 * queue when Redis is away, so that callers answer 503 within the command time-out.
 */
export function connectRedis({ url, commandTimeoutMs }: RedisSettings): Redis {
  return sendingTogether(endingWhole(new Redis(url, {
    // Sent again after a reconnect, a command that ran but was not answered would run twice.
    autoResendUnfulfilledCommands: false,
    commandTimeout: commandTimeoutMs,
    keepAlive: KEEP_ALIVE_MS,
    // A connection that answers nothing any more is left for a new one.
    socketTimeout: commandTimeoutMs + 1_000,
    connectTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 1_000),
  })));
}

/** A connection of its own for blocking commands or subscriptions: it waits as long as it takes. */
export function duplicateForWaiting(redis: Redis): Redis {
  return endingWhole(redis.duplicate({ autoResendUnfulfilledCommands: true, commandTimeout: undefined, disconnectTimeout: 100, socketTimeout: WAITING_MS, enableReadyCheck: false, maxRetriesPerRequest: null }));
}

/** ioredis leaves the watch over an unanswered command running when a connection ends, and the process alive for as long. */
export function endingWhole(redis: Redis): Redis {
  return redis.on('end', () => {
    clearTimeout(Reflect.get(redis, 'socketTimeoutTimer') as NodeJS.Timeout | undefined);
  });
}

/**
 * Commands of one turn of the event loop are one write, in their order. ioredis' own auto-pipelining sends nothing while an answer is on its way, so
 * that commands of one run waited for those of another, and makes an object with every script of ours for each write.
 */
export function sendingTogether(redis: Redis): Redis {
  const send = redis.sendCommand.bind(redis);
  let corked: Redis['stream'] | undefined;
  redis.sendCommand = (...command) => {
    const { stream } = redis;
    if (stream !== corked && stream !== undefined && !stream.destroyed) {
      corked = stream;
      stream.cork();
      setImmediate(() => {
        corked = undefined;
        stream.uncork();
      });
    }
    return send(...command);
  };
  return redis;
}
