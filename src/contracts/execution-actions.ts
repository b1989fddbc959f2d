import { ArrayMaxSize, ArrayMinSize, IsString, IsUUID, Length } from 'class-validator';
import type { ExecutionStatus } from './execution-events.js';
import { IsId, Optional } from './fields.js';
import type { Tier } from './tiers.js';

/** `execution.persist`: write an ended execution to PostgreSQL, again and again until it is there. */
export class PersistExecutionData {
  @IsId() executionId!: string;
}

/** `execution.deliver_webhook`: one try to tell the `webhookUrl` of an ended execution. */
export class DeliverWebhookData {
  @IsId() executionId!: string;
}

/** `execution.sweep`: look after runs that nobody has heard of for a while, in every tenant. */
export class SweepRunsData {}

/** `execution.forget_conversations`: conversations are deleted; what was said in them is taken out of their executions, dead letters and queues, too. */
export class ForgetConversationsData {
  @ArrayMinSize(1) @ArrayMaxSize(100) @IsUUID(undefined, { each: true }) conversationIds!: string[];
}

/** `execution.cancel`: stop a run of the action's tenant. */
export class CancelExecutionData {
  /** Default: the action's `taskId`. */
  @Optional() @IsId() executionId?: string;
  /** For people. */
  @Optional() @IsString() @Length(1, 500) reason?: string;
}

/** How it ended; one that had ended before stays as it was. */
export interface CancelledExecutionAnswer {
  readonly executionId: string;
  readonly status: ExecutionStatus;
  /** What there was of an answer. */
  readonly content: string | null;
}

/** `execution.cache.invalidate`: forget what the caches have of an agent. */
export class InvalidateAgentCacheData {
  /** Default: the action's `agentId`. */
  @Optional() @IsId() agentId?: string;
}

/** Entries that were removed. */
export interface InvalidatedAgentCacheAnswer {
  readonly agentConfig: number;
  readonly agentTools: number;
  readonly conversations: number;
  readonly messages: number;
}

/** `management.get_agent_config`: what a service needs to know of an agent. */
export class GetAgentConfigData {
  /** Default: the action's `agentId`. */
  @Optional() @IsId() agentId?: string;
}

/** @source `originals.md` section 1.6 */
export interface AgentConfigAnswer {
  readonly agentId: string;
  readonly name: string;
  readonly type: string;
  readonly version: number;
  readonly systemPrompt: string;
  readonly background: string | null;
  readonly provider: string;
  readonly modelName: string;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly maxIterations: number;
  readonly maxHistoryMessages: number;
  readonly tools: readonly { readonly toolName: string }[];
  readonly collections: readonly { readonly collectionId: string }[];
  readonly isActive: boolean;
  readonly minimumTier: Tier;
  /** What the tier of the action allows. */
  readonly tierConfig: { readonly tier: Tier; readonly maxIterations: number; readonly runTimeoutMs: number };
}
