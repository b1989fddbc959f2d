import { BullModule, getQueueToken } from '@nestjs/bull';
import type { DynamicModule } from '@nestjs/common';
import type { Job, JobOptions, QueueOptions } from 'bull';
import { ACTIONS, ACTION_TYPES, type ActionType } from '../../contracts/index.js';
import { MigrationSettings, ServerSettings } from '../config/index.js';
import { keys } from '../redis/index.js';
import { backoffMs } from './backoff.js';
import { type ConnectionUse, QueueConnections, QueueConnectionsModule } from './queue-connections.js';

/**
 * Bull fails a job whose workers were lost too often, and with `removeOnFail` deletes it before anybody is told: such a job would
 * just be gone. So it never gives up; a handler that must not begin for ever counts its beginnings.
 */
const NEVER = 1_000_000_000;

/** As it is written in the jobs that wait. */
const CAPPED = 'capped';

function cappedBackoff(attemptsMade: number, _: Error, { firstMs }: { readonly firstMs: number }): number {
  return backoffMs(firstMs, attemptsMade);
}

/** What all queues have in common. */
export const QUEUE_OPTIONS: DynamicModule = BullModule.forRootAsync({
  inject: [QueueConnections, ServerSettings],
  imports: [QueueConnectionsModule],
  useFactory: (connections: QueueConnections, { jobLockSeconds }: ServerSettings) => ({
    prefix: keys.queues(),
    createClient: (use: ConnectionUse) => connections.forUse(use),
    // A lock is renewed at half of its time; who looks twice without one takes the job over.
    settings: { lockDuration: jobLockSeconds * 1_000, stalledInterval: (jobLockSeconds * 1_000) / 3, maxStalledCount: NEVER, backoffStrategies: { [CAPPED]: cappedBackoff } },
  }),
});

/** One queue for each row of the action table. */
export const QUEUES: DynamicModule = BullModule.registerQueueAsync(
  ...ACTION_TYPES.map((name) => ({
    name,
    inject: [MigrationSettings],
    useFactory: (migration: MigrationSettings) => ({ defaultJobOptions: { ...triesOf(name), removeOnComplete: true, removeOnFail: true }, ...limiterOf(name, migration) }),
  })),
);

/** Moves begun in one second, in all processes together: Bull counts in Redis, and each process by the numbers that it was given. */
function limiterOf(type: ActionType, { ratePerSecond }: MigrationSettings): Pick<QueueOptions, 'limiter'> {
  return type === 'migration.move' && ratePerSecond > 0 ? { limiter: { max: ratePerSecond, duration: 1_000 } } : {};
}

/**
 * Makes a job that another program has added one of ours: Bull would keep it for ever, and try it once unless it says otherwise.
 * Bull reads these options of the job in hand when it ends it.
 */
export function adopt(type: ActionType, { opts }: Job): void {
  Object.assign(opts, { removeOnComplete: true, removeOnFail: true }, (opts.attempts ?? 1) === 1 && triesOf(type));
}

function triesOf(type: ActionType): Pick<JobOptions, 'attempts' | 'backoff'> {
  return { attempts: ACTIONS[type].attempts, backoff: { type: CAPPED, options: { firstMs: ACTIONS[type].backoffMs } } };
}

export function queueToken(type: ActionType): string {
  return getQueueToken(type);
}
