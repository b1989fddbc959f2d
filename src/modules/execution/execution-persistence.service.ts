import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { ActionBus } from '../../shared/actions/index.js';
import { EventLogStore } from './event-log/event-log.store.js';
import { ExecutionEndings } from './execution-endings.service.js';
import { ExecutionRecords } from './execution-records.service.js';
import type { ExecutionRef } from './execution.js';
import { RunStore } from './runs/run.store.js';

/** Brings ended executions from Redis to PostgreSQL, and tells who wants to know. */
@Injectable()
export class ExecutionPersistence {
  constructor(
    private readonly log: EventLogStore,
    private readonly runs: RunStore,
    private readonly records: ExecutionRecords,
    private readonly endings: ExecutionEndings,
    private readonly bus: ActionBus,
    private readonly logger: PinoLogger,
  ) {}

  /** The same as {@link persistNow}; what fails a job goes on trying, so that it is nobody's failure who has ended the run. @throws HOT_STORE_UNAVAILABLE (unavailable) */
  async persist(ref: ExecutionRef): Promise<void> {
    await this.persistNow(ref).catch(() => this.persistLater(ref));
  }

  /** By a job, which goes on trying; one that is there is not added again. */
  async persistLater({ tenantId, executionId }: ExecutionRef): Promise<void> {
    await this.bus.send('execution.persist', { tenantId, tenantTier: 'enterprise', data: { executionId } }, { jobId: `${tenantId}:${executionId}` });
  }

  /**
   * Does nothing to an execution that has not ended. A crash between two steps has all of them done again by the sweep.
   *
   * @throws DATABASE_UNAVAILABLE (unavailable), and what a listener throws
   */
  async persistNow(ref: ExecutionRef): Promise<void> {
    const execution = await this.records.write(ref);
    if (execution?.endedAt == null) return;
    await this.endings.tell(ref.tenantId, execution);
    await Promise.all([this.log.expire(ref), this.runs.forget(ref.tenantId, ref.executionId)]);
    const { status, agentId, conversationId, attempt, usage, error, queuedAt, endedAt } = execution;
    this.logger.info({ ...ref, agentId, conversationId, status, attempt, usage, code: error?.code, durationMs: endedAt.getTime() - queuedAt.getTime() }, 'execution');
  }
}
