import { Injectable } from '@nestjs/common';
import type { ExecutionEvent } from '../../contracts/index.js';
import { EventArchiveRepository } from './event-log/event-archive.repository.js';
import { EventLogStore } from './event-log/event-log.store.js';
import { LiveRuns } from './event-log/live-runs.service.js';
import { executionErrors } from './execution.errors.js';
import { ExecutionRepository } from './execution.repository.js';
import type { Execution, ExecutionRef } from './execution.js';

/** Executions: live ones are in Redis, ended ones in PostgreSQL, for a while in both. */
@Injectable()
export class ExecutionsService {
  constructor(
    private readonly log: EventLogStore,
    private readonly live: LiveRuns,
    private readonly executions: ExecutionRepository,
    private readonly archive: EventArchiveRepository,
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

  /**
   * An execution whose events can still be followed.
   *
   * @throws EXECUTION_NOT_FOUND, EVENTS_EXPIRED (notFound)
   */
  async getFollowable(ref: ExecutionRef): Promise<Execution> {
    const execution = await this.log.find(ref);
    if (execution) return execution;
    const ended = await this.get(ref);
    // Executions that were persisted before their events were.
    if (!(await this.archive.exists(ref))) throw executionErrors.eventsExpired(ref.executionId);
    return ended;
  }

  /** The events after a cursor, from the log and then live, until the terminal one, as many at once as there are. Look with {@link getFollowable} first. */
  follow(ref: ExecutionRef, after: number, signal: AbortSignal): AsyncIterable<readonly ExecutionEvent[]> {
    return this.live.pages(ref, after, signal);
  }
}
