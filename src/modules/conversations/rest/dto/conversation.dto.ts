import type { ConversationStatus, Storage, StoredConversation } from '../../conversation.js';

export class ConversationDto {
  conversationId!: string;
  agentId!: string;
  sessionId!: string;
  userId!: string | null;
  status!: ConversationStatus;
  /** Where its messages are: `hot` in Redis, `cold` in PostgreSQL, `both` when it has begun to move. */
  storage!: Storage;
  /** The agent's model when it began. */
  model!: string;
  /** Of all of them, also those that were taken back. */
  messageCount!: number;
  tokenCount!: number;
  metadata!: Record<string, unknown>;
  summary!: string | null;
  /** 1 to 5. */
  customerSatisfaction!: number | null;
  createdAt!: Date;
  lastMessageAt!: Date;
  closedAt!: Date | null;

  static of(conversation: StoredConversation): ConversationDto {
    const { conversationId, agentId, sessionId, userId, status, storage, model, messageCount, tokenCount, metadata } = conversation;
    const { summary, customerSatisfaction, createdAt, lastMessageAt, closedAt } = conversation;
    return {
      ...{ conversationId, agentId, sessionId, userId, status, storage, model, messageCount, tokenCount, metadata },
      ...{ summary, customerSatisfaction, createdAt, lastMessageAt, closedAt },
    };
  }
}
