import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { IsNumberCursor, Optional } from '../../../contracts/index.js';
import { MAX_VERSION } from '../agent.js';

export class ListAgentVersionsDto {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `nextCursor` of the page before. */
  @Optional() @Type(() => Number) @IsNumberCursor(MAX_VERSION) cursor?: number;
}
