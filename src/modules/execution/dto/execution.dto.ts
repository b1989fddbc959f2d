import { ApiProperty } from '@nestjs/swagger';
import { EXECUTION_STATUSES, type ExecutionStatus } from '../../../contracts/index.js';
import type { Execution } from '../execution.js';

/** Tokens a model read and wrote. */
export class TokenUsageDto {
  inputTokens!: number;
  outputTokens!: number;
  totalTokens!: number;
  /** A call was cut off, and what it has used is an estimate. */
  isEstimated?: true;
  /** Tokens of answers that were kept and given again, or shared with a call under way; no part of the other numbers, and free. */
  savedTokens?: number;
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
  /** Who answered: the agent's model, what the turn asked for, or the fallback. Left out when an earlier worker's answer was found. */
  provider?: string;
  model?: string;
}

/** When what happened, ISO-8601 UTC. */
export class ExecutionTimingsDto {
  queuedAt!: Date;
  startedAt!: Date | null;
  firstTokenAt!: Date | null;
  endedAt!: Date | null;
}

const PROGRESS: Readonly<Partial<Record<ExecutionStatus, number>>> = { queued: 0, running: 50 };

export class ExecutionDto {
  executionId!: string;
  agentId!: string;
  /** Version of the agent that ran; null before the run begins. */
  agentVersion!: number | null;
  conversationId!: string;
  sessionId!: string;
  userId!: string | null;
  /** The command that it carries out. */
  commandId!: string | null;
  webhookUrl!: string | null;
  @ApiProperty({ enum: EXECUTION_STATUSES }) status!: ExecutionStatus;
  /** Percent: 0 while it waits, 50 while it runs, 100 once it has ended. */
  progress!: number;
  /** Times a worker has begun it. */
  attempt!: number;
  /** The answer, whole when completed, otherwise what there was of it. */
  result!: ExecutionResultDto | null;
  usage!: TokenUsageDto | null;
  /** What that has cost, millionths of a US dollar; null where MODEL_PRICES does not have the model. */
  costMicros!: number | null;
  error!: ExecutionErrorDto | null;
  contextSource!: string | null;
  lastEventSeq!: number;
  timings!: ExecutionTimingsDto;

  static of(execution: Execution): ExecutionDto {
    const { executionId, agentId, agentVersion, conversationId, sessionId, userId, commandId, webhookUrl, status, attempt, result, usage, costMicros, error, contextSource, lastEventSeq } = execution;
    const { queuedAt, startedAt, firstTokenAt, endedAt } = execution;
    return {
      ...{ executionId, agentId, agentVersion, conversationId, sessionId, userId, commandId, webhookUrl, status, progress: PROGRESS[status] ?? 100, attempt, result, usage, costMicros, error, contextSource, lastEventSeq },
      timings: { queuedAt, startedAt, firstTokenAt, endedAt },
    };
  }
}
