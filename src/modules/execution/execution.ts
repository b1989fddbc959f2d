import type { ExecutionError, ExecutionStatus, TokenUsage } from '../../contracts/index.js';

/** An execution's place in Redis. */
export interface ExecutionRef {
  readonly tenantId: string;
  readonly executionId: string;
}

/** An execution's place in its conversation, too. */
export interface RunRef extends ExecutionRef {
  readonly conversationId: string;
}

/** Why a run is to stop. */
export interface CancelRequest {
  /** For people. */
  readonly reason: string;
  /** What it has put into the conversation is withdrawn. */
  readonly isRollback?: boolean;
}

/** Which executions a list shows; a field that is left out excludes none. */
export interface ExecutionFilter {
  readonly conversationId?: string | undefined;
  readonly agentId?: string | undefined;
  readonly status?: ExecutionStatus | undefined;
  /** Accepted at this time or later. */
  readonly from?: Date | undefined;
  /** Accepted before this time. */
  readonly to?: Date | undefined;
}

/** The answer of a completed execution, or what there was of it. */
export interface ExecutionResult {
  readonly messageId: string;
  /** Its place in the conversation. */
  readonly seq: number;
  readonly content: string;
  /** Who answered, which may be the agent's fallback; left out when an earlier worker's answer was found. */
  readonly provider?: string;
  readonly model?: string;
}

/** What is known of one turn of an agent. */
export interface Execution {
  readonly executionId: string;
  readonly agentId: string;
  readonly agentVersion: number | null;
  readonly conversationId: string;
  readonly sessionId: string;
  readonly userId: string | null;
  /** The command that this run carries out. */
  readonly commandId: string | null;
  /** Who is told by HTTP when it has ended. */
  readonly webhookUrl: string | null;
  readonly status: ExecutionStatus;
  /** Times a worker has begun it. */
  readonly attempt: number;
  readonly result: ExecutionResult | null;
  readonly usage: TokenUsage | null;
  /** What that has cost, millionths of a US dollar; null where nobody has said what the model costs. */
  readonly costMicros: number | null;
  readonly error: ExecutionError | null;
  /** Where the agent's configuration came from. */
  readonly contextSource: string | null;
  readonly lastEventSeq: number;
  readonly queuedAt: Date;
  readonly startedAt: Date | null;
  readonly firstTokenAt: Date | null;
  readonly endedAt: Date | null;
}
