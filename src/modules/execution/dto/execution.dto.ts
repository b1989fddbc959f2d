import type { ExecutionError, ExecutionStatus, TokenUsage } from '../../../contracts/index.js';
import type { Execution, ExecutionResult } from '../execution.js';

/** When what happened, ISO-8601 UTC. */
export class ExecutionTimingsDto {
  queuedAt!: Date;
  startedAt!: Date | null;
  firstTokenAt!: Date | null;
  endedAt!: Date | null;
}

export class ExecutionDto {
  executionId!: string;
  agentId!: string;
  /** Version of the agent that ran; null before the run begins. */
  agentVersion!: number | null;
  conversationId!: string;
  sessionId!: string;
  userId!: string | null;
  status!: ExecutionStatus;
  /** Times a worker has begun it. */
  attempt!: number;
  /** The answer, whole when completed, otherwise what there was of it. */
  result!: ExecutionResult | null;
  usage!: TokenUsage | null;
  error!: ExecutionError | null;
  contextSource!: string | null;
  lastEventSeq!: number;
  timings!: ExecutionTimingsDto;

  static of({ queuedAt, startedAt, firstTokenAt, endedAt, ...execution }: Execution): ExecutionDto {
    return { ...execution, timings: { queuedAt, startedAt, firstTokenAt, endedAt } };
  }
}
