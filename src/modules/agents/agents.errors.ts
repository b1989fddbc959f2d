import type { Tier } from '../../contracts/index.js';
import { AppError } from '../../shared/errors/index.js';
import { HIGHER_TIER } from '../tenancy/index.js';

export const agentErrors = {
  notFound: (agentId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'AGENT_NOT_FOUND', message: `There is no agent "${agentId}" here; GET /api/v1/agents lists yours.`, details: { field: 'agentId' } }),
  inactive: (agentId: string): AppError =>
    new AppError({ kind: 'forbidden', code: 'AGENT_INACTIVE', message: `Agent "${agentId}" is switched off; PATCH /api/v1/agents/${agentId} {"isActive":true} switches it on.`, details: { field: 'agentId' } }),
  tierTooLow: (tier: Tier, minimumTier: Tier): AppError =>
    new AppError({ kind: 'forbidden', code: 'AGENT_TIER_TOO_LOW', message: `This agent needs the tier ${minimumTier}; yours is ${tier}: ${HIGHER_TIER}.`, details: { tier, minimumTier } }),
  tooManyAgents: (limit: number): AppError =>
    new AppError({ kind: 'forbidden', code: 'TIER_LIMIT_AGENTS', message: `You may have ${String(limit)} agents and no more (maxAgents); delete or change one, or ${HIGHER_TIER}.`, details: { limit: 'maxAgents', maxAgents: limit } }),
  /** @param known those that an agent may name there */
  toolNotInTier: (tool: string, known: readonly string[]): AppError =>
    new AppError({ kind: 'forbidden', code: 'TOOL_NOT_IN_TIER', message: `Your tier does not have the tool "${tool}"${known.length === 0 ? '' : `, only ${known.join(', ')}`}; leave it out, or ${HIGHER_TIER}.`, details: { field: 'tools', limit: 'tools', tool } }),
  tooManyCollections: (count: number, limit: number): AppError =>
    new AppError({
      kind: 'forbidden',
      code: 'TIER_LIMIT_COLLECTIONS',
      message: `An agent of yours may have ${String(limit)} collections, not ${String(count)} (maxCollectionsPerAgent); leave some out, or ${HIGHER_TIER}.`,
      details: { field: 'collections', limit: 'maxCollectionsPerAgent', maxCollectionsPerAgent: limit },
    }),
  slugTaken: (slug: string): AppError =>
    new AppError({ kind: 'conflict', code: 'AGENT_SLUG_TAKEN', message: `You have an agent with the slug "${slug}" already; choose another slug, or change that agent's.`, details: { field: 'slug' } }),
  versionNotFound: (agentId: string, version: number): AppError =>
    new AppError({ kind: 'notFound', code: 'AGENT_VERSION_NOT_FOUND', message: `Agent "${agentId}" has no version ${String(version)}; GET /api/v1/agents/${agentId}/versions lists those it has.`, details: { field: 'version' } }),
  editEmpty: (): AppError =>
    new AppError({ kind: 'invalid', code: 'AGENT_EDIT_EMPTY', message: 'There is nothing to change: send at least one field of the agent, such as {"systemPrompt":"You are a guide."} or {"isActive":false}.' }),
  modelUnknown: (model: string, known: string): AppError =>
    new AppError({ kind: 'invalid', code: 'MODEL_UNKNOWN', message: `The provider builtin has no model "${model}", only ${known}; name that one, or the provider openai-compatible.`, details: { field: 'model' } }),
  providerNotConfigured: (model: string): AppError =>
    new AppError({
      kind: 'invalid',
      code: 'MODEL_PROVIDER_NOT_CONFIGURED',
      message: `The model "${model}" needs an OpenAI-compatible server, and this installation has none: set OPENAI_BASE_URL, or use the provider builtin with its model builtin/chat.`,
      details: { field: 'provider' },
    }),
  /** @param field what asks for it: the type rag, or collections */
  ragUnavailable: (field: 'type' | 'collections'): AppError =>
    new AppError({
      kind: 'invalid',
      code: 'AGENT_TYPE_UNSUPPORTED',
      message: 'type rag and collections need a search of documents, which this version does not have; use the type conversational or workflow, and no collections.',
      details: { field },
    }),
  memoToolUnknown: (tool: string, known: readonly string[]): AppError =>
    new AppError({
      kind: 'invalid',
      code: 'MEMO_TOOL_UNKNOWN',
      message: `memo.tools names "${tool}", which the agent does not have${known.length === 0 ? '' : ` among ${known.join(', ')}`}; give the agent that tool, or send memo without it.`,
      details: { field: 'memo.tools', tool },
    }),
  headersNeedKey: (server: string): AppError =>
    new AppError({
      kind: 'invalid',
      code: 'SECRETS_KEY_MISSING',
      message: `The MCP server "${server}" has headers, and this installation cannot keep secrets: set NOOBLE_SECRETS_KEY to at least 32 characters, or leave headers out.`,
      details: { field: 'mcpServers', setting: 'NOOBLE_SECRETS_KEY' },
    }),
  /** A mask stands for a secret that is not there, or for one that was given for another URL. */
  headerUnknown: (server: string, header: string): AppError =>
    new AppError({
      kind: 'invalid',
      code: 'HEADER_SECRET_UNKNOWN',
      message: `The header "${header}" of the MCP server "${server}" is a mask, and there is no secret behind it: a secret is kept only under the server's name and URL that it was given for. Send its value.`,
      details: { field: 'mcpServers' },
    }),
  serverTwice: (server: string): AppError =>
    new AppError({ kind: 'invalid', code: 'MCP_SERVER_TWICE', message: `There are two MCP servers with the name "${server}"; a name is unique in its agent, whatever the case.`, details: { field: 'mcpServers' } }),
  secretUnreadable: (header: string): AppError =>
    new AppError({ kind: 'invalid', code: 'HEADER_SECRET_UNREADABLE', message: `The header "${header}" was sealed with another NOOBLE_SECRETS_KEY; send its value again.`, details: { field: 'mcpServers' } }),
};

/** What `check` throws, said of that field of the agent. */
export function namingField<T>(field: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { kind, code, message } = error;
    throw new AppError({ kind, code, message: `${field}: ${message}`, details: { field }, cause: error });
  }
}
