import { BullModule, getQueueToken } from '@nestjs/bull';
import type { DynamicModule } from '@nestjs/common';
import { ACTIONS, ACTION_TYPES, type ActionType } from '../../contracts/index.js';
import { keys } from '../redis/index.js';
import { type ConnectionUse, QueueConnections, QueueConnectionsModule } from './queue-connections.js';

/** How long a job may be silent before another worker takes it over, milliseconds. Its lock is renewed at half of it. */
const LOCK_MS = 15_000;

/** What all queues have in common. */
export const QUEUE_OPTIONS: DynamicModule = BullModule.forRootAsync({
  inject: [QueueConnections],
  imports: [QueueConnectionsModule],
  useFactory: (connections: QueueConnections) => ({
    prefix: keys.queues(),
    createClient: (use: ConnectionUse) => connections.forUse(use),
    settings: { lockDuration: LOCK_MS, stalledInterval: LOCK_MS, maxStalledCount: 2 },
  }),
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
