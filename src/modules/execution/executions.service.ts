import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type { ExecutionEvent } from '../../contracts/index.js';
import { ActionBus } from '../../shared/actions/index.js';
import { toAppError } from '../../shared/errors/index.js';
import { ExecutionEndings } from './execution-endings.service.js';
import { EventLogStore } from './event-log/event-log.store.js';
import { EventReader } from './event-log/event-reader.service.js';
import { executionErrors } from './execution.errors.js';
import { ExecutionRepository, type ResponseTimes } from './execution.repository.js';
import type { Execution, ExecutionRef } from './execution.js';

/** What is known of an execution before it begins. */
export type QueuedExecution = Pick<Execution, 'agentId' | 'conversationId' | 'sessionId' | 'userId' | 'commandId' | 'webhookUrl'>;

/** Executions: live ones are in Redis, ended ones in PostgreSQL, for a while in both. */
@Injectable()
export class ExecutionsService {
  constructor(
    private readonly log: EventLogStore,
    private readonly reader: EventReader,
    private readonly executions: ExecutionRepository,
    private readonly bus: ActionBus,
    private readonly endings: ExecutionEndings,
    private readonly logger: PinoLogger,
  ) {}

  /** @throws EXECUTION_NOT_FOUND (notFound) */
  async get(ref: ExecutionRef): Promise<Execution> {
    const execution = await this.find(ref);
    if (!execution) throw executionErrors.notFound(ref.executionId);
    return execution;
  }

  async find(ref: ExecutionRef): Promise<Execution | null> {
    return (await this.log.find(ref)) ?? this.executions.find(ref);
  }

  /** The first event and state of an execution that waits for a worker. */
  async open(ref: ExecutionRef, queued: QueuedExecution): Promise<void> {
    const state = { ...queued, executionId: ref.executionId, status: 'queued', attempt: 0, queuedAt: new Date() } as const;
    await this.log.append(ref, [{ type: 'execution.queued', data: { agentId: queued.agentId } }], state);
  }

  /** Ended executions of a conversation, oldest first. */
  async ofConversation(tenantId: string, conversationId: string): Promise<Execution[]> {
    return this.executions.findByConversation(tenantId, conversationId);
  }

  /** How long the completed executions of each agent took. */
  async responseTimes(tenantId: string): Promise<ResponseTimes[]> {
    return this.executions.findResponseTimes(tenantId);
  }

  /**
   * An execution whose events can still be followed.
   *
   * @throws EXECUTION_NOT_FOUND, EVENTS_EXPIRED (notFound)
   */
  async getFollowable(ref: ExecutionRef): Promise<Execution> {
    const execution = await this.log.find(ref);
    if (execution) return execution;
    await this.get(ref);
    throw executionErrors.eventsExpired(ref.executionId);
  }

  /** The events after a cursor, from the log and then live, until the terminal one. Look with {@link getFollowable} first. */
  follow(ref: ExecutionRef, after: number, signal: AbortSignal): AsyncIterable<ExecutionEvent> {
    return this.reader.follow(ref, after, signal);
  }

  /** Writes an ended execution to PostgreSQL and tells who wants to know; while PostgreSQL is away, a job goes on trying. */
  async persist(ref: ExecutionRef): Promise<void> {
    try {
      await this.persistNow(ref);
    } catch (error) {
      if (toAppError(error).code !== 'DATABASE_UNAVAILABLE') throw error;
      await this.bus.send('execution.persist', { tenantId: ref.tenantId, tenantTier: 'enterprise', data: { executionId: ref.executionId } });
    }
  }

  /** @throws DATABASE_UNAVAILABLE (unavailable) */
  async persistNow(ref: ExecutionRef): Promise<void> {
    const execution = await this.log.find(ref);
    if (execution?.endedAt == null) return;
    await this.executions.insertOnce(ref.tenantId, execution);
    await this.endings.tell(ref.tenantId, execution);
    await this.log.expire(ref);
    const { status, agentId, conversationId, attempt, usage, error, queuedAt, endedAt } = execution;
    this.logger.info({ ...ref, agentId, conversationId, status, attempt, usage, code: error?.code, durationMs: endedAt.getTime() - queuedAt.getTime() }, 'execution');
  }
}
