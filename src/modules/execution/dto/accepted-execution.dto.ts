import { ApiProperty } from '@nestjs/swagger';
import { EXECUTION_STATUSES, type ExecutionStatus } from '../../../contracts/index.js';

export class AcceptedExecutionDto {
  executionId!: string;
  conversationId!: string;
  sessionId!: string;
  @ApiProperty({ enum: EXECUTION_STATUSES }) status!: ExecutionStatus;
  /** Server-sent events of this execution. */
  eventsUrl!: string;
  /** Turns that begin before this one: those that it waits for in its conversation, otherwise those in the queue. */
  queuePosition!: number;
  estimatedSeconds!: number;
}
