import type { DomainAction, InvalidatedAgentCacheAnswer } from '../../../contracts/index.js';
import { type ActionHandler, HandlesAction } from '../../../shared/actions/index.js';
import { AgentsService } from '../../agents/index.js';
import { executionErrors } from '../execution.errors.js';

/** Running twice equals running once: what is forgotten is read again. */
@HandlesAction('execution.cache.invalidate')
export class InvalidateAgentCacheHandler implements ActionHandler<'execution.cache.invalidate'> {
  constructor(private readonly agents: AgentsService) {}

  readonly handle = async ({ tenantId, agentId, data }: DomainAction<'execution.cache.invalidate'>): Promise<InvalidatedAgentCacheAnswer> => {
    const named = data.agentId ?? agentId;
    if (named === undefined) throw executionErrors.agentUnnamed('execution.cache.invalidate');
    return this.agents.invalidate(tenantId, named, false);
  };
}
