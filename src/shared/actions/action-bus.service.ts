import { Injectable } from '@nestjs/common';
import type { JobOptions, Queue } from 'bull';
import { newId, type ActionType, type AnsweredType, type AnswerOf, type CallbackAction, type Callbacks, type CallbackType, type DomainAction } from '../../contracts/index.js';
import { priorityOf } from './priority.js';
import { QueueRegistry } from './queue-registry.service.js';
import { Replies, type RequestOptions, type ReturnAddress } from './replies.service.js';
import { validateAction } from './validate-action.js';

/** What the caller says of an action; the bus adds what he leaves out. */
export type NewAction<T extends ActionType> = Pick<DomainAction<T>, 'tenantId' | 'tenantTier' | 'data'> &
  Partial<Pick<DomainAction<T>, 'actionId' | 'agentId' | 'sessionId' | 'userId' | 'taskId' | 'correlationId' | 'traceId' | 'callbackQueueName' | 'contextCacheKey' | 'metadata' | 'createdAt'>>;

export interface SendOptions {
  /** While a job of this id waits or runs, another one is not added. Doubles in flight only: it is no memory. */
  readonly jobId?: string;
  /** It may begin after this long, milliseconds. */
  readonly delayMs?: number;
  /** Repeat for ever, this often; the same type with another interval replaces it. */
  readonly everyMs?: number;
}

/** Puts actions on the Bull queue of their type, and answers on the queues that they name. */
@Injectable()
export class ActionBus {
  constructor(
    private readonly queues: QueueRegistry,
    private readonly replies: Replies,
  ) {}

  /**
   * Adds an action. It is safe once this resolves: the queue is in Redis.
   *
   * @returns the id of the action
   * @throws VALIDATION_FAILED (invalid), ACTION_SYSTEM_ONLY (forbidden), HOT_STORE_UNAVAILABLE (unavailable)
   */
  async send<T extends ActionType>(type: T, action: NewAction<T>, { jobId, delayMs = 0, everyMs }: SendOptions = {}): Promise<string> {
    const envelope = validateAction(type, { actionId: newId(), actionType: type, taskId: newId(), metadata: {}, createdAt: new Date().toISOString(), ...action });
    const queue = this.queues.get(type);
    const priority = priorityOf(envelope.tenantTier, Date.now() + delayMs);
    if (everyMs === undefined) await queue.add(envelope, { jobId, delay: delayMs, priority });
    else await repeat(queue, envelope, { priority, repeat: { every: everyMs } });
    return envelope.actionId;
  }

  /**
   * Sends an action and waits for its answer. The action is done whether or not somebody waits: after a time-out it is still queued,
   * and an answer that comes then is dropped.
   *
   * @throws what `send` throws, ACTION_TIMEOUT, SHUTTING_DOWN (unavailable), and the error that the action failed with, by its kind and code
   */
  async request<T extends AnsweredType>(type: T, action: Omit<NewAction<T>, 'callbackQueueName' | 'correlationId'>, options: RequestOptions = {}): Promise<AnswerOf<T>> {
    const { actionId = newId(), ...rest } = action as NewAction<T>;
    const send = (address: ReturnAddress): Promise<string> => this.send(type, { ...(rest as NewAction<T>), ...address, actionId });
    return this.replies.ask({ type, actionId }, options, send);
  }

  /**
   * Answers an action on the queue that it names, with its own ids and context key; an action that names none is not answered. At least once: whoever
   * works the queue off knows an answer by its `correlationId` and `taskId`. While an answer waits, another delivery of the same action adds none.
   *
   * @throws HOT_STORE_UNAVAILABLE (unavailable)
   */
  async reply<T extends CallbackType>(action: DomainAction, type: T, data: Callbacks[T]): Promise<void> {
    const { callbackQueueName, ...envelope } = action;
    if (callbackQueueName === undefined) return;
    const answer: CallbackAction<T> = { ...envelope, actionId: newId(), actionType: type, createdAt: new Date().toISOString(), data };
    if (this.replies.isAddress(callbackQueueName)) return this.replies.push(callbackQueueName, answer);
    const jobId = [action.actionId, ...(action.correlationId === undefined ? [] : [action.correlationId]), type].join('.');
    await this.queues.forCallbacks(callbackQueueName).add(answer, { jobId, removeOnComplete: true });
  }

  /** Jobs that wait for a worker. */
  async waiting(type: ActionType): Promise<number> {
    // Bull's own count is a transaction of four commands, on every turn's way.
    const queue = this.queues.get(type);
    return queue.client.llen(queue.toKey('wait'));
  }
}

async function repeat(queue: Queue, envelope: DomainAction, options: JobOptions & { readonly repeat: { readonly every: number } }): Promise<void> {
  const stale = (await queue.getRepeatableJobs()).filter(({ every }) => every !== options.repeat.every);
  await Promise.all(stale.map(({ key }) => queue.removeRepeatableByKey(key)));
  await queue.add(envelope, options);
}
