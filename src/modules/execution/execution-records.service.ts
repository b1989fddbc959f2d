import { Injectable } from '@nestjs/common';
import { Transactions } from '../../shared/database/index.js';
import { EventArchiveRepository } from './event-log/event-archive.repository.js';
import { EventLogStore } from './event-log/event-log.store.js';
import { ExecutionRepository } from './execution.repository.js';
import type { Execution, ExecutionRef } from './execution.js';

/** Events that are moved to PostgreSQL at once; they are one row there. */
const PAGE = 1_000;

/** What PostgreSQL keeps of an ended execution: itself, and its events. */
@Injectable()
export class ExecutionRecords {
  constructor(
    private readonly log: EventLogStore,
    private readonly executions: ExecutionRepository,
    private readonly events: EventArchiveRepository,
    private readonly transactions: Transactions,
  ) {}

  /** Writes both, or neither; what is there already is left as it is. @throws DATABASE_UNAVAILABLE (unavailable) */
  async write(ref: ExecutionRef, execution: Execution): Promise<void> {
    await this.transactions.run(async (tx) => {
      await this.executions.insertOnce(ref.tenantId, execution, tx);
      for (let after = 0; ; ) {
        const events = await this.log.read(ref, after, PAGE);
        await this.events.insertOnce(ref, events, tx);
        const last = events.at(-1);
        if (!last || events.length < PAGE) return;
        after = last.seq;
      }
    });
  }
}
