import type { Tier } from '../../contracts/index.js';
import { isAtLeast } from '../tenancy/index.js';
import type { Agent } from './agent.js';
import { requireSupported } from './agent-definition.js';
import { agentErrors } from './agents.errors.js';

type Runnable = Pick<Agent, 'agentId' | 'isActive' | 'minimumTier' | 'type' | 'collections'>;

/** @throws AGENT_INACTIVE, AGENT_TIER_TOO_LOW (forbidden), AGENT_TYPE_UNSUPPORTED (invalid) unless a tenant of this tier may run the agent now */
export function requireRunnable(agent: Runnable, tier: Tier): void {
  const { agentId, isActive, minimumTier } = agent;
  if (!isActive) throw agentErrors.inactive(agentId);
  if (!isAtLeast(tier, minimumTier)) throw agentErrors.tierTooLow(tier, minimumTier);
  requireSupported(agent);
}
