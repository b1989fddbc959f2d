import { Injectable } from '@nestjs/common';
import { toAppError } from '../../../shared/errors/index.js';
import { ArchiveRepository } from '../archive/archive.repository.js';
import { type Conversation, type ConversationRef, type ConversationStatus, type Message, type StoredConversation, storageOf } from '../conversation.js';
import { conversationErrors } from '../conversations.errors.js';
import { HotConversationStore, type HotRange, type Range } from '../hot/hot-conversation.store.js';
import { ColdHistory } from './cold-history.service.js';
import { type MessagePage, type MessageQuery, coldPart, hiddenSeqs, hotPart, hotRangeOf, pageOfMessages, wholeQuery } from './message-page.js';
import { markWithdrawn, messageIdsOf, withoutWithdrawn } from '../withdrawn.js';

/** Statuses in which PostgreSQL has every message. */
const WHOLE: ReadonlySet<ConversationStatus> = new Set(['transferred', 'archived']);

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
    private readonly cold: ColdHistory,
  ) {}

  /** @throws CONVERSATION_NOT_FOUND (notFound) */
  async get(ref: ConversationRef): Promise<StoredConversation> {
    const found = await this.find(ref);
    if (!found) throw conversationErrors.notFound(ref.conversationId);
    return found;
  }

  /** @returns null if there never was such a conversation @throws CONVERSATION_NOT_FOUND (notFound) if it was deleted */
  async find(ref: ConversationRef): Promise<StoredConversation | null> {
    const hot = await this.readHot(ref, { tail: 0 });
    if (hot) return { ...hot.conversation, storage: storageOf(hot.conversation) };
    const cold = await this.archive.find(ref);
    if (cold?.status === 'deleted') throw conversationErrors.notFound(ref.conversationId);
    return cold && { ...cold, storage: 'cold' };
  }

  /** @returns null if there never was such a conversation, or it was deleted */
  async findAlive(ref: ConversationRef): Promise<StoredConversation | null> {
    return this.find(ref).catch((error: unknown) => {
      if (toAppError(error).kind === 'notFound') return null;
      throw error;
    });
  }

  /** The next messages behind a seq, oldest first, withdrawn ones marked; past the caches, for whoever reads all of it. @throws CONVERSATION_NOT_FOUND (notFound) */
  async following(ref: ConversationRef, after: number, limit: number): Promise<readonly Message[]> {
    const query = { after, limit, includeWithdrawn: true };
    const hot = await this.readHot(ref, hotRangeOf(query));
    const { withdrawnSeqs } = hot?.conversation ?? (await this.getCold(ref));
    const inRedis = hot ? hotPart(hot.messages, query) : [];
    const older = hot ? coldPart(query, hot.conversation.firstHotSeq, inRedis.length) : wholeQuery(query);
    const inPostgres = older ? await this.archive.findMessagePage(ref, older) : [];
    return markWithdrawn([...inPostgres, ...inRedis].slice(0, limit), withdrawnSeqs);
  }

  /** What a run has put into the conversation: two messages, or fewer. */
  async messagesOfRun(ref: ConversationRef, executionId: string): Promise<readonly Message[]> {
    const found = await Promise.all(messageIdsOf(executionId).map((messageId) => this.findMessage(ref, messageId)));
    return found.filter((message) => message !== null);
  }

  /** @param from first seq wanted @param count messages at the most @returns oldest first, without a gap: withdrawn ones, too, marked as such */
  async messages(ref: ConversationRef, from: number, count: number): Promise<readonly Message[]> {
    return (await this.getMessages(ref, { after: from - 1, limit: count, includeWithdrawn: true })).data;
  }

  /**
   * A page of messages. With `after` it reads forwards, oldest first; otherwise backwards from `before` or the end, newest first.
   *
   * @throws CONVERSATION_NOT_FOUND (notFound)
   */
  async getMessages(ref: ConversationRef, query: MessageQuery): Promise<MessagePage> {
    const hot = await this.readHot(ref, hotRangeOf(query));
    if (!hot) return this.cold.page(ref, await this.getCold(ref), query);
    const { conversation, messages } = hot;
    const inRedis = hotPart(messages, query);
    const older = coldPart(query, conversation.firstHotSeq, inRedis.length);
    const inPostgres = older ? await this.archive.findMessagePage(ref, older) : [];
    const total = await this.count(ref, hot, query);
    return pageOfMessages(query, { total, inPostgres, inRedis, withdrawnSeqs: conversation.withdrawnSeqs });
  }

  /** The message with this id, hot or archived. */
  async findMessage(ref: ConversationRef, messageId: string): Promise<Message | null> {
    return (await this.fromRedis(ref, () => this.hot.findMessage(ref, messageId))) ?? this.archive.findMessage(ref, messageId);
  }

  /** The newest messages that are not withdrawn, oldest first, from PostgreSQL alone. @returns none if there is no such conversation */
  async coldTail(ref: ConversationRef, count: number): Promise<readonly Message[]> {
    const conversation = await this.archive.find(ref);
    return conversation && conversation.status !== 'deleted' ? this.cold.tail(ref, conversation, count) : [];
  }

  /** Messages with these seqs, which PostgreSQL has. */
  async archivedAt(ref: ConversationRef, seqs: readonly number[]): Promise<readonly Message[]> {
    return seqs.length === 0 ? [] : this.archive.findMessagesAt(ref, seqs);
  }

  /** Messages with `from` ≤ seq ≤ `to`, which PostgreSQL has, oldest first. */
  async archivedBetween(ref: ConversationRef, from: number, to: number): Promise<readonly Message[]> {
    return from > to ? [] : this.archive.findMessages(ref, from, to);
  }

  /**
   * What Redis says of a conversation; null when it is not hot.
   * While Redis is away null as well, if PostgreSQL has the conversation whole.
   */
  async fromRedis<T>(ref: ConversationRef, ask: () => Promise<T | null>): Promise<T | null> {
    try {
      return await ask();
    } catch (error) {
      const isRedisAway = toAppError(error).code === 'HOT_STORE_UNAVAILABLE';
      const cold = isRedisAway ? await this.archive.find(ref) : null;
      if (cold && WHOLE.has(cold.status)) return null;
      throw error;
    }
  }

  private async readHot(ref: ConversationRef, range: Range): Promise<HotRange | null> {
    const hot = await this.fromRedis(ref, () => this.hot.read(ref, range));
    if (hot?.conversation.status === 'deleted') throw conversationErrors.notFound(ref.conversationId);
    return hot;
  }

  private async getCold(ref: ConversationRef): Promise<Conversation> {
    const cold = await this.archive.find(ref);
    if (!cold || cold.status === 'deleted') throw conversationErrors.notFound(ref.conversationId);
    return cold;
  }

  /** Of a role those in Redis were all read, the others do not change. */
  private async count(ref: ConversationRef, { conversation, messages }: HotRange, query: MessageQuery): Promise<number> {
    const { role } = query;
    const hidden = hiddenSeqs(query, conversation);
    if (role === undefined) return conversation.messageCount - hidden.length;
    const inRedis = withoutWithdrawn(messages, hidden).filter((message) => message.role === role).length;
    return inRedis + (conversation.firstHotSeq === 1 ? 0 : await this.archive.countMessages(ref, role, conversation.firstHotSeq - 1, hidden));
  }
}
