import { BUILTIN_TOOLS } from '../../contracts/index.js';
import { requireModel, type TierLimits } from '../tenancy/index.js';
import type { AgentDefinition } from './agent.js';
import { agentErrors } from './agents.errors.js';

/** The part of a definition that limits are about. */
type Limited = Pick<AgentDefinition, 'model' | 'fallbackModel' | 'tools' | 'collections'>;

/** What a definition may name. */
export interface AgentLimits extends Pick<TierLimits, 'models' | 'tools' | 'maxCollectionsPerAgent' | 'maxAgents'> {
  /** Open to every tier: whoever names no model has it. */
  readonly defaultModel: string;
}

/**
 * What an agent has already it keeps: a tenant whose limits have become less can still edit it.
 *
 * @param before the agent that is edited
 * @throws TOOL_NOT_IN_TIER, MODEL_NOT_IN_TIER, TIER_LIMIT_COLLECTIONS (forbidden)
 */
export function requireAllowed(definition: Limited, limits: AgentLimits, before?: Limited): void {
  const { tools, maxCollectionsPerAgent, defaultModel } = limits;
  const tool = definition.tools.find((name) => tools?.includes(name) === false && before?.tools.includes(name) !== true);
  if (tool !== undefined) throw agentErrors.toolNotInTier(tool, BUILTIN_TOOLS.filter((name) => tools?.includes(name)));
  for (const model of modelsOf(definition)) requireModel(model, limits, [defaultModel, ...(before ? modelsOf(before) : [])]);
  const count = definition.collections.length;
  if (maxCollectionsPerAgent !== null && count > Math.max(maxCollectionsPerAgent, before?.collections.length ?? 0)) throw agentErrors.tooManyCollections(count, maxCollectionsPerAgent);
}

/** @throws MODEL_NOT_IN_TIER (forbidden) for a model that a turn asks for instead of its agent's */
export function requireTurnModel(model: string | undefined, limits: Pick<TierLimits, 'models'>, agent: Limited, defaultModel: string): void {
  if (model !== undefined) requireModel(model, limits, [defaultModel, ...modelsOf(agent)]);
}

function modelsOf({ model, fallbackModel }: Limited): string[] {
  return fallbackModel ? [model, fallbackModel.model] : [model];
}
