import { IsString, Length } from 'class-validator';
import type { ActionType, ExecutionStatus } from '../../../contracts/index.js';
import { Optional } from '../../../contracts/index.js';
import type { Execution } from '../../execution/index.js';

export class MovedConversationDto {
  conversationId!: string;
  /** The newest message that PostgreSQL has. */
  archivedSeq!: number;
  /** Messages that this move has brought there. */
  movedMessages!: number;
  status!: string;
  /** `hot`, `both` or `cold`. */
  storage!: string;
}

export class CancelRunDto {
  /** For people; it stands in the execution's error. */
  @Optional() @IsString() @Length(1, 500) reason?: string;
}

export class CancelledRunDto {
  executionId!: string;
  /** `cancelled`, unless it had ended before. */
  status!: ExecutionStatus;
  endedAt!: Date | null;

  static of({ executionId, status, endedAt }: Execution): CancelledRunDto {
    return { executionId, status, endedAt };
  }
}

export class RetriedJobDto {
  deadLetterId!: string;
  actionId!: string;
  actionType!: ActionType;
}

export class RetriedJobsDto {
  /** What had failed for good and is in its queue again; none if nothing had. */
  retried!: RetriedJobDto[];
}
