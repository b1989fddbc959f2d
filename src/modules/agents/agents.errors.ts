import type { Tier } from '../../contracts/index.js';
import { AppError } from '../../shared/errors/index.js';

export const agentErrors = {
  notFound: (agentId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'AGENT_NOT_FOUND', message: `There is no agent "${agentId}" here; GET /api/v1/agents lists yours.`, details: { field: 'agentId' } }),
  inactive: (agentId: string): AppError =>
    new AppError({ kind: 'forbidden', code: 'AGENT_INACTIVE', message: `Agent "${agentId}" is switched off.`, details: { field: 'agentId' } }),
  tierTooLow: (tier: Tier, minimumTier: Tier): AppError =>
    new AppError({ kind: 'forbidden', code: 'AGENT_TIER_TOO_LOW', message: `This agent needs the tier ${minimumTier}; yours is ${tier}.`, details: { tier, minimumTier } }),
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
  ragUnavailable: (): AppError =>
    new AppError({ kind: 'invalid', code: 'AGENT_TYPE_UNSUPPORTED', message: 'type rag and collections need the knowledge module, which this version does not have; use conversational or workflow.', details: { field: 'type' } }),
};
