import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsString, Max, MaxLength, Min, ValidateIf } from 'class-validator';
import { IsMetadata, Optional } from '../../../../contracts/index.js';
import { CONVERSATION_STATUSES, type ConversationStatus } from '../../conversation.js';

/** The field may be left out, and null takes its value away. */
function OrNull(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined && value !== null);
}

export class UpdateConversationDto {
  /** Only the next one in the life of a conversation, or back to `active`; otherwise 409. */
  @Optional() @IsIn(CONVERSATION_STATUSES) status?: ConversationStatus;
  /** Takes the place of what there was. */
  @Optional() @IsMetadata() metadata?: Record<string, unknown>;
  @ApiPropertyOptional({ type: String, nullable: true }) @OrNull() @IsString() @MaxLength(10_000) summary?: string | null;
  /** 1 to 5. */
  @ApiPropertyOptional({ type: Number, nullable: true }) @OrNull() @IsInt() @Min(1) @Max(5) customerSatisfaction?: number | null;
}
