import { Type } from 'class-transformer';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import { EXECUTION_STATUSES, type ExecutionStatus, IsId, IsIdCursor, IsTime, Optional } from '../../../contracts/index.js';

export class ListExecutionsDto {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `nextCursor` of the page before. */
  @Optional() @IsIdCursor() cursor?: string;
  @Optional() @IsId() conversationId?: string;
  @Optional() @IsId() agentId?: string;
  @Optional() @IsIn(EXECUTION_STATUSES) status?: ExecutionStatus;
  /** Accepted at this time or later. */
  @Optional() @IsTime() from?: Date;
  /** Accepted before this time. */
  @Optional() @IsTime() to?: Date;
}
