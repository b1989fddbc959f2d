import { Type } from 'class-transformer';
import { IsInt, IsString, Length, Max, Min } from 'class-validator';
import { type MessageRole, Optional } from '../../../../contracts/index.js';

export class ContextQueryDto {
  /** Whose limit counts; default: the conversation's. */
  @Optional() @IsString() @Length(1, 200) model?: string;
  /** Tokens at the most, if the model allows more. */
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(10_000_000) maxTokens?: number;
}

export class ContextMessageDto {
  role!: MessageRole;
  content!: string;
  tokens!: number;
}

export class ContextDto {
  conversationId!: string;
  /** Oldest first. */
  messages!: ContextMessageDto[];
  totalTokens!: number;
  model!: string;
  /** True only if something was left out or cut. */
  truncationApplied!: boolean;
}
