import { Type } from 'class-transformer';
import { IsIn, IsInt, IsNumber, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { CLIENT_ID, IsContent, IsId, IsMetadata, IsQueryBoolean, MESSAGE_ROLES, type MessageRole, Optional } from '../../../../contracts/index.js';

/** In the seed's own spelling, as everything here: callers of old send and read it. @source `originals.md`, conversation service */
export class SaveMessageTwinDto {
  /** Default: the caller's tenant. Any other is refused, except of an administrator. */
  @Optional() @Matches(CLIENT_ID) tenant_id?: string;
  @Matches(CLIENT_ID) session_id!: string;
  @IsIn(MESSAGE_ROLES) role!: MessageRole;
  @IsContent() content!: string;
  /** Whose conversation; default: `metadata.agent_id`, then that of the conversation which the session has. */
  @Optional() @IsId() agent_id?: string;
  @Optional() @Matches(CLIENT_ID) user_id?: string;
  /** Kept in the metadata. */
  @Optional() @IsString() @MaxLength(100) message_type?: string;
  @Optional() @IsMetadata() metadata?: Record<string, unknown>;
  /** Seconds; kept in the metadata. */
  @Optional() @IsNumber() @Min(0) processing_time?: number;
}

export class SavedMessageTwinDto {
  success!: true;
  conversation_id!: string;
  message_id!: string;
}

export class HistoryTwinQueryDto {
  /** Default: the caller's tenant. Any other is refused, except of an administrator. */
  @Optional() @Matches(CLIENT_ID) tenant_id?: string;
  @Type(() => Number) @IsInt() @Min(1) @Max(100) limit: number = 10;
  @Optional() @IsQueryBoolean() include_system?: boolean;
}

export class TwinMessageDto {
  role!: MessageRole;
  content!: string;
  /** ISO-8601 UTC. */
  timestamp!: string;
  metadata!: Record<string, unknown>;
}

export class TwinHistoryDto {
  session_id!: string;
  /** Oldest first. */
  messages!: TwinMessageDto[];
  total!: number;
}

export class HistoryTwinDto {
  success!: true;
  data!: TwinHistoryDto;
}
