import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Job } from 'bull';
import { PinoLogger } from 'nestjs-pino';
import { ACTION_TYPES, type ActionType } from '../../contracts/index.js';
import { ServerSettings } from '../config/index.js';
import { HealthChecks } from '../telemetry/index.js';
import { HandlesAction } from './action-handler.js';
import { ActionRunner, type AnyHandler } from './action-runner.service.js';
import { actionErrors } from './actions.errors.js';
import { QueueRegistry } from './queue-registry.service.js';

/** Takes jobs from the queues to their handlers, and lets go of them in order when the process stops. */
@Injectable()
export class ActionWorkers implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly running = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly queues: QueueRegistry,
    private readonly settings: ServerSettings,
    private readonly health: HealthChecks,
    private readonly logger: PinoLogger,
    private readonly runner: ActionRunner,
  ) {}

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
      // `*`: other programs may give their jobs names.
      queue.process('*', this.queues.concurrencyOf(type), (job: Job) => this.track(this.runner.run({ type, handler, job, stopping: this.stopping.signal }))).catch((error: unknown) => {
        this.logger.error({ err: error, type }, 'The queue cannot be worked off');
      });
      // Closing a queue that is still becoming a consumer would leave the process alive.
      await queue.isReady();
    }
  }

  onModuleDestroy(): void {
    this.health.stop();
  }

  /** No new job; running ones get the grace time, then their signal, which hands them back to the queue. */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.settings.role === 'api') return;
    for (const type of ACTION_TYPES) this.queues.get(type).pause(true, true).catch(() => undefined);
    await this.drain(this.settings.shutdownGraceSeconds * 1_000);
    this.stopping.abort(actionErrors.jobHandedBack());
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

  private handlers(): Map<ActionType, AnyHandler> {
    const found = this.discovery
      .getProviders({ metadataKey: HandlesAction.KEY })
      .map((provider) => [this.discovery.getMetadataByDecorator(HandlesAction, provider) as ActionType, provider.instance as AnyHandler] as const);
    const faults = ACTION_TYPES.filter((type) => found.filter(([handled]) => handled === type).length !== 1);
    if (faults.length > 0) throw actionErrors.handlersMissing(faults);
    return new Map(found);
  }
}
