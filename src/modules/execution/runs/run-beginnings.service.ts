import { Injectable } from '@nestjs/common';
import type { DomainAction } from '../../../contracts/index.js';
import { executionErrors } from '../execution.errors.js';
import type { RunRef } from '../execution.js';
import { ExecutionsService } from '../executions.service.js';
import { ExecutionContexts } from '../context/execution-contexts.service.js';
import { newRunOf } from './new-run.js';
import { RunAdmission } from './run-admission.service.js';
import { type Beginning, RunStore, tokenOf } from './run.store.js';

/** Begins runs for workers. */
@Injectable()
export class RunBeginnings {
  constructor(
    private readonly runs: RunStore,
    private readonly admission: RunAdmission,
    private readonly executions: ExecutionsService,
    private readonly contexts: ExecutionContexts,
  ) {}

  /**
   * @param maxAttempts beginnings at the most that took their workers down
   * @throws what refuses a run that another program has put into the queue, DATABASE_UNAVAILABLE (unavailable) when Redis does not know the run
   */
  async begin(action: DomainAction<'execution.agent_run'>, run: RunRef, maxAttempts: number): Promise<Beginning> {
    const beginning = await this.runs.begin(run, maxAttempts);
    if (beginning.outcome !== 'unknown') return beginning;
    // A job whose worker was lost at the very end may come back when PostgreSQL alone has the run.
    if (await this.executions.find(run)) return { outcome: 'ended' };
    if (action.agentId === undefined) throw executionErrors.agentUnnamed();
    const basis = await this.contexts.basisOf({ tenantId: action.tenantId, tier: action.tenantTier }, action.agentId);
    await this.admission.admit(newRunOf(action, action.agentId, action.data.onConflict ?? 'enqueue'), basis);
    return this.runs.begin(run, maxAttempts);
  }

  /** Another try will bring it to its end. While Redis is away that cannot be written down; the attempt then counts as one whose worker was lost. */
  async giveBack(run: RunRef, attempt: number): Promise<void> {
    await this.runs.giveBack(run, tokenOf(run, attempt)).catch(() => undefined);
  }
}
