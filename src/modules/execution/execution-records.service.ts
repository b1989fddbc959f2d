import { Injectable } from '@nestjs/common';
import type { ExecutionEvent } from '../../contracts/index.js';
import { Gathering, Transactions } from '../../shared/database/index.js';
import { toAppError } from '../../shared/errors/index.js';
import { EventArchiveRepository } from './event-log/event-archive.repository.js';
import { EventLogStore } from './event-log/event-log.store.js';
import { ExecutionRepository } from './execution.repository.js';
import type { Execution, ExecutionRef } from './execution.js';

/** Events that are moved to PostgreSQL at once; they are one row there. */
const PAGE = 1_000;
/** Executions, and events of theirs, that one statement writes at the most. Guesses: a statement of some hundred kilobytes. */
const EXECUTIONS_TOGETHER = 32;
const EVENTS_TOGETHER = 2_000;

/** An ended execution with the first page of its log. */
interface Ended {
  readonly tenantId: string;
  readonly execution: Execution;
  readonly events: readonly ExecutionEvent[];
}

/** What PostgreSQL keeps of an ended execution: itself, and its events. */
@Injectable()
export class ExecutionRecords {
  /** Those that end while others of their tenant are being written go together: docs/decisions/0041. */
  private readonly short = new Gathering<Ended, void>({
    groups: 2,
    isEnough: (waiting) => waiting.length >= EXECUTIONS_TOGETHER / 2,
    goesWith: ({ tenantId, events }, group) => group.length < EXECUTIONS_TOGETHER && group[0]?.tenantId === tenantId && group.reduce((sum, other) => sum + other.events.length, events.length) <= EVENTS_TOGETHER,
    write: async (group) => {
      await this.executions.insertOnce(group[0]?.tenantId ?? '', group);
      return group.map(() => undefined);
    },
    failsAlone: (error) => toAppError(error).code !== 'DATABASE_UNAVAILABLE',
  });

  constructor(
    private readonly log: EventLogStore,
    private readonly executions: ExecutionRepository,
    private readonly archive: EventArchiveRepository,
    private readonly transactions: Transactions,
  ) {}

  /**
   * Writes both, or neither; what is there already is left as it is.
   *
   * @returns the execution; null when it has not ended, and nothing is written
   * @throws DATABASE_UNAVAILABLE (unavailable)
   */
  async write(ref: ExecutionRef): Promise<Execution | null> {
    // One round trip, in this order: the log of an ended execution does not change.
    const [execution, events] = await Promise.all([this.log.find(ref), this.log.read(ref, 0, PAGE)]);
    if (execution?.endedAt == null) return null;
    const ended = { tenantId: ref.tenantId, execution, events };
    if (events.length < PAGE) await this.short.add(ended);
    else await this.writeLong(ref, ended);
    return execution;
  }

  private async writeLong(ref: ExecutionRef, ended: Ended): Promise<void> {
    await this.transactions.run(ref.tenantId, async (tx) => {
      await this.executions.insertOnce(ref.tenantId, [ended], tx);
      for (let events = ended.events; events.length === PAGE; ) {
        events = await this.log.read(ref, events.at(-1)?.seq ?? 0, PAGE);
        await this.archive.insertOnce(ref, events, tx);
      }
    });
  }
}
