import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, Matches, Max, MaxLength, Min } from 'class-validator';
import { CLIENT_ID, CONFLICT_POLICIES, type ConflictPolicy, DISCONNECT_POLICIES, type DisconnectPolicy, IsId, IsMessageText, IsMetadata, MAX_MESSAGE_CHARACTERS, Optional } from '../../../contracts/index.js';

/** One turn of an agent. */
export class StartExecutionDto {
  @ApiProperty({ minLength: 1, maxLength: MAX_MESSAGE_CHARACTERS }) @IsMessageText() message!: string;
  /** A conversation of yours to go on with; default: the session's active one, or a new one. */
  @Optional() @IsId() conversationId?: string;
  /** Default: a new session. */
  @Optional() @Matches(CLIENT_ID) sessionId?: string;
  @Optional() @Matches(CLIENT_ID) userId?: string;
  /** Kept with the conversation. */
  @Optional() @IsMetadata() metadata?: Record<string, unknown>;
  /** Model calls at the most; the agent and the tier may allow fewer. */
  @Optional() @IsInt() @Min(1) @Max(100) maxIterations?: number;
  /** Time-out of the run in milliseconds; the tier may allow less. */
  @Optional() @IsInt() @Min(1) timeoutMs?: number;
  /** While another turn of the conversation has not ended: this one is refused, waits, or takes its place; `interrupt` keeps what the other one has said, `rollback` withdraws it. Default: the agent's. */
  @Optional() @IsIn(CONFLICT_POLICIES) onConflict?: ConflictPolicy;
  /** When you close the connection before the end, with `?wait=true` or `Accept: text/event-stream`: the run goes on, or is cancelled. Default: it goes on. */
  @Optional() @IsIn(DISCONNECT_POLICIES) onDisconnect?: DisconnectPolicy;
  /** Is told by a signed POST when the run has ended: docs/webhooks.md. A public host; http or https. */
  @Optional() @MaxLength(2_048) @Matches(/^https?:\/\/\S+$/i, { message: '$property must be a URL that begins with https:// or http://' }) webhookUrl?: string;
}
