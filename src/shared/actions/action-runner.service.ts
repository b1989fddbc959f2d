import { Injectable } from '@nestjs/common';
import type { Job } from 'bull';
import { PinoLogger } from 'nestjs-pino';
import type { Counter } from 'prom-client';
import { ACTIONS, type ActionAnsweredData, type ActionType, type DomainAction, REPLY_QUEUE_PREFIX, isAnswered } from '../../contracts/index.js';
import { type AppError, toAppError } from '../errors/index.js';
import { MetricsService } from '../telemetry/index.js';
import { ActionBus } from './action-bus.service.js';
import type { ActionHandler } from './action-handler.js';
import { actionErrors } from './actions.errors.js';
import { DeadLettersStore } from './dead-letters.store.js';
import { startDeadline } from './deadline.js';
import { failureLine, reasonOf } from './failed-try.js';
import { adopt } from './queues.js';
import { readEnvelope, validateAction } from './validate-action.js';

export type AnyHandler = ActionHandler<ActionType>;

/** One job in the hands of a worker. */
interface Try {
  readonly type: ActionType;
  readonly handler: AnyHandler;
  readonly job: Job;
  /** Fires when the process stops. */
  readonly stopping: AbortSignal;
}

/** Runs one try of a job: the action is read, done and answered, or it fails, and for good if no try is left. */
@Injectable()
export class ActionRunner {
  private readonly outcomes: Counter<'type' | 'outcome'>;

  constructor(
    private readonly bus: ActionBus,
    private readonly deadLetters: DeadLettersStore,
    private readonly logger: PinoLogger,
    metrics: MetricsService,
  ) {
    this.outcomes = metrics.counter({ name: 'nooble_jobs_total', help: 'Tries of jobs by action type and outcome (completed, retried, failed).', labelNames: ['type', 'outcome'] });
  }

  /** @throws whatever the try failed with; Bull acts on it */
  async run(attempt: Try): Promise<void> {
    const startedAt = performance.now();
    const executionTimeMs = (): number => Math.round(performance.now() - startedAt);
    const { type, job } = attempt;
    adopt(type, job);
    let action: DomainAction | undefined;
    try {
      // What is no action of this type no handler sees.
      action = validateAction(type, job.data);
      const data = await this.handle(attempt, action);
      if (isAnswered(type)) await this.answer(type, action, { success: true, data: data ?? null, error: null, executionTimeMs: executionTimeMs() });
      this.outcomes.inc({ type, outcome: 'completed' });
    } catch (thrown) {
      const error = toAppError(thrown);
      if (await this.isTriedAgain(attempt, error)) throw error;
      try {
        if (action) await attempt.handler.onExhausted?.(action, error);
      } finally {
        await this.refuse(type, action ?? addresseeOf(job), { error, isSeen: action !== undefined, executionTimeMs: executionTimeMs() });
      }
      throw error;
    }
  }

  private async handle({ type, handler, job, stopping }: Try, action: DomainAction): Promise<unknown> {
    using deadline = startDeadline(ACTIONS[type].deadlineMs, stopping, () => actionErrors.deadlinePassed(type));
    return await handler.handle(action, { signal: deadline.signal, attempt: job.attemptsMade + 1 });
  }

  /** Lets go of a job that no other try can mend, once its dead letter is written, if it needs one. */
  private async isTriedAgain({ type, job, stopping }: Try, error: AppError): Promise<boolean> {
    if (isHandedBack(error, stopping)) allowOneMore(job);
    const isRetried = error.isRetryable && job.attemptsMade + 1 < (job.opts.attempts ?? 1);
    if (!isRetried) await this.bury(type, job, error);
    this.outcomes.inc({ type, outcome: isRetried ? 'retried' : 'failed' });
    const { tenantId, taskId } = fieldsOf(job);
    const { level, message, why } = failureLine(error, { isRetried, isToldToAsker: isToldToAsker(type, job, error) });
    this.logger[level]({ ...why, code: error.code, type, jobId: job.id, tenantId, taskId, attempt: job.attemptsMade + 1 }, message);
    return isRetried;
  }

  private async bury(type: ActionType, job: Job, error: AppError): Promise<void> {
    const { tenantId } = fieldsOf(job);
    const letter = { type, tenantId: typeof tenantId === 'string' ? tenantId : '', action: job.data as unknown, code: error.code, message: reasonOf(error), attempt: job.attemptsMade + 1, failedAt: new Date().toISOString() };
    try {
      if (!isToldToAsker(type, job, error) && !comesAgain(job, error)) await this.deadLetters.keep(letter);
    } catch (thrown) {
      allowOneMore(job);
      throw toAppError(thrown);
    }
    await job.discard();
  }

  /** A type that answers for itself cannot say that its action is none. */
  private async refuse(type: ActionType, action: DomainAction | undefined, { error, isSeen, executionTimeMs }: { error: AppError; isSeen: boolean; executionTimeMs: number }): Promise<void> {
    if (!action || (isSeen && !isAnswered(type))) return;
    const { kind, code, message, details = null } = error;
    await this.answer(type, action, { success: false, data: null, error: { kind, code, message, details }, executionTimeMs });
  }

  private async answer(type: ActionType, action: DomainAction, data: Omit<ActionAnsweredData, 'answered' | 'actionId'>): Promise<void> {
    await this.bus.reply(action, 'action.answered', { answered: type, actionId: action.actionId, ...data });
  }
}

/** A try that a shutdown breaks off is not the last. What a handler asked for may be cut off a moment before its own signal fires. */
function isHandedBack({ isRetryable, code }: AppError, stopping: AbortSignal): boolean {
  return isRetryable && (stopping.aborted || code === 'SHUTTING_DOWN');
}

/** Somebody waits for the answer, and it is that he asked for what cannot be: nothing is left for an operator to mend. */
function isToldToAsker(type: ActionType, job: Job, { kind }: Pick<AppError, 'kind'>): boolean {
  const { callbackQueueName } = fieldsOf(job);
  return isAnswered(type) && kind !== 'internal' && kind !== 'unavailable' && typeof callbackQueueName === 'string' && callbackQueueName.startsWith(REPLY_QUEUE_PREFIX);
}

/** A sweep that found a store away: the next one does what it left, and nothing is there for an operator to mend. */
function comesAgain({ opts }: Job, { kind }: AppError): boolean {
  return opts.repeat !== undefined && kind === 'unavailable';
}

/** Bull compares this with the tries that were made when it ends the one in hand; it does not keep it. */
function allowOneMore(job: Job): void {
  job.opts.attempts = job.attemptsMade + 2;
}

function fieldsOf(job: Job): Partial<DomainAction> {
  return (job.data ?? {}) as Partial<DomainAction>;
}

/** Whom to tell that the action is none, if that much of it can be read. */
function addresseeOf(job: Job): DomainAction | undefined {
  try {
    return readEnvelope(job.data);
  } catch {
    return undefined;
  }
}
