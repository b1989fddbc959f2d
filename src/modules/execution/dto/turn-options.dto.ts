import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsObject, Matches, Max, Min, ValidateNested } from 'class-validator';
import { CLIENT_ID, CONFLICT_POLICIES, type ConflictPolicy, IsId, IsMetadata, IsWebhookUrl, MAX_URL_CHARACTERS, Optional } from '../../../contracts/index.js';
import { MemoDirectiveDto } from './memo-directive.dto.js';

/** What every way to start a turn may say of it. */
export class TurnOptionsDto {
  /** A conversation of yours to go on with; default: the session's active one, or a new one. With the `sessionId` of another session the conversation moves to that session. */
  @Optional() @IsId() conversationId?: string;
  /** Default: a new session. */
  @Optional() @Matches(CLIENT_ID) sessionId?: string;
  @Optional() @Matches(CLIENT_ID) userId?: string;
  /** Kept with what is started here, and with a conversation that it begins. */
  @Optional() @IsMetadata() metadata?: Record<string, unknown>;
  /** Model calls at the most; the agent and the tier may allow fewer. */
  @Optional() @IsInt() @Min(1) @Max(100) maxIterations?: number;
  /** Time-out of the run in milliseconds; the tier may allow less. */
  @Optional() @IsInt() @Min(1) timeoutMs?: number;
  /** While another turn of the conversation has not ended: this one is refused, waits, or takes its place; `interrupt` keeps what the other one has said, `rollback` withdraws it. Default: the agent's. */
  @Optional() @IsIn(CONFLICT_POLICIES) onConflict?: ConflictPolicy;
  /** Is told by a signed POST when the run has ended: docs/webhooks.md. A public host; http or https. */
  @ApiProperty({ required: false, maxLength: MAX_URL_CHARACTERS }) @Optional() @IsWebhookUrl() webhookUrl?: string;
  /** Of an agent that keeps its model's answers: docs/agents.md. */
  @Optional() @IsObject() @ValidateNested() @Type(() => MemoDirectiveDto) memo?: MemoDirectiveDto;
}
