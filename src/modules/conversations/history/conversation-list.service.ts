import { Injectable } from '@nestjs/common';
import { ConversationSearchRepository, type ListCursor } from '../archive/conversation-search.repository.js';
import { type ConversationFilter, type HotConversation, type StoredConversation, storageOf } from '../conversation.js';
import { HotConversationStore } from '../hot/hot-conversation.store.js';
import { HotIndexStore } from '../hot/hot-index.store.js';
import { withoutWithdrawn } from '../withdrawn.js';
import { isBefore, matches } from './conversation-filter.js';

/** Unarchived messages of one conversation that a search reads at the most: what a lag of the move can leave. A guess. */
const SEARCHED_MESSAGES = 10_000;

/** A page of conversations, newest first. */
export interface ConversationPage {
  readonly data: readonly StoredConversation[];
  /** null on the last page. */
  readonly nextCursor: ListCursor | null;
  /** How many match in all. */
  readonly total: number;
}

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
  ) {}

  async list(tenantId: string, filter: ConversationFilter, page: { readonly limit: number; readonly cursor: ListCursor | undefined }): Promise<ConversationPage> {
    const hot = await this.index.hotConversations(tenantId);
    const hotIds = hot.map(({ conversationId }) => conversationId);
    const inRedis = await this.withWords(tenantId, hot.filter((conversation) => conversation.status !== 'deleted' && matches(conversation, filter)), filter.q);
    const isColdWanted = filter.storage === undefined || filter.storage === 'cold';
    const wanted = { limit: page.limit + 1, cursor: page.cursor };
    const [inPostgres, count] = isColdWanted ? await Promise.all([this.search.findPage(tenantId, filter, wanted, hotIds), this.search.count(tenantId, filter, hotIds)]) : [[], 0];
    const merged = [
      ...inRedis.filter((conversation) => page.cursor === undefined || isBefore(page.cursor, conversation)).map((conversation) => ({ ...conversation, storage: storageOf(conversation) })),
      ...inPostgres.map((conversation) => ({ ...conversation, storage: 'cold' as const })),
    ].sort((a, b) => (isBefore(a, b) ? -1 : 1));
    const data = merged.slice(0, page.limit);
    return { data, nextCursor: merged.length > page.limit ? (data.at(-1) ?? null) : null, total: inRedis.length + count };
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
