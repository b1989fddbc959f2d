import { Injectable } from '@nestjs/common';
import { toAppError } from '../../../shared/errors/index.js';
import { keys } from '../../../shared/redis/index.js';
import { TenantsService } from '../../tenancy/index.js';
import { EventLogStore } from '../event-log/event-log.store.js';
import { ExecutionPersistence } from '../execution-persistence.service.js';
import type { ExecutionRef } from '../execution.js';
import { executionErrors } from '../execution.errors.js';
import { RunDispatcher } from './run-dispatcher.service.js';
import { RunStore } from './run.store.js';

/** Runs of one tenant that are looked after in one sweep; the next one goes on. */
const PER_TENANT = 1_000;
/** A run that no other try can mend is looked after once in this time, each time for one dead letter. Seconds. */
const STUCK_SECONDS = 86_400;

/** A run that could not be looked after. */
interface Failure extends ExecutionRef {
  readonly error: unknown;
}

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

  /** @throws the signal's reason; RUN_STUCK (internal) naming the runs that cannot be looked after, or, if a store was away, what the first one failed with. The others have been */
  async lookAfter(signal: AbortSignal): Promise<void> {
    const failures: Failure[] = [];
    for (const { tenantId } of await this.tenants.all()) {
      for (const executionId of await this.runs.takeSilent(tenantId, PER_TENANT)) {
        signal.throwIfAborted();
        await this.lookAfterOne(tenantId, executionId).catch((error: unknown) => failures.push({ tenantId, executionId, error }));
      }
    }
    await this.tell(failures);
  }

  private async tell(failures: readonly Failure[]): Promise<void> {
    const stuck = failures.filter(({ error }) => toAppError(error).kind !== 'unavailable');
    for (const { tenantId, executionId } of stuck) await this.runs.setAside(tenantId, executionId, STUCK_SECONDS);
    const runs = stuck.map(({ tenantId, executionId }) => ({ tenantId, executionId, key: keys.execution(tenantId, executionId) }));
    if (runs.length > 0) throw executionErrors.runsStuck(runs, stuck[0]?.error);
    if (failures.length > 0) throw failures[0]?.error;
  }

  private async lookAfterOne(tenantId: string, executionId: string): Promise<void> {
    const execution = await this.log.find({ tenantId, executionId });
    if (!execution) return this.runs.forget(tenantId, executionId);
    if (execution.endedAt === null) return this.dispatcher.sendUnlessInLine({ tenantId, executionId, conversationId: execution.conversationId });
    await this.persistence.persistLater({ tenantId, executionId });
  }
}
