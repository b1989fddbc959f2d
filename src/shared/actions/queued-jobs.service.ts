import { Inject, Injectable } from '@nestjs/common';
import type { Job, Queue } from 'bull';
import { ACTION_TYPES, type ActionType } from '../../contracts/index.js';
import { REDIS, type Redis, keys } from '../redis/index.js';
import { QueueRegistry } from './queue-registry.service.js';

/** Keys that Redis looks through at once. */
const COUNT = 1_000;

/** What there was of the jobs that were meant. */
export interface RemovedJobs {
  readonly removed: number;
  /** A worker has them in its hands. */
  readonly busy: number;
}

/** Finds jobs by what is in them, in all queues: our own, those of aliases, and those that others read their answers from. */
@Injectable()
export class QueuedJobs {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    private readonly queues: QueueRegistry,
  ) {}

  /** Removes the jobs of a tenant that are meant. Every key of every queue is looked at: for rare occasions. */
  async removeWhere(tenantId: string, isMeant: (action: unknown) => boolean): Promise<RemovedJobs> {
    const prefix = `${keys.queues()}:`;
    let [removed, busy, cursor] = [0, 0, '0'];
    do {
      const [next, found] = await this.redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', COUNT, 'TYPE', 'hash');
      cursor = next;
      const data = await Promise.all(found.map((key) => this.redis.hget(key, 'data')));
      for (const [i, key] of found.entries()) {
        const action = parsed(data[i] ?? null);
        if (action?.['tenantId'] !== tenantId || !isMeant(action)) continue;
        if (await this.remove(key.slice(prefix.length))) removed++;
        else busy++;
      }
    } while (cursor !== '0');
    return { removed, busy };
  }

  /** Removes jobs of one type by their ids, if they wait. @returns how many there were */
  async removeByIds(type: ActionType, jobIds: readonly string[]): Promise<number> {
    const jobs = await Promise.all(jobIds.map((jobId) => this.queues.get(type).getJob(jobId)));
    const removed = await Promise.all(jobs.map((job) => removeJob(job)));
    return removed.filter(Boolean).length;
  }

  /** @param place `<queue>:<job id>` @returns false when a worker has it */
  private async remove(place: string): Promise<boolean> {
    const [name = ''] = place.split(':', 1);
    return removeJob(await this.queueOf(name).getJob(place.slice(name.length + 1)), true);
  }

  private queueOf(name: string): Queue {
    const type = ACTION_TYPES.find((known) => known === name);
    return type === undefined ? this.queues.forCallbacks(name) : this.queues.get(type);
  }
}

/** @param isGone what to say of one that is not there (any more) */
async function removeJob(job: Job | null, isGone = false): Promise<boolean> {
  if (!job) return isGone;
  // Bull refuses to remove a job that is locked.
  return job.remove().then(() => true, () => false);
}

function parsed(text: string | null): Record<string, unknown> | undefined {
  if (text === null) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // What others have put into a queue may be no JSON; then it is no action either.
    return undefined;
  }
}
