import type { TokenUsage } from './messages.js';

/** The states of one execution; the last four are final. */
export const EXECUTION_STATUSES = ['queued', 'running', 'completed', 'failed', 'cancelled', 'timedOut'] as const;

export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];

/** Why an execution did not complete: a stable code and a sentence for people. */
export interface ExecutionError {
  readonly code: string;
  readonly message: string;
}

/** What a run is at, besides its tools and its answer. */
export type Progress =
  /** A workflow's plan, and what it has found out: for whoever watches; no part of the answer. */
  | { readonly stage: 'analyse' | 'process'; readonly text: string }
  /** A workflow begins to answer. */
  | { readonly stage: 'respond' }
  /** The agent's model has failed for good; this one goes on. */
  | { readonly stage: 'fallback'; readonly provider: string; readonly model: string; readonly reason: string }
  /** The run goes on without the tools of this MCP server. */
  | { readonly stage: 'tools'; readonly server: string; readonly error: string }
  /** The run goes on without these tools. */
  | { readonly stage: 'tools'; readonly leftOut: readonly string[]; readonly reason: string };

/**
 * Every event of an execution and what it carries. `seq` of an execution's events is dense from 1.
 * A second `execution.started` (a larger `attempt`) means that a worker was lost: what the deltas of the earlier attempt
 * built up is void and starts again.
 */
export interface ExecutionEvents {
  'execution.queued': { agentId: string };
  'execution.started': { attempt: number };
  'context.resolved': { agentVersion: number; model: string; provider: string; messages: number; tokens: number; source: string };
  progress: Progress;
  'tool.started': { toolCallId: string; name: string; input: unknown };
  'tool.completed': { toolCallId: string; name: string; output?: unknown; error?: string };
  'message.delta': { text: string };
  /** `provider` and `model` are those that answered; left out when an earlier worker's answer was found. */
  'message.completed': { messageId: string; seq: number; content: string; provider?: string; model?: string; usage: TokenUsage };
  'execution.completed': { usage: TokenUsage; finishReason: string };
  'execution.failed': { error: ExecutionError };
  'execution.cancelled': { reason: string; isRollback?: boolean };
  'execution.timedOut': { error: ExecutionError };
}

export type ExecutionEventType = keyof ExecutionEvents;

/** The one event that ends an execution, and the status it leaves. */
export const TERMINAL_EVENTS = {
  'execution.completed': 'completed',
  'execution.failed': 'failed',
  'execution.cancelled': 'cancelled',
  'execution.timedOut': 'timedOut',
} as const satisfies Partial<Record<ExecutionEventType, ExecutionStatus>>;

export type TerminalEventType = keyof typeof TERMINAL_EVENTS;

export function isTerminal(type: ExecutionEventType): type is TerminalEventType {
  return Object.hasOwn(TERMINAL_EVENTS, type);
}

/** An event that has not been given its seq yet. */
export type NewExecutionEvent = { [T in ExecutionEventType]: { readonly type: T; readonly data: ExecutionEvents[T] } }[ExecutionEventType];

/** One entry of an execution's event log. `at` is ISO-8601 UTC. */
export type ExecutionEvent = NewExecutionEvent & { readonly seq: number; readonly at: string };
