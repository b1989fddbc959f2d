import { Injectable } from '@nestjs/common';
import { ConversationSearchRepository } from '../archive/conversation-search.repository.js';
import type { Message } from '../conversation.js';
import { HotIndexStore } from '../hot/hot-index.store.js';
import { HistoryReader } from './history-reader.service.js';

/** Messages that are looked through for each one wanted, when system messages are left out. */
const SYSTEM_MESSAGES = 32;

/** Conversations of a session that are looked at for one that is still its own. A guess: those elsewhere go back to PostgreSQL within a move. */
const CANDIDATES = 20;

/** What was said in a session. */
export interface SessionHistory {
  /** null when the session is unknown. */
  readonly conversationId: string | null;
  /** Oldest first. */
  readonly messages: readonly Message[];
  /** Messages of the conversation, of every role; withdrawn ones if they were asked for. */
  readonly total: number;
}

/** Which messages of a history. */
export interface HistoryWish {
  readonly limit: number;
  readonly includeSystem: boolean;
  /** Those that were taken back, too. */
  readonly includeWithdrawn?: boolean | undefined;
}

/** Histories by session: of its active conversation, or of its newest one when none is active. */
@Injectable()
export class SessionHistories {
  constructor(
    private readonly index: HotIndexStore,
    private readonly search: ConversationSearchRepository,
    private readonly history: HistoryReader,
  ) {}

  /** @param agentId only a conversation with this agent @returns null when the session is unknown */
  async conversationOf(tenantId: string, sessionId: string, agentId?: string): Promise<string | null> {
    const entries = (await this.index.session(tenantId, sessionId)).filter((entry) => agentId === undefined || entry.agentId === agentId);
    const active = entries.filter(({ isActive }) => isActive);
    const candidates = active.length > 0 ? active : entries;
    const headers = candidates.length > 1 ? await Promise.all(candidates.map(({ conversationId }) => this.index.header({ tenantId, conversationId }))) : [];
    const newest = headers.filter((header) => header !== null).sort((a, b) => b.lastMessageAt.getTime() - a.lastMessageAt.getTime())[0];
    const inRedis = newest?.conversationId ?? candidates[0]?.conversationId;
    return inRedis ?? this.archivedOf(tenantId, sessionId, agentId);
  }

  /** The last messages. */
  async get(tenantId: string, place: { readonly sessionId: string; readonly agentId?: string | undefined }, wish: HistoryWish): Promise<SessionHistory> {
    const conversationId = await this.conversationOf(tenantId, place.sessionId, place.agentId);
    if (conversationId === null) return { conversationId, messages: [], total: 0 };
    return this.ofConversation({ tenantId, conversationId }, wish);
  }

  /** The last messages of one conversation. @throws CONVERSATION_NOT_FOUND (notFound) */
  async ofConversation(ref: { readonly tenantId: string; readonly conversationId: string }, { limit, includeSystem, includeWithdrawn }: HistoryWish): Promise<SessionHistory> {
    const newest: Message[] = [];
    let before: number | undefined;
    let total: number;
    do {
      const page = await this.history.getMessages(ref, { limit: limit + SYSTEM_MESSAGES, before, includeWithdrawn });
      newest.push(...page.data.filter(({ role }) => includeSystem || role !== 'system'));
      before = page.nextCursor ?? undefined;
      total = page.total;
    } while (newest.length < limit && before !== undefined);
    return { conversationId: ref.conversationId, messages: newest.slice(0, limit).reverse(), total };
  }

  /** The newest one that PostgreSQL has in the session, unless it has come into another one since. */
  private async archivedOf(tenantId: string, sessionId: string, agentId: string | undefined): Promise<string | null> {
    const filter = { sessionId, ...(agentId !== undefined && { agentId }) };
    for (const { conversationId } of await this.search.findPage(tenantId, filter, { limit: CANDIDATES, cursor: undefined }, [])) {
      const hot = await this.index.header({ tenantId, conversationId });
      if (hot === null || hot.sessionId === sessionId) return conversationId;
    }
    return null;
  }
}
