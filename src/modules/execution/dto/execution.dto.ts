import type { ExecutionStatus } from '../../../contracts/index.js';
import type { Execution } from '../execution.js';

/** Tokens a model read and wrote. */
export class TokenUsageDto {
  inputTokens!: number;
  outputTokens!: number;
  totalTokens!: number;
}

export class ExecutionErrorDto {
  /** Stable UPPER_SNAKE word. */
  code!: string;
  /** A sentence for people. */
  message!: string;
}

export class ExecutionResultDto {
  messageId!: string;
  /** Its place in the conversation. */
  seq!: number;
  content!: string;
}

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
  result!: ExecutionResultDto | null;
  usage!: TokenUsageDto | null;
  error!: ExecutionErrorDto | null;
  contextSource!: string | null;
  lastEventSeq!: number;
  timings!: ExecutionTimingsDto;

  static of(execution: Execution): ExecutionDto {
    const { executionId, agentId, agentVersion, conversationId, sessionId, userId, status, attempt, result, usage, error, contextSource, lastEventSeq } = execution;
    const { queuedAt, startedAt, firstTokenAt, endedAt } = execution;
    return {
      ...{ executionId, agentId, agentVersion, conversationId, sessionId, userId, status, attempt, result, usage, error, contextSource, lastEventSeq },
      timings: { queuedAt, startedAt, firstTokenAt, endedAt },
    };
  }
}
