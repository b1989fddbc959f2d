import { IsIn, IsInt, Matches, Min } from 'class-validator';
import { CLIENT_ID, IsContent, IsId, IsMetadata, MESSAGE_ROLES, type MessageRole, Optional } from '../../../../contracts/index.js';

export class AppendMessageDto {
  /** The same id with the same content again is the same message; default: a new id. */
  @Optional() @Matches(CLIENT_ID) messageId?: string;
  @IsIn(MESSAGE_ROLES) role!: MessageRole;
  @IsContent() content!: string;
  /** Who says it, if it is not the conversation's own agent. */
  @Optional() @IsId() agentId?: string;
  /** seq of the newest message as you know it; 409 unless it still is. */
  @Optional() @IsInt() @Min(0) expectedSeq?: number;
  @Optional() @IsMetadata() metadata?: Record<string, unknown>;
}
