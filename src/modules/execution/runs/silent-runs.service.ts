import { Injectable } from '@nestjs/common';
import { TenantsService } from '../../tenancy/index.js';
import { EventLogStore } from '../event-log/event-log.store.js';
import { ExecutionPersistence } from '../execution-persistence.service.js';
import { RunDispatcher } from './run-dispatcher.service.js';
import { RunStore } from './run.store.js';

/** Runs of one tenant that are looked after in one sweep; the next one goes on. */
const PER_TENANT = 1_000;

/** Runs that nobody has heard of for a while: sent to a worker if they have not ended, to PostgreSQL if they have. */
@Injectable()
export class SilentRuns {
  constructor(
    private readonly runs: RunStore,
    private readonly log: EventLogStore,
    private readonly dispatcher: RunDispatcher,
    private readonly persistence: ExecutionPersistence,
    private readonly tenants: TenantsService,
  ) {}

  /** @throws the signal's reason, or what the first run that cannot be looked after fails with; the others have been */
  async lookAfter(signal: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const { tenantId } of await this.tenants.all()) {
      for (const executionId of await this.runs.takeSilent(tenantId, PER_TENANT)) {
        signal.throwIfAborted();
        await this.lookAfterOne(tenantId, executionId).catch((error: unknown) => failures.push(error));
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  private async lookAfterOne(tenantId: string, executionId: string): Promise<void> {
    const execution = await this.log.find({ tenantId, executionId });
    if (!execution) return this.runs.forget(tenantId, executionId);
    if (execution.endedAt === null) return this.dispatcher.sendUnlessInLine({ tenantId, executionId, conversationId: execution.conversationId });
    await this.persistence.persistLater({ tenantId, executionId });
  }
}
