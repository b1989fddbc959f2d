import type { CancelledExecutionAnswer, DomainAction } from '../../../contracts/index.js';
import { type ActionHandler, HandlesAction } from '../../../shared/actions/index.js';
import { RunCancellation } from '../runs/run-cancellation.service.js';

/** Running twice equals running once: an execution that has ended stays as it is. */
@HandlesAction('execution.cancel')
export class CancelExecutionHandler implements ActionHandler<'execution.cancel'> {
  constructor(private readonly cancellation: RunCancellation) {}

  readonly handle = async ({ tenantId, taskId, data }: DomainAction<'execution.cancel'>): Promise<CancelledExecutionAnswer> => {
    const ref = { tenantId, executionId: data.executionId ?? taskId };
    const { executionId, status, result } = await this.cancellation.cancel(ref, { reason: data.reason ?? 'Cancelled by an action.' });
    return { executionId, status, content: result?.content ?? null };
  };
}
