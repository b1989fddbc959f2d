import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsObject, IsString, Length, Max, Min, ValidateNested } from 'class-validator';
import { IsWebhookUrl, MAX_URL_CHARACTERS, Optional, Verbatim } from '../../../contracts/index.js';
import { MemoDirectiveDto } from './memo-directive.dto.js';

/** Longest message of the seeds' own entry, UTF-16 code units. */
const MAX_CHAT_CHARACTERS = 4_000;

/** What is in the body of the seeds' own entry; the rest is in headers. @source seed 001; `originals.md` section 1.5 */
export class SendChatDto {
  @IsString() @Length(1, MAX_CHAT_CHARACTERS) message!: string;
  /** Kind of message; default `text`. */
  @Optional() @IsString() @Length(1, 64) messageType?: string;
  @Optional() @Verbatim() @IsObject() userInfo?: Record<string, unknown>;
  /** Model calls at the most; the agent and the tier may allow fewer. */
  @Optional() @IsInt() @Min(1) @Max(100) maxIterations?: number;
  /** Is told by a signed POST when the run has ended: docs/webhooks.md. A public host; http or https. */
  @ApiProperty({ required: false, maxLength: MAX_URL_CHARACTERS }) @Optional() @IsWebhookUrl() webhookUrl?: string;
  /** Of an agent that keeps its model's answers: docs/agents.md. */
  @Optional() @IsObject() @ValidateNested() @Type(() => MemoDirectiveDto) memo?: MemoDirectiveDto;
}
