import { Type } from 'class-transformer';
import { IsIn, IsInt, IsNumber, IsObject, IsString, Length, Matches, Max, Min, ValidateNested } from 'class-validator';
import { GetContextData, GetHistoryData, SaveMessageData, SessionClosedData } from './conversation-actions.js';
import { EraseUserData, SweepErasuresData } from './crm-actions.js';
import { GenerateEmbeddingsData } from './embedding-actions.js';
import { CancelExecutionData, DeliverWebhookData, ForgetConversationsData, GetAgentConfigData, InvalidateAgentCacheData, PersistExecutionData, SweepRunsData } from './execution-actions.js';
import { IsId, IsMessageText, Optional, Verbatim } from './fields.js';
import { CLIENT_ID } from './ids.js';
import { GetMigrationStatsData, MigrateConversationData, MoveConversationData, StartMigrationLoopData, StopMigrationLoopData, SweepData } from './migration-actions.js';
import { MemoDirective } from './memo.js';
import { MODEL_PROVIDERS, type ModelProvider } from './models.js';

/** What one turn wants otherwise than its agent says; 0 is a value. */
export class LlmOverridesData {
  @Optional() @IsIn(MODEL_PROVIDERS) provider?: ModelProvider;
  @Optional() @IsString() @Length(1, 200) model?: string;
  @Optional() @IsNumber() @Min(0) @Max(2) temperature?: number;
  /** Tokens of the answer at the most. */
  @Optional() @IsInt() @Min(1) @Max(200_000) maxTokens?: number;
}

/**
 * What becomes of a turn while another one of its conversation has not ended: it is refused, it waits, the other one is cancelled and keeps its
 * partial answer, or the other one is cancelled and what it put into the conversation is withdrawn.
 */
export const CONFLICT_POLICIES = ['reject', 'enqueue', 'interrupt', 'rollback'] as const;

export type ConflictPolicy = (typeof CONFLICT_POLICIES)[number];

/** `execution.agent_run`: one turn of an agent. The execution's id is the action's `taskId`. */
export class AgentRunData {
  @IsId() conversationId!: string;
  /** The session whose conversation this is. */
  @Matches(CLIENT_ID) sessionId!: string;
  @IsMessageText() message!: string;
  /** Kind of message, `text` in every client so far. */
  @IsString() messageType!: string;
  @Verbatim() @IsObject() userInfo!: Record<string, unknown>;
  /** Model calls at the most in this run. */
  @Optional() @IsInt() @Min(1) @Max(100) maxIterations?: number;
  /** Whole-run time-out in milliseconds, never above the tier's. */
  @Optional() @IsInt() @Min(1) timeoutMs?: number;
  @Optional() @ValidateNested() @Type(() => LlmOverridesData) overrides?: LlmOverridesData;
  /** Of an agent that keeps its model's answers. */
  @Optional() @IsObject() @ValidateNested() @Type(() => MemoDirective) memo?: MemoDirective;
  /** Default: the agent's. A run that is added to the queue by another program waits unless it says otherwise. */
  @Optional() @IsIn(CONFLICT_POLICIES) onConflict?: ConflictPolicy;
}

/** How a job of one type is run. */
export interface ActionSpec {
  /** Class that validates `data`, at both ends of the queue. */
  readonly data: new () => object;
  /** Tries in all; a try ends with a thrown error. */
  readonly attempts: number;
  /** First back-off, milliseconds; it doubles with each try, up to about 30 s. */
  readonly backoffMs: number;
  /** When the handler's AbortSignal fires. Milliseconds. */
  readonly deadlineMs: number;
  /** Jobs of this type running at once in one process; for runs EXECUTION_CONCURRENCY, for moves MIGRATION_CONCURRENCY instead. */
  readonly concurrency: number;
  /** Its handler answers for itself, when and how it wants (`callbacks.ts`); every other type is answered by the worker, once the handler is through. */
  readonly answersItself?: true;
  /** It serves all tenants at once: nobody but the system itself may send it. */
  readonly isSystemOnly?: true;
  /** It concerns every tenant: over REST only callers with the scope admin may send it, for which they need no tenant. Who reaches the queues may do everything. */
  readonly isAdminOnly?: true;
  /** Without a tenant it has a meaning, too: that of all of them. */
  readonly isForAllToo?: true;
}

/** Every job of the system: its name is its action type, its Bull queue and its row here. Accepted turns outlast an outage of two hours (240 tries). */
export const ACTIONS = {
  'execution.agent_run': { data: AgentRunData, attempts: 240, backoffMs: 500, deadlineMs: 310_000, concurrency: 100, answersItself: true },
  'execution.persist': { data: PersistExecutionData, attempts: 240, backoffMs: 1_000, deadlineMs: 30_000, concurrency: 4 },
  'execution.sweep': { data: SweepRunsData, attempts: 1, backoffMs: 0, deadlineMs: 60_000, concurrency: 1, isSystemOnly: true },
  'execution.deliver_webhook': { data: DeliverWebhookData, attempts: 240, backoffMs: 1_000, deadlineMs: 90_000, concurrency: 32 },
  'execution.cancel': { data: CancelExecutionData, attempts: 3, backoffMs: 1_000, deadlineMs: 30_000, concurrency: 32 },
  'execution.forget_conversations': { data: ForgetConversationsData, attempts: 240, backoffMs: 1_000, deadlineMs: 120_000, concurrency: 2 },
  'execution.cache.invalidate': { data: InvalidateAgentCacheData, attempts: 3, backoffMs: 1_000, deadlineMs: 30_000, concurrency: 8 },
  'management.get_agent_config': { data: GetAgentConfigData, attempts: 3, backoffMs: 1_000, deadlineMs: 30_000, concurrency: 32 },
  'conversation.save_message': { data: SaveMessageData, attempts: 3, backoffMs: 1_000, deadlineMs: 30_000, concurrency: 32 },
  'conversation.get_context': { data: GetContextData, attempts: 3, backoffMs: 1_000, deadlineMs: 30_000, concurrency: 32 },
  'conversation.get_history': { data: GetHistoryData, attempts: 3, backoffMs: 1_000, deadlineMs: 30_000, concurrency: 32 },
  'conversation.session_closed': { data: SessionClosedData, attempts: 3, backoffMs: 1_000, deadlineMs: 30_000, concurrency: 8 },
  'embedding.generate': { data: GenerateEmbeddingsData, attempts: 3, backoffMs: 1_000, deadlineMs: 90_000, concurrency: 8 },
  'migration.sweep': { data: SweepData, attempts: 1, backoffMs: 0, deadlineMs: 60_000, concurrency: 1, isSystemOnly: true },
  'migration.move': { data: MoveConversationData, attempts: 5, backoffMs: 1_000, deadlineMs: 300_000, concurrency: 16 },
  'migration.start_migration_loop': { data: StartMigrationLoopData, attempts: 3, backoffMs: 1_000, deadlineMs: 30_000, concurrency: 1, isAdminOnly: true },
  'migration.stop_migration_loop': { data: StopMigrationLoopData, attempts: 3, backoffMs: 1_000, deadlineMs: 30_000, concurrency: 1, isAdminOnly: true },
  'migration.migrate_conversation_explicitly': { data: MigrateConversationData, attempts: 3, backoffMs: 1_000, deadlineMs: 300_000, concurrency: 4 },
  'migration.get_migration_stats': { data: GetMigrationStatsData, attempts: 3, backoffMs: 1_000, deadlineMs: 30_000, concurrency: 4, isForAllToo: true },
  'crm.erase_user': { data: EraseUserData, attempts: 240, backoffMs: 1_000, deadlineMs: 300_000, concurrency: 1 },
  'crm.sweep_erasures': { data: SweepErasuresData, attempts: 1, backoffMs: 0, deadlineMs: 60_000, concurrency: 1, isSystemOnly: true },
} as const satisfies Record<string, ActionSpec>;

export type ActionType = keyof typeof ACTIONS;
export const ACTION_TYPES = Object.keys(ACTIONS) as ActionType[];

/** The types that the worker answers, so that one can ask and wait (`ActionBus.request`). */
export type AnsweredType = { [T in ActionType]: (typeof ACTIONS)[T] extends { answersItself: true } ? never : T }[ActionType];

export function isAnswered(type: ActionType): type is AnsweredType {
  const spec: ActionSpec = ACTIONS[type];
  return spec.answersItself !== true;
}

/** The class of an action's `data`, as the table says. */
export type DataOf<T extends ActionType> = InstanceType<(typeof ACTIONS)[T]['data']>;
