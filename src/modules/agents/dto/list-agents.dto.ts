import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { IsId, Optional } from '../../../contracts/index.js';

export class ListAgentsDto {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `nextCursor` of the page before. */
  @Optional() @IsId() cursor?: string;
}
