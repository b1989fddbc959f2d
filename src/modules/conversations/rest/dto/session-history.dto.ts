import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { IsId, IsQueryBoolean, Optional } from '../../../../contracts/index.js';
import { MessageDto } from './message.dto.js';

export class SessionHistoryQueryDto {
  /** Only a conversation with this agent. */
  @Optional() @IsId() agentId?: string;
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 10;
  /** System messages, too. */
  @Optional() @IsQueryBoolean() includeSystem?: boolean;
  /** Messages that were taken back, too, with `isWithdrawn`. */
  @Optional() @IsQueryBoolean() includeWithdrawn?: boolean;
}

export class SessionHistoryDto {
  sessionId!: string;
  /** The session's active conversation, or its newest one; null for a session without any. */
  conversationId!: string | null;
  /** The last ones, oldest first. */
  messages!: MessageDto[];
  /** Messages of the conversation in all; those that were taken back only with `includeWithdrawn`. */
  total!: number;
}
