export { ACTION_ALIASES, ACTION_NAMES, IsActionType } from './action-aliases.js';
export { ACTIONS, ACTION_TYPES, AgentRunData, CONFLICT_POLICIES, isAnswered, LlmOverridesData } from './actions.js';
export { EraseUserData, SweepErasuresData } from './crm-actions.js';
export type { ErasedUserAnswer } from './crm-actions.js';
export { CancelExecutionData, DeliverWebhookData, ForgetConversationsData, GetAgentConfigData, InvalidateAgentCacheData, PersistExecutionData, SweepRunsData } from './execution-actions.js';
export type { AgentConfigAnswer, CancelledExecutionAnswer, InvalidatedAgentCacheAnswer } from './execution-actions.js';
export type { ActionSpec, ActionType, AnsweredType, ConflictPolicy, DataOf } from './actions.js';
export type { ActionAnsweredData, ActionAnswers, AnswerError, AnswerOf, CallbackAction, Callbacks, CallbackType, ExecutionCallbackData } from './callbacks.js';
export { GetContextData, GetHistoryData, SaveMessageData, SessionClosedData } from './conversation-actions.js';
export type { ContextAnswer, HistoryAnswer, SavedMessageAnswer, SessionClosedAnswer } from './conversation-actions.js';
export { DomainAction } from './domain-action.js';
export { GenerateEmbeddingsData, MAX_EMBEDDING_CHARACTERS, MAX_EMBEDDING_TEXTS } from './embedding-actions.js';
export type { EmbeddingsAnswer } from './embedding-actions.js';
export { EXECUTION_STATUSES, TERMINAL_EVENTS, isTerminal } from './execution-events.js';
export type {
  ExecutionError,
  ExecutionEvent,
  ExecutionEvents,
  ExecutionEventType,
  ExecutionStatus,
  NewExecutionEvent,
  Progress,
  TerminalEventType,
} from './execution-events.js';
export { CLIENT_ID, REPLY_QUEUE_PREFIX, SYSTEM_TENANT, newId } from './ids.js';
export { CURSOR_RULE, IsAlone, IsContent, IsId, IsIdCursor, IsMessageText, IsMetadata, IsNumberCursor, IsQueryBoolean, IsTime, IsWebhookUrl, MAX_URL_CHARACTERS, Optional, together, Verbatim } from './fields.js';
export { EMBEDDINGS_NAMESPACE, MAX_MEMO_SECONDS, MemoDirective } from './memo.js';
export { MAX_CONTENT_CHARACTERS, MAX_MESSAGE_CHARACTERS, MAX_METADATA_BYTES, MESSAGE_ROLES } from './messages.js';
export type { MessageRole, TokenUsage } from './messages.js';
export { GetMigrationStatsData, MigrateConversationData, MoveConversationData, StartMigrationLoopData, StopMigrationLoopData, SweepData } from './migration-actions.js';
export type { MigratedConversationAnswer, MigrationLoopAnswer, MigrationStatsAnswer, MigrationStatus, MovedConversationAnswer } from './migration-actions.js';
export { BUILTIN_TOOLS, MODEL_PROVIDERS, TOOL_RULE } from './models.js';
export type { BuiltinTool, ModelProvider } from './models.js';
export { DISCONNECT_POLICIES, ExecutionCancelFrame, ExecutionStartFrame, PingFrame, SubscribeFrame, UnsubscribeFrame } from './socket-frames.js';
export type { DisconnectPolicy, ServerFrames } from './socket-frames.js';
export { toStorableText } from './storable-text.js';
export { IsTier, TIER_ALIASES, TIERS } from './tiers.js';
export type { Tier } from './tiers.js';
