import type { ErasedUserAnswer } from './crm-actions.js';
import type { ActionType } from './actions.js';
import type { ContextAnswer, HistoryAnswer, SavedMessageAnswer, SessionClosedAnswer } from './conversation-actions.js';
import type { DomainAction } from './domain-action.js';
import type { EmbeddingsAnswer } from './embedding-actions.js';
import type { AgentConfigAnswer, CancelledExecutionAnswer, InvalidatedAgentCacheAnswer } from './execution-actions.js';
import type { ExecutionError, ExecutionStatus } from './execution-events.js';
import type { TokenUsage } from './messages.js';
import type { MigratedConversationAnswer, MigrationLoopAnswer, MigrationStatsAnswer, MovedConversationAnswer } from './migration-actions.js';

/** What each action type is answered with, which is what its handler returns. A type that is not here is answered without data. */
export interface ActionAnswers {
  'execution.cancel': CancelledExecutionAnswer;
  'execution.cache.invalidate': InvalidatedAgentCacheAnswer;
  'management.get_agent_config': AgentConfigAnswer;
  'conversation.save_message': SavedMessageAnswer;
  'conversation.get_context': ContextAnswer;
  'conversation.get_history': HistoryAnswer;
  'conversation.session_closed': SessionClosedAnswer;
  'embedding.generate': EmbeddingsAnswer;
  'migration.move': MovedConversationAnswer;
  'migration.start_migration_loop': MigrationLoopAnswer;
  'migration.stop_migration_loop': MigrationLoopAnswer;
  'migration.migrate_conversation_explicitly': MigratedConversationAnswer;
  'migration.get_migration_stats': MigrationStatsAnswer;
  'crm.erase_user': ErasedUserAnswer;
}

export type AnswerOf<T extends ActionType> = T extends keyof ActionAnswers ? ActionAnswers[T] : void;

/** Why an action failed, as an AppError says it. */
export interface AnswerError {
  /** Who can mend it: `invalid`, `notFound`, `unavailable` and so on. */
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>> | null;
}

/** What whoever sent an action with a `callbackQueueName` is told when it is done, or has failed for good. */
export interface ActionAnsweredData {
  /** Type and id of the action. */
  readonly answered: ActionType;
  readonly actionId: string;
  readonly success: boolean;
  /** {@link AnswerOf} the type; null for types without an answer and for failures. */
  readonly data: unknown;
  /** Null exactly when `success`. */
  readonly error: AnswerError | null;
  /** Of the last try, milliseconds. */
  readonly executionTimeMs: number;
}

/** What the sender of an `execution.agent_run` is told when it has ended. */
export interface ExecutionCallbackData {
  readonly executionId: string;
  readonly status: ExecutionStatus;
  readonly result: { readonly messageId: string; readonly seq: number; readonly content: string } | null;
  readonly error: ExecutionError | null;
  readonly tokensUsed: TokenUsage | null;
  /** From the first attempt's start to the end, milliseconds. */
  readonly executionTimeMs: number | null;
}

/** The data of each callback, by its action type. Callbacks go to the queue that `callbackQueueName` names; their handlers are not ours. */
export interface Callbacks {
  'action.answered': ActionAnsweredData;
  'execution.callback': ExecutionCallbackData;
}

export type CallbackType = keyof Callbacks;

/** The answer to an action: the ids, the trace and the context key are those of the action. */
export type CallbackAction<T extends CallbackType> = Omit<DomainAction, 'actionType' | 'data' | 'callbackQueueName'> & { readonly actionType: T; readonly data: Callbacks[T] };
