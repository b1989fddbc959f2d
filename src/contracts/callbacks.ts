import type { DomainAction } from './domain-action.js';
import type { ExecutionError, ExecutionStatus } from './execution-events.js';
import type { TokenUsage } from './messages.js';

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
  'execution.callback': ExecutionCallbackData;
}

export type CallbackType = keyof Callbacks;

/** The answer to an action: the ids, the trace and the context key are those of the action. */
export type CallbackAction<T extends CallbackType> = Omit<DomainAction, 'actionType' | 'data' | 'callbackQueueName'> & { readonly actionType: T; readonly data: Callbacks[T] };
