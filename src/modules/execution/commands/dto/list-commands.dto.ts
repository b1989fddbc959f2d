import { Type } from 'class-transformer';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import { IsId, IsIdCursor, Optional } from '../../../../contracts/index.js';
import { STORED_STATUSES, type StoredStatus } from '../command.js';

export class ListCommandsDto {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `nextCursor` of the page before. */
  @Optional() @IsIdCursor() cursor?: string;
  /** Only commands to this agent. */
  @Optional() @IsId() agentId?: string;
  /** Only commands with this status as the database has it; those that run are `pending`. */
  @Optional() @IsIn(STORED_STATUSES) status?: StoredStatus;
}
