import { newId, type Tier } from '../../../contracts/index.js';
import type { Agent } from '../../agents/index.js';
import type { TierLimits } from '../../tenancy/index.js';

/** What a run needs of its agent; without times, so that it can be frozen and shared. */
export type AgentSnapshot = Omit<Agent, 'createdAt' | 'updatedAt'>;

/** Which model answers, and how. */
export interface LlmConfig {
  readonly provider: Agent['provider'];
  readonly model: string;
  readonly temperature: number;
  /** Tokens of one answer at the most. */
  readonly maxTokens: number;
}

/** Where the agent looks things up; null for an agent without collections. */
export interface RagConfig {
  readonly collections: readonly string[];
}

/**
 * Everything that a run needs besides the conversation, in one object that is assembled once. Times are epoch milliseconds.
 * What a single request asks for is laid over it and never kept; the session is such a thing, since a conversation may be reached from several.
 *
 * @source seed 001, ExecutionContext; `originals.md` section 1.13
 */
export interface ExecutionContext {
  readonly contextId: string;
  readonly tenantId: string;
  readonly tenantTier: Tier;
  readonly agentId: string;
  readonly conversationId: string;
  readonly agent: AgentSnapshot;
  readonly llm: LlmConfig;
  /** null while no collection asks for vectors. */
  readonly embedding: null;
  readonly rag: RagConfig | null;
  readonly limits: TierLimits;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When the first of its parts is too old to be used. */
  readonly expiresAt: number;
}

/** Which context. */
export interface ContextIds {
  readonly tenantId: string;
  readonly agentId: string;
  readonly conversationId: string;
}

/** A part, and when it was read from where it is kept. */
export interface ContextPart<T> {
  readonly value: T;
  readonly fetchedAt: number;
}

/** An old part, which is all that there is while the database is away, is good for this long before the next try. Milliseconds. */
const STAND_IN_MS = 5_000;

/** What a tenant of this tier may now. */
export interface TierPart {
  readonly tier: Tier;
  readonly limits: TierLimits;
}

/** @param partMs how long an agent part may be used */
export function assemble(ids: ContextIds, { tier: tenantTier, limits }: TierPart, part: ContextPart<AgentSnapshot>, partMs: number): ExecutionContext {
  const { value: agent, fetchedAt } = part;
  const { provider, model, temperature, maxTokens, collections } = agent;
  const now = Date.now();
  const partEndsAt = fetchedAt + partMs;
  return {
    ...{ contextId: newId(), tenantId: ids.tenantId, tenantTier, agentId: ids.agentId, conversationId: ids.conversationId, agent },
    llm: { provider, model, temperature, maxTokens },
    embedding: null,
    rag: collections.length === 0 ? null : { collections },
    limits,
    ...{ createdAt: now, updatedAt: now, expiresAt: partEndsAt > now ? partEndsAt : now + STAND_IN_MS },
  };
}

/** Whether every part is young enough, and it was made for this tier. */
export function isCurrent({ expiresAt, tenantTier }: ExecutionContext, tier: Tier, now: number): boolean {
  return now < expiresAt && tenantTier === tier;
}

/** What one request wants otherwise. */
export type LlmOverrides = Partial<LlmConfig>;

/** The context as one request sees it; the context itself stays. 0 is a value. @param overrides undefined fields change nothing */
export function overlaid(context: ExecutionContext, overrides: LlmOverrides | undefined): ExecutionContext {
  if (overrides === undefined) return context;
  const wanted = Object.fromEntries(Object.entries(overrides).filter(([name, value]) => value !== undefined && Object.hasOwn(context.llm, name)));
  return { ...context, llm: { ...context.llm, ...wanted }, updatedAt: Date.now() };
}
