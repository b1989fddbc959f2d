import type { ConflictPolicy, ModelProvider, Tier } from '../../contracts/index.js';

export const AGENT_TYPES = ['conversational', 'rag', 'workflow'] as const;

export type AgentType = (typeof AGENT_TYPES)[number];

/** The largest number of a version: PostgreSQL's `integer`. */
export const MAX_VERSION = 2_147_483_647;

/** A server of the Model Context Protocol (streamable HTTP) whose tools an agent may use. */
export interface McpServer {
  /** Unique in its agent; its tools are called `<name>_<tool>`. */
  readonly name: string;
  readonly url: string;
  /** Sent with every request; the values are sealed, and opened by `header-secrets.service.ts`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names of the only tools of it that the agent may use; null for all. */
  readonly tools: readonly string[] | null;
}

/** A model, and who serves it. */
export interface AgentModel {
  readonly provider: ModelProvider;
  readonly model: string;
}

/** What of an agent's runs is kept for its tenant, and given again. */
export interface AgentMemo {
  /** Answers of its model; null: the model is always asked. */
  readonly answers: { readonly ttlSeconds: number; /** Also answers that ask for tools, which then run. */ readonly toolCalls: boolean } | null;
  /** Tools, by the names that the model calls them: the same input has the same result for so long. */
  readonly tools: readonly { readonly name: string; readonly ttlSeconds: number }[];
}

/** What an edit can change of an agent, and what every version of it keeps. */
export interface AgentDefinition {
  readonly name: string;
  readonly slug: string;
  readonly description: string | null;
  readonly type: AgentType;
  readonly systemPrompt: string;
  /** Who the agent is, put before the system prompt. */
  readonly background: string | null;
  readonly provider: ModelProvider;
  readonly model: string;
  /** Answers when the model has failed for good before it has said anything; null for none. */
  readonly fallbackModel: AgentModel | null;
  readonly temperature: number;
  /** Tokens of one answer at the most. */
  readonly maxTokens: number;
  readonly tools: readonly string[];
  readonly mcpServers: readonly McpServer[];
  readonly collections: readonly string[];
  /** Model calls in one run at the most. */
  readonly maxIterations: number;
  /** Messages of the conversation that a model is shown at the most. */
  readonly maxHistoryMessages: number;
  /** What becomes of a turn while another one of its conversation has not ended, unless it says so itself. */
  readonly onConflict: ConflictPolicy;
  /** null: nothing is kept. */
  readonly memo: AgentMemo | null;
  readonly isPublic: boolean;
  readonly isActive: boolean;
  readonly minimumTier: Tier;
  readonly tags: readonly string[];
}

/** Which agent. */
export interface AgentRef {
  readonly tenantId: string;
  readonly agentId: string;
}

/** An agent as the rest of the system sees it. */
export interface Agent extends AgentRef, AgentDefinition {
  /** 1 at first, one more with every edit. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What an agent was from one edit to the next. */
export interface AgentVersion extends AgentRef {
  readonly version: number;
  readonly definition: AgentDefinition;
  /** Of the edit that made it, where one may come twice; null otherwise. */
  readonly editId: string | null;
  readonly createdAt: Date;
}

/** Which agents a list shows; a field that is left out excludes none. */
export interface AgentFilter {
  readonly tag?: string | undefined;
  readonly type?: AgentType | undefined;
  readonly isActive?: boolean | undefined;
}
