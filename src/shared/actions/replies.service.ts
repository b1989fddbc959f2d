import { setTimeout as wait } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { type ActionAnsweredData, type AnsweredType, type AnswerError, type AnswerOf, type CallbackAction, type CallbackType, REPLY_QUEUE_PREFIX, newId } from '../../contracts/index.js';
import { ServerSettings } from '../config/index.js';
import { AppError, type ErrorKind } from '../errors/index.js';
import { ERROR_STATUS } from '../http/index.js';
import { REDIS, type Redis, keys } from '../redis/index.js';
import { MetricsService } from '../telemetry/index.js';
import { actionErrors } from './actions.errors.js';
import { startDeadline } from './deadline.js';
import { QueueConnections } from './queue-connections.js';

/** Answers that nobody took are kept for this long after the last one, seconds: whoever they are for is gone, or has given up after 30 s. */
const KEPT_SECONDS = 3_600;
/** One wait for answers; shorter than the silence after which a connection counts as dead. Seconds. */
const WAIT_SECONDS = 5;
const RETRY_MS = 500;
const DEFAULT_TIMEOUT_MS = 30_000;

export interface RequestOptions {
  /** How long to wait for the answer, milliseconds; 30 s unless said otherwise. */
  readonly timeoutMs?: number;
  /** Gives up waiting, with its reason. */
  readonly signal?: AbortSignal;
}

/** Where an answer is to go. */
export interface ReturnAddress {
  readonly callbackQueueName: string;
  readonly correlationId: string;
}

export interface Question<T extends AnsweredType> {
  readonly type: T;
  /** For who asks again after a time-out. */
  readonly actionId: string;
}

interface Waiting {
  readonly type: AnsweredType;
  readonly answer: PromiseWithResolvers<unknown>;
}

/**
 * Answers to what this process asks: a list in Redis that only it takes from, and no Bull queue: what Bull moves to `active` could
 * not expire with a process that dies. It listens from the first question on.
 */
@Injectable()
export class Replies implements BeforeApplicationShutdown {
  private readonly queueName = REPLY_QUEUE_PREFIX + newId();
  private readonly waiting = new Map<string, Waiting>();
  private readonly never = new AbortController();
  private readonly outcomes: Counter<'type' | 'outcome'>;
  private isListening = false;
  private isClosed = false;

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    private readonly connections: QueueConnections,
    private readonly settings: ServerSettings,
    metrics: MetricsService,
  ) {
    this.outcomes = metrics.counter({
      name: 'nooble_action_answers_total',
      help: 'Questions of this process by action type and outcome (answered, failed, given_up), and answers that came too late (late).',
      labelNames: ['type', 'outcome'],
    });
  }

  /** True for a callback queue that is some process's list of replies. */
  isAddress(callbackQueueName: string): boolean {
    return callbackQueueName.startsWith(REPLY_QUEUE_PREFIX);
  }

  /** Sends an answer to the process that asked. @throws HOT_STORE_UNAVAILABLE (unavailable) */
  async push(callbackQueueName: string, answer: CallbackAction<CallbackType>): Promise<void> {
    const key = keys.answers(callbackQueueName);
    await this.redis.multi().rpush(key, JSON.stringify(answer)).expire(key, KEPT_SECONDS).exec();
  }

  /**
   * Sends a question and waits for its answer.
   *
   * @param send puts the action into its queue, with the address
   * @throws ACTION_TIMEOUT, SHUTTING_DOWN (unavailable), what `send` throws, and what the action failed with
   */
  async ask<T extends AnsweredType>({ type, actionId }: Question<T>, { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: RequestOptions, send: (address: ReturnAddress) => Promise<unknown>): Promise<AnswerOf<T>> {
    if (this.isClosed) throw actionErrors.requestCutOff();
    this.listen();
    const correlationId = newId();
    const answer = Promise.withResolvers<unknown>();
    this.waiting.set(correlationId, { type, answer });
    using deadline = startDeadline(timeoutMs, signal ?? this.never.signal, () => actionErrors.noAnswer(type, actionId, timeoutMs));
    const giveUp = (): void => {
      this.outcomes.inc({ type, outcome: 'given_up' });
      answer.reject(deadline.signal.reason);
    };
    if (deadline.signal.aborted) giveUp();
    else deadline.signal.addEventListener('abort', giveUp, { once: true });
    try {
      await Promise.race([answer.promise, send({ callbackQueueName: this.queueName, correlationId })]);
      return (await answer.promise) as AnswerOf<T>;
    } finally {
      this.waiting.delete(correlationId);
    }
  }

  /** Questions get the grace time of a shutdown; those that are open then are cut off. */
  async beforeApplicationShutdown(): Promise<void> {
    const open = Promise.allSettled([...this.waiting.values()].map(({ answer }) => answer.promise));
    const graceMs = this.settings.shutdownGraceSeconds * 1_000;
    const over = new AbortController();
    await Promise.race([open, wait(graceMs, undefined, { signal: over.signal }).catch(() => undefined)]);
    over.abort();
    this.isClosed = true;
    for (const { answer } of this.waiting.values()) answer.reject(actionErrors.requestCutOff());
  }

  private listen(): void {
    if (this.isListening) return;
    this.isListening = true;
    void this.takeAnswers(this.connections.forUse('bclient'));
  }

  /** Ends with its connection, which is closed last. */
  private async takeAnswers(redis: Redis): Promise<void> {
    const key = keys.answers(this.queueName);
    while (!this.isClosed) {
      try {
        const popped = await redis.blpop(key, WAIT_SECONDS);
        if (popped) this.take(JSON.parse(popped[1]) as CallbackAction<'action.answered'>);
      } catch {
        // Redis is away, or this was no answer: nobody waits for what cannot be read.
        await wait(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  private take({ correlationId = '', data }: CallbackAction<'action.answered'>): void {
    const asked = this.waiting.get(correlationId);
    if (asked) {
      this.waiting.delete(correlationId);
      settle(asked.answer, data);
    }
    this.outcomes.inc({ type: data.answered, outcome: asked ? (data.success ? 'answered' : 'failed') : 'late' });
  }
}

function settle({ resolve, reject }: PromiseWithResolvers<unknown>, { error, data }: ActionAnsweredData): void {
  if (error) reject(asAppError(error));
  else resolve(data ?? undefined);
}

/** The error that the worker had, as far as it survives a queue. */
function asAppError({ kind, code, message, details }: AnswerError): AppError {
  return new AppError({ kind: Object.hasOwn(ERROR_STATUS, kind) ? (kind as ErrorKind) : 'internal', code, message, ...(details && { details }) });
}
