import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { Optional } from '../../../contracts/index.js';

export class FollowEventsDto {
  /** seq of the last event that you have; the header Last-Event-ID wins. */
  @Optional() @Type(() => Number) @IsInt() @Min(0) @Max(Number.MAX_SAFE_INTEGER) after?: number;
}
