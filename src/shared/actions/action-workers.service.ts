import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Job } from 'bull';
import { PinoLogger } from 'nestjs-pino';
import type { Counter } from 'prom-client';
import { ACTIONS, ACTION_TYPES, type ActionType, type DomainAction } from '../../contracts/index.js';
import { ServerSettings } from '../config/index.js';
import { AppError, toAppError } from '../errors/index.js';
import { HealthChecks, MetricsService } from '../telemetry/index.js';
import { type ActionHandler, HandlesAction } from './action-handler.js';
import { startDeadline } from './deadline.js';
import { QueueRegistry } from './queue-registry.service.js';
import { validateAction } from './validate-action.js';

type AnyHandler = ActionHandler<ActionType>;

function deadlinePassed(type: ActionType): AppError {
  return new AppError({ kind: 'unavailable', code: 'JOB_DEADLINE', message: `A job "${type}" ran longer than its ${String(ACTIONS[type].deadlineMs)} ms.` });
}

/** Takes jobs from the queues to their handlers, and lets go of them in order when the process stops. */
@Injectable()
export class ActionWorkers implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly running = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly outcomes: Counter<'type' | 'outcome'>;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly queues: QueueRegistry,
    private readonly settings: ServerSettings,
    private readonly health: HealthChecks,
    private readonly logger: PinoLogger,
    metrics: MetricsService,
  ) {
    this.outcomes = metrics.counter({ name: 'nooble_jobs_total', help: 'Tries of jobs by action type and outcome (completed, retried, failed).', labelNames: ['type', 'outcome'] });
  }

  /** @throws ACTION_HANDLERS (internal) unless every action type has exactly one handler */
  async onApplicationBootstrap(): Promise<void> {
    const handlers = this.handlers();
    if (this.settings.role === 'api') return;
    for (const [type, handler] of handlers) {
      const queue = this.queues.get(type);
      queue.on('error', (error: Error) => {
        this.logger.debug({ err: error, type }, 'The queue reports an error');
      });
      // Bull names its connection and lets nobody catch the failure: a close in that moment would end the process.
      Object.assign(queue, { setWorkerName: () => Promise.resolve() });
      queue.process(this.concurrencyOf(type), (job: Job) => this.track(this.run(type, handler, job))).catch((error: unknown) => {
        this.logger.error({ err: error, type }, 'The queue cannot be worked off');
      });
      // Closing a queue that is still becoming a consumer would leave the process alive.
      await queue.isReady();
    }
  }

  private concurrencyOf(type: ActionType): number {
    return type === 'execution.agent_run' ? this.settings.executionConcurrency : ACTIONS[type].concurrency;
  }

  onModuleDestroy(): void {
    this.health.stop();
  }

  /** No new job; running ones get the grace time, then their signal, which hands them back to the queue. */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.settings.role === 'api') return;
    for (const type of ACTION_TYPES) this.queues.get(type).pause(true, true).catch(() => undefined);
    await this.drain(this.settings.shutdownGraceSeconds * 1_000);
    this.stopping.abort(new AppError({ kind: 'unavailable', code: 'SHUTTING_DOWN', message: 'The process is stopping; the job goes back to its queue.' }));
    await this.drain(5_000);
  }

  private async drain(limitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise((resolve) => (timer = setTimeout(resolve, limitMs)));
    await Promise.race([Promise.allSettled([...this.running]), limit]);
    clearTimeout(timer);
  }

  private track(work: Promise<void>): Promise<void> {
    const tracked = work.finally(() => this.running.delete(tracked));
    this.running.add(tracked);
    return tracked;
  }

  private async run(type: ActionType, handler: AnyHandler, job: Job): Promise<void> {
    const action = await this.read(type, job);
    try {
      using deadline = startDeadline(ACTIONS[type].deadlineMs, this.stopping.signal, () => deadlinePassed(type));
      await handler.handle(action, { signal: deadline.signal, attempt: job.attemptsMade + 1 });
      this.outcomes.inc({ type, outcome: 'completed' });
    } catch (thrown) {
      const error = toAppError(thrown);
      if (!(await this.failed(type, job, error))) await handler.onExhausted?.(action, error);
      throw error;
    }
  }

  /** What is no action of this type no handler sees. */
  private async read(type: ActionType, job: Job): Promise<DomainAction> {
    try {
      return validateAction(type, job.data);
    } catch (thrown) {
      await this.failed(type, job, toAppError(thrown));
      throw thrown;
    }
  }

  /** @returns whether the job will be tried again */
  private async failed(type: ActionType, job: Job, error: AppError): Promise<boolean> {
    const retried = error.isRetryable && job.attemptsMade + 1 < (job.opts.attempts ?? 1);
    this.outcomes.inc({ type, outcome: retried ? 'retried' : 'failed' });
    const { tenantId, taskId } = (job.data ?? {}) as Partial<DomainAction>;
    const what = { err: error.cause ?? error, code: error.code, type, jobId: job.id, tenantId, taskId, attempt: job.attemptsMade + 1 };
    if (retried) this.logger.warn(what, 'A job failed and will be tried again');
    else this.logger.error(what, 'A job failed for good');
    if (!retried) await job.discard();
    return retried;
  }

  private handlers(): Map<ActionType, AnyHandler> {
    const found = this.discovery
      .getProviders({ metadataKey: HandlesAction.KEY })
      .map((provider) => [this.discovery.getMetadataByDecorator(HandlesAction, provider) as ActionType, provider.instance as AnyHandler] as const);
    const faults = ACTION_TYPES.filter((type) => found.filter(([handled]) => handled === type).length !== 1);
    if (faults.length > 0) throw new AppError({ kind: 'internal', code: 'ACTION_HANDLERS', message: `These action types do not have exactly one handler: ${faults.join(', ')}.` });
    return new Map(found);
  }
}
