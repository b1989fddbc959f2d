import { Injectable } from '@nestjs/common';
import { EventLogStore } from '../event-log/event-log.store.js';
import { ExecutionRecords } from '../execution-records.service.js';
import type { Execution } from '../execution.js';
import { SessionRunsStore } from '../gateway/session-runs.store.js';
import { RunCancellation } from '../runs/run-cancellation.service.js';
import { RunStore } from '../runs/run.store.js';

const REASON = 'What it belongs to was erased.';

/** Takes runs out of Redis: ends those that go on, and leaves in PostgreSQL that there were some, so that no job that comes late begins them again. */
@Injectable()
export class RunRemoval {
  constructor(
    private readonly cancellation: RunCancellation,
    private readonly records: ExecutionRecords,
    private readonly log: EventLogStore,
    private readonly runs: RunStore,
    private readonly sessions: SessionRunsStore,
  ) {}

  /** @returns whether it was going on */
  async stop(tenantId: string, { executionId, endedAt }: Execution): Promise<boolean> {
    if (endedAt !== null) return false;
    await this.cancellation.cancel({ tenantId, executionId }, { reason: REASON });
    return true;
  }

  /** Of an ended one. @returns whether Redis had anything of it */
  async remove(tenantId: string, { executionId, sessionId }: Pick<Execution, 'executionId' | 'sessionId'>): Promise<boolean> {
    const ref = { tenantId, executionId };
    await this.records.write(ref);
    const [isRemoved] = await Promise.all([this.log.remove(ref), this.runs.forget(tenantId, executionId), this.sessions.forget(tenantId, sessionId, executionId)]);
    return isRemoved;
  }
}
