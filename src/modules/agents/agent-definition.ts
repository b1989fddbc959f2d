import type { ModelSettings } from '../../shared/config/index.js';
import type { Agent, AgentDefinition, AgentModel } from './agent.js';
import { chooseFallback, chooseModel } from './agent-model.js';
import { agentErrors } from './agents.errors.js';

/** Fields of a definition that change; the others, and those that are undefined, stay. */
export type AgentEdit = Partial<Omit<AgentDefinition, 'fallbackModel'>> & { readonly fallbackModel?: Partial<AgentModel> | null };

/** The part of an agent that its versions keep. */
export function definitionOf(agent: Agent): AgentDefinition {
  const { tenantId, agentId, version, createdAt, updatedAt, ...definition } = agent;
  return definition;
}

/**
 * The definition after an edit.
 *
 * @throws AGENT_TYPE_UNSUPPORTED, MEMO_TOOL_UNKNOWN, MODEL_UNKNOWN, MODEL_PROVIDER_NOT_CONFIGURED (invalid)
 */
export function edited(agent: Agent, edit: AgentEdit, settings: ModelSettings): AgentDefinition {
  const fallbackModel = edit.fallbackModel === undefined ? agent.fallbackModel : chooseFallback(edit.fallbackModel, settings);
  const definition = { ...definitionOf(agent), ...present(edit), ...editedModel(agent, edit, settings), fallbackModel };
  requireSupported(definition);
  if (edit.memo ?? edit.tools ?? edit.mcpServers) requireMemoTools(definition);
  return definition;
}

/**
 * The definition after the return to an earlier one. Whether the agent may run is not part of the return: who goes back to an older
 * prompt must not switch on what somebody has switched off, nor the other way round.
 *
 * @throws AGENT_TYPE_UNSUPPORTED, MODEL_UNKNOWN, MODEL_PROVIDER_NOT_CONFIGURED (invalid): what could be used then need not be usable now
 */
export function restored(agent: Agent, earlier: AgentDefinition, settings: ModelSettings): AgentDefinition {
  const fallbackModel = chooseFallback(earlier.fallbackModel, settings);
  const definition = { ...definitionOf(agent), ...earlier, ...chooseModel(earlier, settings), fallbackModel, isActive: agent.isActive };
  requireSupported(definition);
  return definition;
}

/** @throws AGENT_TYPE_UNSUPPORTED (invalid) */
export function requireSupported({ type, collections }: Pick<AgentDefinition, 'type' | 'collections'>): void {
  if (type === 'rag') throw agentErrors.ragUnavailable('type');
  if (collections.length > 0) throw agentErrors.ragUnavailable('collections');
}

/** Tools whose results are to be kept are among the agent's; which an MCP server has shows when it is asked. @throws MEMO_TOOL_UNKNOWN (invalid) */
export function requireMemoTools({ memo, tools, mcpServers }: Pick<AgentDefinition, 'memo' | 'tools' | 'mcpServers'>): void {
  const unknown = memo?.tools.find(({ name }) => !tools.includes(name) && !mcpServers.some((server) => name.startsWith(`${server.name}_`)));
  if (unknown) throw agentErrors.memoToolUnknown(unknown.name, [...tools, ...mcpServers.map((server) => `${server.name}_<tool>`)]);
}

/** @returns true when the edit changes nothing because it names nothing */
export function isEmpty(edit: object): boolean {
  return Object.values(edit).every((value) => value === undefined);
}

/** A model that stays keeps its provider, even if the settings have changed since; another one is chosen as for a new agent. */
function editedModel(agent: Agent, { provider, model }: AgentEdit, settings: ModelSettings): AgentModel {
  const stays = (model ?? agent.model) === agent.model && (provider ?? agent.provider) === agent.provider;
  return stays ? { provider: agent.provider, model: agent.model } : chooseModel({ provider, model }, settings);
}

function present(edit: AgentEdit): Omit<AgentEdit, 'fallbackModel'> {
  return Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
}
