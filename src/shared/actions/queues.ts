import { BullModule, getQueueToken } from '@nestjs/bull';
import type { DynamicModule } from '@nestjs/common';
import { ACTIONS, ACTION_TYPES, type ActionType } from '../../contracts/index.js';
import { REDIS, type Redis, duplicateForWaiting, keys } from '../redis/index.js';

/** How long a job may be silent before another worker takes it over, milliseconds. Its lock is renewed at half of it. */
const LOCK_MS = 15_000;

/** Bull's own connections: commands and subscriptions shared by all queues, a blocking one for each. */
export const QUEUE_CONNECTIONS: DynamicModule = BullModule.forRootAsync({
  inject: [REDIS],
  useFactory: (redis: Redis) => {
    // Bull runs its own pipelines on this one, and adding a job must fail quickly while Redis is away.
    const commands = redis.duplicate({ enableAutoPipelining: false });
    const subscriptions = duplicateForWaiting(redis);
    const ofType = { client: () => commands, subscriber: () => subscriptions, bclient: () => duplicateForWaiting(redis) };
    return {
      prefix: keys.queues(),
      createClient: (type: keyof typeof ofType) => quiet(ofType[type]()),
      settings: { lockDuration: LOCK_MS, stalledInterval: LOCK_MS, maxStalledCount: 2 },
    };
  },
});

/** One queue for each row of the action table. */
export const QUEUES: DynamicModule = BullModule.registerQueue(
  ...ACTION_TYPES.map((name) => ({
    name,
    defaultJobOptions: {
      attempts: ACTIONS[name].attempts,
      backoff: { type: 'exponential', delay: ACTIONS[name].backoffMs },
      removeOnComplete: true,
      removeOnFail: true,
    },
  })),
);

export function queueToken(type: ActionType): string {
  return getQueueToken(type);
}

/** The command connection reports outages for the whole process; ioredis prints to stderr where nobody listens. */
function quiet(redis: Redis): Redis {
  if (redis.listenerCount('error') === 0) redis.on('error', () => undefined);
  return redis;
}
