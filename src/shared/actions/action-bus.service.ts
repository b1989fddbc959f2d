import { Injectable } from '@nestjs/common';
import type { Queue } from 'bull';
import { newId, type ActionType, type CallbackAction, type Callbacks, type CallbackType, type DomainAction } from '../../contracts/index.js';
import { QueueRegistry } from './queue-registry.service.js';
import { validateAction } from './validate-action.js';

/** What the caller says of an action; the bus adds its id and its time. */
export type NewAction<T extends ActionType> = Pick<DomainAction<T>, 'tenantId' | 'tenantTier' | 'data'> &
  Partial<Pick<DomainAction<T>, 'agentId' | 'sessionId' | 'userId' | 'taskId' | 'correlationId' | 'traceId' | 'callbackQueueName' | 'contextCacheKey' | 'metadata'>>;

export interface DispatchOptions {
  /** While a job of this id waits or runs, another one is not added. Doubles in flight only: it is no memory. */
  readonly jobId?: string;
  /** Repeat for ever, this often; the same type with another interval replaces it. */
  readonly everyMs?: number;
}

/** Puts actions on the Bull queue of their type. */
@Injectable()
export class ActionBus {
  constructor(private readonly queues: QueueRegistry) {}

  /**
   * Adds an action. It is safe once this resolves: the queue is in Redis.
   *
   * @throws VALIDATION_FAILED (invalid), HOT_STORE_UNAVAILABLE (unavailable)
   */
  async dispatch<T extends ActionType>(type: T, action: NewAction<T>, options: DispatchOptions = {}): Promise<void> {
    const envelope = validateAction(type, { actionId: newId(), actionType: type, taskId: newId(), metadata: {}, createdAt: new Date().toISOString(), ...action });
    const queue = this.queues.get(type);
    if (options.everyMs === undefined) await queue.add(envelope, { jobId: options.jobId });
    else await this.repeat(queue, envelope, options.everyMs);
  }

  /**
   * Answers an action on the queue that it names, with its own ids and context key; an action that names none is not answered. At least once: whoever
   * works the queue off knows an answer by its `taskId`.
   *
   * @throws HOT_STORE_UNAVAILABLE (unavailable)
   */
  async reply<T extends CallbackType>(action: DomainAction, type: T, data: Callbacks[T]): Promise<void> {
    const { callbackQueueName, ...envelope } = action;
    if (callbackQueueName === undefined) return;
    const answer: CallbackAction<T> = { ...envelope, actionId: newId(), actionType: type, createdAt: new Date().toISOString(), data };
    await this.queues.forCallbacks(callbackQueueName).add(answer, { jobId: `${action.taskId}.${type}`, removeOnComplete: true });
  }

  /** Jobs that wait for a worker. */
  async waiting(type: ActionType): Promise<number> {
    return this.queues.get(type).getWaitingCount();
  }

  private async repeat(queue: Queue, envelope: DomainAction, everyMs: number): Promise<void> {
    const stale = (await queue.getRepeatableJobs()).filter(({ every }) => every !== everyMs);
    await Promise.all(stale.map(({ key }) => queue.removeRepeatableByKey(key)));
    await queue.add(envelope, { repeat: { every: everyMs } });
  }
}

