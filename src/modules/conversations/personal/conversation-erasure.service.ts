import { Injectable } from '@nestjs/common';
import { AgentCacheInvalidator } from '../../../shared/cache/index.js';
import type { ConversationRef } from '../conversation.js';
import { ConversationsService } from '../conversations.service.js';
import { HistoryReader } from '../history/history-reader.service.js';
import { HotIndexStore } from '../hot/hot-index.store.js';
import { messageIdsOf } from '../withdrawn.js';
import { PersonalConversationRepository } from './personal-conversation.repository.js';
import { RedactedMessageStore } from './redacted-message.store.js';

/** What was taken out. */
export interface ErasedConversations {
  readonly conversations: number;
  /** As the conversations counted them. */
  readonly messages: number;
}

/** Takes what a user has said out of both stores. Doing it twice is doing it once, and then finds nothing. */
@Injectable()
export class ConversationErasure {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly history: HistoryReader,
    private readonly index: HotIndexStore,
    private readonly rows: PersonalConversationRepository,
    private readonly store: RedactedMessageStore,
    private readonly invalidator: AgentCacheInvalidator,
  ) {}

  /** Deletes a conversation with everything in it, for the caches of all processes, too. */
  async erase(ref: ConversationRef): Promise<ErasedConversations> {
    if (!(await this.history.findAlive(ref))) return { conversations: 0, messages: 0 };
    const { messageCount } = await this.conversations.remove(ref);
    return { conversations: 1, messages: messageCount };
  }

  /** What is left of conversations that were deleted: messages, rows and headers. */
  async countLeft(tenantId: string, conversationIds: readonly string[]): Promise<number> {
    const [inRedis, inPostgres] = await Promise.all([this.index.hotAmong(tenantId, conversationIds), this.rows.countLeft(tenantId, conversationIds)]);
    return inRedis.size + inPostgres;
  }

  /** Whether a message with `fromSeq` ≤ seq ≤ `toSeq` was emptied: its range is no more what was moved. */
  async hasRedacted(ref: ConversationRef, fromSeq: number, toSeq: number): Promise<boolean> {
    return this.rows.hasRedacted(ref, fromSeq, toSeq);
  }

  /**
   * Takes what a run has put into somebody else's conversation out of it: its messages stay where they are and say nothing. PostgreSQL first, so that
   * Redis is not taken for the one that is right. A move that had read them before may bring them back once: whoever erases looks again later.
   *
   * @returns how many messages said something
   */
  async redact(ref: ConversationRef, executionId: string): Promise<number> {
    const conversation = await this.history.findAlive(ref);
    if (!conversation) return 0;
    const found = await this.history.messagesOfRun(ref, executionId);
    const inPostgres = await this.rows.redact(ref, messageIdsOf(executionId));
    const inRedis = await Promise.all(found.map((message) => this.store.apply(ref, message)));
    await this.invalidator.conversation(ref.tenantId, conversation.agentId, ref.conversationId);
    return Math.max(inPostgres, inRedis.filter(Boolean).length);
  }
}
