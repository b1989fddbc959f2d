import { Redis } from 'ioredis';
import type { RedisSettings } from '../config/index.js';

/** Injection token of the process's command connection. */
export const REDIS = Symbol('REDIS');

/**
 * The command connection: one round trip for all commands of a tick (auto-pipelining), and a quick failure instead of a
 * queue when Redis is away, so that callers answer 503 within the command time-out.
 */
export function connectRedis({ url, commandTimeoutMs }: RedisSettings): Redis {
  return new Redis(url, {
    commandTimeout: commandTimeoutMs,
    connectTimeout: commandTimeoutMs,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 1_000),
  });
}

/** A connection of its own for blocking commands or subscriptions: it waits as long as it takes. */
export function duplicateForWaiting(redis: Redis): Redis {
  return redis.duplicate({ commandTimeout: undefined, disconnectTimeout: 100, enableAutoPipelining: false, enableReadyCheck: false, maxRetriesPerRequest: null });
}
