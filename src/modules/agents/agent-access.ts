import type { Tier } from '../../contracts/index.js';
import { isAtLeast } from '../tenancy/index.js';
import type { Agent } from './agent.js';
import { agentErrors } from './agents.errors.js';

/** @throws AGENT_INACTIVE, AGENT_TIER_TOO_LOW (forbidden) unless a tenant of this tier may run the agent now */
export function requireRunnable({ agentId, isActive, minimumTier }: Pick<Agent, 'agentId' | 'isActive' | 'minimumTier'>, tier: Tier): void {
  if (!isActive) throw agentErrors.inactive(agentId);
  if (!isAtLeast(tier, minimumTier)) throw agentErrors.tierTooLow(tier, minimumTier);
}
