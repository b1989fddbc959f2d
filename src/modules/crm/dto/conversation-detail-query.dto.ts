import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';

export class ConversationDetailQueryDto {
  /** seq of the last message that you have. */
  @Type(() => Number) @IsInt() @Min(0) @Max(2_000_000_000) after: number = 0;
  /** Messages at the most. */
  @Type(() => Number) @IsInt() @Min(1) @Max(1_000) limit: number = 200;
}
