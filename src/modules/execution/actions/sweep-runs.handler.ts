import type { OnApplicationBootstrap } from '@nestjs/common';
import { type DomainAction, SYSTEM_TENANT } from '../../../contracts/index.js';
import { ActionBus, type ActionHandler, type ActionRun, HandlesAction } from '../../../shared/actions/index.js';
import { ServerSettings } from '../../../shared/config/index.js';
import { TenantsService } from '../../tenancy/index.js';
import { EventLogStore } from '../event-log/event-log.store.js';
import type { RunRef } from '../execution.js';
import { RunDispatcher } from '../runs/run-dispatcher.service.js';
import { RunStore } from '../runs/run.store.js';

/** How often somebody looks after silent runs. Milliseconds. */
const EVERY_MS = 30_000;
/** Runs of one tenant that are looked after in one sweep; the next one goes on. */
const PER_TENANT = 1_000;

/**
 * Looks after runs that nobody has heard of: sent to a worker if they have not ended, to PostgreSQL if they have. It is what mends a crash between
 * two steps. Running twice equals running once: a job that waits or is worked on is not added again, and what PostgreSQL has it keeps.
 */
@HandlesAction('execution.sweep')
export class SweepRunsHandler implements ActionHandler<'execution.sweep'>, OnApplicationBootstrap {
  constructor(
    private readonly bus: ActionBus,
    private readonly runs: RunStore,
    private readonly log: EventLogStore,
    private readonly dispatcher: RunDispatcher,
    private readonly tenants: TenantsService,
    private readonly server: ServerSettings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.server.role === 'api') return;
    await this.bus.send('execution.sweep', { tenantId: SYSTEM_TENANT, tenantTier: 'enterprise', data: {} }, { everyMs: EVERY_MS });
  }

  /** @throws what the first run that cannot be looked after fails with; the others have been */
  readonly handle = async (_: DomainAction<'execution.sweep'>, { signal }: ActionRun): Promise<void> => {
    const failures: unknown[] = [];
    for (const { tenantId } of await this.tenants.all()) {
      for (const executionId of await this.runs.takeSilent(tenantId, PER_TENANT)) {
        signal.throwIfAborted();
        await this.lookAfter(tenantId, executionId).catch((error: unknown) => failures.push(error));
      }
    }
    if (failures.length > 0) throw failures[0];
  };

  private async lookAfter(tenantId: string, executionId: string): Promise<void> {
    const execution = await this.log.find({ tenantId, executionId });
    if (!execution) return this.runs.forget(tenantId, executionId);
    if (execution.endedAt === null) return this.sendUnlessInLine({ tenantId, executionId, conversationId: execution.conversationId });
    await this.bus.send('execution.persist', { tenantId, tenantTier: 'enterprise', data: { executionId } }, { jobId: `${tenantId}:${executionId}` });
  }

  /** Whoever ends the run before it sends it: a job of one that waits could be in a worker's hands in that moment, and stand in the way of the other. */
  private async sendUnlessInLine(run: RunRef): Promise<void> {
    if (!(await this.runs.isInLine(run))) await this.dispatcher.sendById(run.tenantId, run.executionId);
  }
}
