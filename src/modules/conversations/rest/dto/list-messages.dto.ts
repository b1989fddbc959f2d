import { Type } from 'class-transformer';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import { IsQueryBoolean, MESSAGE_ROLES, type MessageRole, Optional } from '../../../../contracts/index.js';

export class ListMessagesDto {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** Messages with a larger seq, oldest first. */
  @Optional() @Type(() => Number) @IsInt() @Min(0) @Max(2_147_483_647) after?: number;
  /** Messages with a smaller seq. */
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(2_147_483_647) before?: number;
  @Optional() @IsIn(MESSAGE_ROLES) role?: MessageRole;
  /** Messages that were taken back, too, with `isWithdrawn`. */
  @Optional() @IsQueryBoolean() includeWithdrawn?: boolean;
}
