import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { IsIdCursor, IsQueryBoolean, Optional } from '../../../contracts/index.js';
import { AGENT_TYPES, type AgentType } from '../agent.js';

export class ListAgentsDto {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `nextCursor` of the page before. */
  @Optional() @IsIdCursor() cursor?: string;
  /** Only agents with this tag. */
  @Optional() @IsString() @MaxLength(64) tag?: string;
  /** Only agents of this type. */
  @Optional() @IsIn(AGENT_TYPES) type?: AgentType;
  /** Only agents that are switched on (`true`) or off (`false`). */
  @Optional() @IsQueryBoolean() isActive?: boolean;
}
