import type { DomainAction } from '../../../contracts/index.js';
import { type ActionHandler, HandlesAction } from '../../../shared/actions/index.js';
import type { AppError } from '../../../shared/errors/index.js';
import { ExecutionPersistence } from '../execution-persistence.service.js';
import { RunStore } from '../runs/run.store.js';

/** Running twice equals running once: an execution that PostgreSQL has is left as it is. */
@HandlesAction('execution.persist')
export class PersistExecutionHandler implements ActionHandler<'execution.persist'> {
  constructor(
    private readonly persistence: ExecutionPersistence,
    private readonly runs: RunStore,
  ) {}

  readonly handle = async ({ tenantId, data }: DomainAction<'execution.persist'>): Promise<void> => {
    await this.persistence.persistNow({ tenantId, executionId: data.executionId });
  };

  /** The sweep would send it again and again, each time for another dead letter; a store that was away is worth that. A retry of the dead letter persists it. */
  readonly onExhausted = async ({ tenantId, data }: DomainAction<'execution.persist'>, { kind }: AppError): Promise<void> => {
    if (kind !== 'unavailable') await this.runs.setAside(tenantId, data.executionId);
  };
}
