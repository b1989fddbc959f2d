import { Injectable } from '@nestjs/common';
import { AnnotationRepository } from '../annotations/annotation.repository.js';
import { type ColdPage, ConversationSearchRepository, type PagePlace } from '../archive/conversation-search.repository.js';
import { type ConversationFilter, type HotConversation, type StoredConversation, storageOf } from '../conversation.js';
import { HotConversationStore } from '../hot/hot-conversation.store.js';
import { HotIndexStore } from '../hot/hot-index.store.js';
import type { ListCursor } from '../list-cursor.js';
import { withoutWithdrawn } from '../withdrawn.js';
import { isBefore, matches } from './conversation-filter.js';

/** Unarchived messages of one conversation that a search reads at the most: what a lag of the move can leave. A guess. */
const SEARCHED_MESSAGES = 10_000;

/** A page of conversations, newest first. */
export interface ConversationPage {
  readonly data: readonly StoredConversation[];
  /** null on the last page. */
  readonly nextCursor: ListCursor | null;
  /** How many match in all; null where the words of a search are in so many messages that nobody could wait for the count. */
  readonly total: number | null;
}

const NOTHING: ColdPage = { data: [], total: 0 };

/**
 * Lists and searches over both stores. What is in Redis is taken from there, live, and left out of what PostgreSQL is asked for; Redis is read first, so
 * that what leaves it meanwhile is not missed. The order is by the time of creation, which never changes: a page goes on exactly where the one before ended.
 */
@Injectable()
export class ConversationList {
  constructor(
    private readonly index: HotIndexStore,
    private readonly hot: HotConversationStore,
    private readonly search: ConversationSearchRepository,
    private readonly annotations: AnnotationRepository,
  ) {}

  async list(tenantId: string, filter: ConversationFilter, { limit, cursor }: PagePlace): Promise<ConversationPage> {
    const hot = await this.index.hotConversations(tenantId);
    const hotIds = hot.map(({ conversationId }) => conversationId);
    const isColdWanted = filter.storage === undefined || filter.storage === 'cold';
    const [inRedis, inPostgres] = await Promise.all([
      this.hotMatches(tenantId, hot, filter),
      isColdWanted ? this.search.findCounted(tenantId, filter, { limit: limit + 1, cursor }, hotIds) : NOTHING,
    ]);
    const merged = [
      ...inRedis.filter((conversation) => cursor === undefined || isBefore(cursor, conversation)).map((conversation) => ({ ...conversation, storage: storageOf(conversation) })),
      ...inPostgres.data.map((conversation) => ({ ...conversation, storage: 'cold' as const })),
    ].sort((a, b) => (isBefore(a, b) ? -1 : 1));
    const data = merged.slice(0, limit);
    return { data, nextCursor: merged.length > limit ? (data.at(-1) ?? null) : null, total: inPostgres.total === null ? null : inRedis.length + inPostgres.total };
  }

  private async hotMatches(tenantId: string, hot: readonly HotConversation[], filter: ConversationFilter): Promise<readonly HotConversation[]> {
    const matching = hot.filter((conversation) => conversation.status !== 'deleted' && matches(conversation, filter));
    return this.withWords(tenantId, await this.annotated(tenantId, matching, filter), filter.q);
  }

  /** Those that have the label and the assignee that the filter names. */
  private async annotated(tenantId: string, hot: readonly HotConversation[], filter: ConversationFilter): Promise<readonly HotConversation[]> {
    if (hot.length === 0 || (filter.label === undefined && filter.assignee === undefined)) return hot;
    const found = await this.annotations.among(tenantId, hot.map(({ conversationId }) => conversationId), filter);
    return hot.filter(({ conversationId }) => found.has(conversationId));
  }

  /** Those that have the words in an archived message, or in one that is not archived yet; withdrawn ones do not count. */
  private async withWords(tenantId: string, hot: readonly HotConversation[], words: string | undefined): Promise<readonly HotConversation[]> {
    if (words === undefined || hot.length === 0) return hot;
    const [archived, texts] = await Promise.all([this.search.findMatching(tenantId, hot, words), this.unarchivedTexts(tenantId, hot)]);
    const places = texts.length > 0 ? await this.search.findMatchingTexts(tenantId, texts.map(({ content }) => content), words) : [];
    const found = new Set([...archived, ...places.map((place) => texts[place]?.conversationId)]);
    return hot.filter(({ conversationId }) => found.has(conversationId));
  }

  private async unarchivedTexts(tenantId: string, hot: readonly HotConversation[]): Promise<{ readonly conversationId: string; readonly content: string }[]> {
    const behind = hot.filter(({ seq, archivedSeq }) => seq > archivedSeq);
    const ranges = await Promise.all(behind.map(({ conversationId }) => this.hot.read({ tenantId, conversationId }, { unarchived: SEARCHED_MESSAGES })));
    return ranges.flatMap((range, i) => withoutWithdrawn(range?.messages ?? [], range?.conversation.withdrawnSeqs ?? []).map(({ content }) => ({ conversationId: behind[i]?.conversationId ?? '', content })));
  }
}
