import { Injectable } from '@nestjs/common';
import { toAppError } from '../../shared/errors/index.js';
import { ArchiveRepository } from './archive/archive.repository.js';
import type { Conversation, ConversationStatus, Message, Storage } from './conversation.js';
import { conversationErrors } from './conversations.errors.js';
import { type ConversationRef, HotConversationStore, type HotRange, type Range } from './hot/hot-conversation.store.js';

/** Statuses in which PostgreSQL has every message. */
const WHOLE: ReadonlySet<ConversationStatus> = new Set(['transferred', 'archived']);

/** A conversation and where its messages are. */
export type StoredConversation = Conversation & { readonly storage: Storage };

/**
 * One history over Redis and PostgreSQL. Redis is asked first: a conversation leaves it only after its last message is in
 * PostgreSQL, so whoever misses it there finds it here, before, during and after a move.
 * While Redis is away, conversations that PostgreSQL knows to be whole are still read; the others are HOT_STORE_UNAVAILABLE.
 */
@Injectable()
export class HistoryReader {
  constructor(
    private readonly hot: HotConversationStore,
    private readonly archive: ArchiveRepository,
  ) {}

  /** @throws CONVERSATION_NOT_FOUND (notFound) */
  async get(ref: ConversationRef): Promise<StoredConversation> {
    const hot = await this.readHot(ref, { tail: 0 });
    if (hot) return { ...hot.conversation, storage: hot.conversation.archivedSeq > 0 ? 'both' : 'hot' };
    const cold = await this.archive.find(ref);
    if (!cold) throw conversationErrors.notFound(ref.conversationId);
    return { ...cold, storage: 'cold' };
  }

  /** @param from first seq wanted @param count messages at the most @returns oldest first, without a gap */
  async messages(ref: ConversationRef, from: number, count: number): Promise<readonly Message[]> {
    const hot = await this.readHot(ref, { from, count });
    return hot ? this.withOlder(ref, hot, from, count) : this.archive.findMessages(ref, from, from + count - 1);
  }

  /** The newest messages, oldest first. */
  async tail(ref: ConversationRef, count: number): Promise<readonly Message[]> {
    const hot = await this.readHot(ref, { tail: count });
    if (hot) return this.withOlder(ref, hot, Math.max(1, hot.conversation.seq - count + 1), count);
    const { archivedSeq } = (await this.archive.find(ref)) ?? { archivedSeq: 0 };
    return this.archive.findMessages(ref, archivedSeq - count + 1, archivedSeq);
  }

  /** @returns null when it is not hot, or cannot be because PostgreSQL has it whole */
  private async readHot(ref: ConversationRef, range: Range): Promise<HotRange | null> {
    try {
      return await this.hot.read(ref, range);
    } catch (error) {
      const isRedisAway = toAppError(error).code === 'HOT_STORE_UNAVAILABLE';
      const cold = isRedisAway ? await this.archive.find(ref) : null;
      if (cold && WHOLE.has(cold.status)) return null;
      throw error;
    }
  }

  /** What is older than the hot tail comes from PostgreSQL; it does not change there. */
  private async withOlder(ref: ConversationRef, { conversation, messages }: HotRange, from: number, count: number): Promise<readonly Message[]> {
    const lastCold = Math.min(conversation.firstHotSeq, from + count) - 1;
    if (from > lastCold) return messages;
    return [...(await this.archive.findMessages(ref, from, lastCold)), ...messages];
  }
}
