import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { CLIENT_ID, IsId, IsTime, Optional } from '../../../contracts/index.js';
import { type Annotations, CONVERSATION_STATUSES, type ConversationStatus, LABEL, STORAGES, type Storage, type StoredConversation } from '../../conversations/index.js';
import { LABEL_RULE } from '../crm.errors.js';

const LISTED = CONVERSATION_STATUSES.filter((status) => status !== 'deleted');

export class ListCrmConversationsDto {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `nextCursor` of the page before. */
  @Optional() @IsString() @Length(1, 100) cursor?: string;
  @Optional() @IsId() agentId?: string;
  @Optional() @Matches(CLIENT_ID) userId?: string;
  @Optional() @Matches(CLIENT_ID) sessionId?: string;
  @Optional() @IsIn(LISTED) status?: ConversationStatus;
  /** Where its messages are: `hot` in Redis, `cold` in PostgreSQL, `both` when it has begun to move. */
  @Optional() @IsIn(STORAGES) storage?: Storage;
  /** It has this label. */
  @Optional() @Matches(LABEL, { message: `label ${LABEL_RULE}` }) label?: string;
  /** Who looks after it. */
  @Optional() @Matches(CLIENT_ID) assignee?: string;
  /** Created at this time or later. */
  @Optional() @IsTime() from?: Date;
  /** Created before this time. */
  @Optional() @IsTime() to?: Date;
  /** Words that a message has, with "phrases", or, and -not. */
  @Optional() @IsString() @Length(1, 500) q?: string;
}

export class CrmConversationDto {
  conversationId!: string;
  agentId!: string;
  sessionId!: string;
  userId!: string | null;
  status!: ConversationStatus;
  storage!: Storage;
  model!: string;
  messageCount!: number;
  tokenCount!: number;
  metadata!: Record<string, unknown>;
  summary!: string | null;
  /** 1 to 5. */
  customerSatisfaction!: number | null;
  createdAt!: Date;
  lastMessageAt!: Date;
  closedAt!: Date | null;
  /** In alphabetical order. */
  labels!: string[];
  /** Who looks after it. */
  assignee!: string | null;

  static of(conversation: StoredConversation & Annotations): CrmConversationDto {
    const { conversationId, agentId, sessionId, userId, status, storage, model, messageCount, tokenCount, metadata } = conversation;
    const { summary, customerSatisfaction, createdAt, lastMessageAt, closedAt, labels, assignee } = conversation;
    return {
      ...{ conversationId, agentId, sessionId, userId, status, storage, model, messageCount, tokenCount, metadata },
      ...{ summary, customerSatisfaction, createdAt, lastMessageAt, closedAt, labels: [...labels], assignee },
    };
  }
}

export class CrmConversationPageDto {
  /** Newest first, by the time of creation. */
  data!: CrmConversationDto[];
  /** Give it as `cursor` to get the next page; null on the last one. */
  nextCursor!: string | null;
  /** How many match in all. null where the words of `q` are in more messages than can be counted while you wait; the pages are as they should be. */
  total!: number | null;
}
