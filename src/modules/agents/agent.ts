import type { Tier } from '../../contracts/index.js';

export const AGENT_TYPES = ['conversational', 'rag', 'workflow'] as const;

export type AgentType = (typeof AGENT_TYPES)[number];

/** An agent as the rest of the system sees it. */
export interface Agent {
  readonly tenantId: string;
  readonly agentId: string;
  /** 1 at first, one more with every edit. */
  readonly version: number;
  readonly name: string;
  readonly slug: string;
  readonly description: string | null;
  readonly type: AgentType;
  readonly systemPrompt: string;
  /** Who the agent is, put before the system prompt. */
  readonly background: string | null;
  readonly provider: string;
  readonly model: string;
  readonly temperature: number;
  /** Tokens of one answer at the most. */
  readonly maxTokens: number;
  readonly tools: readonly string[];
  readonly collections: readonly string[];
  /** Model calls in one run at the most. */
  readonly maxIterations: number;
  /** Messages of the conversation that a model is shown at the most. */
  readonly maxHistoryMessages: number;
  readonly isPublic: boolean;
  readonly isActive: boolean;
  readonly minimumTier: Tier;
  readonly tags: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Which agents a list shows; a field that is left out excludes none. */
export interface AgentFilter {
  readonly tag?: string | undefined;
  readonly type?: AgentType | undefined;
  readonly isActive?: boolean | undefined;
}
