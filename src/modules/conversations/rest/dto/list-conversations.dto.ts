import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { CLIENT_ID, IsId, IsTime, Optional } from '../../../../contracts/index.js';
import { CONVERSATION_STATUSES, type ConversationStatus, STORAGES, type Storage } from '../../conversation.js';

const LISTED = CONVERSATION_STATUSES.filter((status) => status !== 'deleted');

export class ListConversationsDto {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `nextCursor` of the page before. */
  @Optional() @IsString() @Length(1, 100) cursor?: string;
  @Optional() @IsId() agentId?: string;
  @Optional() @Matches(CLIENT_ID) sessionId?: string;
  @Optional() @Matches(CLIENT_ID) userId?: string;
  @Optional() @IsIn(LISTED) status?: ConversationStatus;
  @Optional() @IsIn(STORAGES) storage?: Storage;
  /** Created at this time or later. */
  @Optional() @IsTime() from?: Date;
  /** Created before this time. */
  @Optional() @IsTime() to?: Date;
  /** Words that a message has, with "phrases", or, and -not. */
  @Optional() @IsString() @Length(1, 500) q?: string;
}
