import { Injectable } from '@nestjs/common';
import { ArchiveRepository } from './archive/archive.repository.js';
import type { Conversation, Message, Storage } from './conversation.js';
import { conversationErrors } from './conversations.errors.js';
import { type ConversationRef, HotConversationStore, type HotRange } from './hot/hot-conversation.store.js';

/** A conversation and where its messages are. */
export type StoredConversation = Conversation & { readonly storage: Storage };

/**
 * One history over Redis and PostgreSQL. Redis is asked first: a conversation leaves it only after its last message is in
 * PostgreSQL, so whoever misses it there finds it here, before, during and after a move.
 */
@Injectable()
export class HistoryReader {
  constructor(
    private readonly hot: HotConversationStore,
    private readonly archive: ArchiveRepository,
  ) {}

  /** @throws CONVERSATION_NOT_FOUND (notFound) */
  async get(ref: ConversationRef): Promise<StoredConversation> {
    const hot = await this.hot.read(ref, { tail: 0 });
    if (hot) return { ...hot.conversation, storage: hot.conversation.archivedSeq > 0 ? 'both' : 'hot' };
    const cold = await this.archive.find(ref);
    if (!cold) throw conversationErrors.notFound(ref.conversationId);
    return { ...cold, storage: 'cold' };
  }

  /** @param from first seq wanted @param count messages at the most @returns oldest first, without a gap */
  async messages(ref: ConversationRef, from: number, count: number): Promise<readonly Message[]> {
    const hot = await this.hot.read(ref, { from, count });
    return hot ? this.withOlder(ref, hot, from, count) : this.archive.findMessages(ref, from, from + count - 1);
  }

  /** The newest messages, oldest first. */
  async tail(ref: ConversationRef, count: number): Promise<readonly Message[]> {
    const hot = await this.hot.read(ref, { tail: count });
    if (hot) return this.withOlder(ref, hot, Math.max(1, hot.conversation.seq - count + 1), count);
    const { archivedSeq } = (await this.archive.find(ref)) ?? { archivedSeq: 0 };
    return this.archive.findMessages(ref, archivedSeq - count + 1, archivedSeq);
  }

  /** What is older than the hot tail comes from PostgreSQL; it does not change there. */
  private async withOlder(ref: ConversationRef, { conversation, messages }: HotRange, from: number, count: number): Promise<readonly Message[]> {
    const lastCold = Math.min(conversation.firstHotSeq, from + count) - 1;
    if (from > lastCold) return messages;
    return [...(await this.archive.findMessages(ref, from, lastCold)), ...messages];
  }
}
