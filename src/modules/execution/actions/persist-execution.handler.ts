import type { DomainAction } from '../../../contracts/index.js';
import { type ActionHandler, HandlesAction } from '../../../shared/actions/index.js';
import { ExecutionPersistence } from '../execution-persistence.service.js';

/** Running twice equals running once: an execution that PostgreSQL has is left as it is. */
@HandlesAction('execution.persist')
export class PersistExecutionHandler implements ActionHandler<'execution.persist'> {
  constructor(private readonly persistence: ExecutionPersistence) {}

  readonly handle = async ({ tenantId, data }: DomainAction<'execution.persist'>): Promise<void> => {
    await this.persistence.persistNow({ tenantId, executionId: data.executionId });
  };
}
