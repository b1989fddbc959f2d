import type { AgentConfigAnswer, DomainAction } from '../../../contracts/index.js';
import { type ActionHandler, HandlesAction } from '../../../shared/actions/index.js';
import { ExecutionContexts } from '../context/execution-contexts.service.js';
import { executionErrors } from '../execution.errors.js';

/** Running twice equals running once: it only reads. */
@HandlesAction('management.get_agent_config')
export class GetAgentConfigHandler implements ActionHandler<'management.get_agent_config'> {
  constructor(private readonly contexts: ExecutionContexts) {}

  readonly handle = async ({ tenantId, tenantTier, agentId, data }: DomainAction<'management.get_agent_config'>): Promise<AgentConfigAnswer> => {
    const named = data.agentId ?? agentId;
    if (named === undefined) throw executionErrors.agentUnnamed('management.get_agent_config');
    const { agent, limits } = await this.contexts.basisOf({ tenantId, tier: tenantTier }, named);
    const { name, type, version, systemPrompt, background, provider, model, temperature, maxTokens, maxIterations, maxHistoryMessages, isActive, minimumTier } = agent;
    return {
      ...{ agentId: named, name, type, version, systemPrompt, background, provider, modelName: model, temperature, maxTokens, maxIterations, maxHistoryMessages, isActive, minimumTier },
      tools: agent.tools.map((toolName) => ({ toolName })),
      collections: agent.collections.map((collectionId) => ({ collectionId })),
      tierConfig: { tier: tenantTier, maxIterations: limits.maxIterations, runTimeoutMs: limits.runTimeoutMs },
    };
  };
}
