import { Injectable } from '@nestjs/common';
import { type MessageRole, newId } from '../../contracts/index.js';
import { AgentCacheInvalidator } from '../../shared/cache/index.js';
import { ArchiveRepository } from './archive/archive.repository.js';
import type { Conversation, ConversationStatus, Message, NewConversation, NewMessage } from './conversation.js';
import { conversationErrors } from './conversations.errors.js';
import { HistoryReader } from './history-reader.service.js';
import { type Appended, type ConversationRef, HotConversationStore } from './hot/hot-conversation.store.js';
import { TokenCounter } from './memory/token-counter.service.js';
import { toStorableText } from './storable-text.js';

/** Messages that a reheated conversation has in Redis: enough for the largest memory window of an agent. */
const REHEATED_TAIL = 1_000;

/** Who asks for which conversation. */
export interface OpenRequest extends Omit<NewConversation, 'sessionId' | 'conversationId'> {
  /** Default: the conversation's, or a new one. */
  readonly sessionId: string | undefined;
  /** A conversation to go on with; default: the session's active one with the agent, made if there is none. */
  readonly conversationId: string | undefined;
}

export interface OpenedConversation {
  readonly conversationId: string;
  readonly sessionId: string;
}

/** The one service behind every channel that writes to conversations. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly hot: HotConversationStore,
    private readonly archive: ArchiveRepository,
    private readonly history: HistoryReader,
    private readonly tokens: TokenCounter,
    private readonly invalidator: AgentCacheInvalidator,
  ) {}

  /** @throws CONVERSATION_NOT_FOUND (notFound) for an id that is not the tenant's */
  async open(tenantId: string, { conversationId, ...request }: OpenRequest): Promise<OpenedConversation> {
    if (conversationId === undefined) {
      const sessionId = request.sessionId ?? newId();
      return { conversationId: await this.hot.openSession(tenantId, { ...request, sessionId, conversationId: newId() }, false), sessionId };
    }
    const known = await this.history.get({ tenantId, conversationId });
    const sessionId = request.sessionId ?? known.sessionId;
    // Unless the session has another one open with the agent, closing it will close this one.
    await this.hot.openSession(tenantId, { ...request, sessionId, conversationId }, true);
    return { conversationId, sessionId };
  }

  /**
   * Appends a message; the same messageId again is the same append. A completed conversation becomes active again, an archived one hot.
   *
   * @param conversation whose it is; used when it does not exist yet
   */
  async append(tenantId: string, conversation: NewConversation, message: NewMessage): Promise<Appended & { readonly tokens: number }> {
    const ref = { tenantId, conversationId: conversation.conversationId };
    const content = toStorableText(message.content);
    const counted = { ...message, content, tokens: this.tokens.count(content, conversation.model) };
    const appended = (await this.hot.append(ref, counted)) ?? (await this.appendToCold(ref, conversation, counted));
    if (appended.closedBefore !== null) await this.goOn(ref, conversation, message.role, appended.closedBefore);
    return { ...appended, tokens: counted.tokens };
  }

  /** The message with this id, hot or archived. */
  async findMessage(ref: ConversationRef, messageId: string): Promise<Message | null> {
    return (await this.hot.findMessage(ref, messageId)) ?? this.archive.findMessage(ref, messageId);
  }

  /**
   * Completes every open conversation of a session and schedules their move.
   *
   * @throws SESSION_NOT_FOUND (notFound) when none is open
   */
  async closeSession(tenantId: string, sessionId: string): Promise<string[]> {
    const open = Object.entries(await this.hot.openConversations(tenantId, sessionId));
    if (open.length === 0) throw conversationErrors.sessionNotFound(sessionId);
    await Promise.all(open.map(([agentId, conversationId]) => this.closeOne({ tenantId, conversationId }, sessionId, agentId)));
    return open.map(([, conversationId]) => conversationId);
  }

  /**
   * Completes one conversation and schedules its move; repeating it changes nothing.
   *
   * @throws CONVERSATION_NOT_FOUND (notFound)
   */
  async close(ref: ConversationRef): Promise<void> {
    const { sessionId, agentId } = await this.history.get(ref);
    await this.closeOne(ref, sessionId, agentId);
  }

  /** Whoever has been told that it is closed sees it closed. */
  private async closeOne(ref: ConversationRef, sessionId: string, agentId: string): Promise<void> {
    await this.hot.close(ref, sessionId, agentId);
    await this.invalidator.conversation(ref.tenantId, agentId, ref.conversationId);
  }

  /** Brings the conversation back and appends to it. It may leave again in between, if it is closed and nobody keeps it: then once more. */
  private async appendToCold(ref: ConversationRef, conversation: NewConversation, message: NewMessage & { readonly tokens: number }): Promise<Appended> {
    for (;;) {
      const cold = await this.archive.find(ref);
      if (!cold) return this.hot.append(ref, message, conversation);
      await this.reheat(ref, cold);
      const appended = await this.hot.append(ref, message);
      if (appended) return appended;
    }
  }

  private async reheat(ref: ConversationRef, cold: Conversation): Promise<void> {
    const seq = cold.archivedSeq;
    const firstHotSeq = Math.max(1, seq - REHEATED_TAIL + 1);
    const [tail, ids] = await Promise.all([this.archive.findMessages(ref, firstHotSeq, seq), this.archive.findMessageIds(ref)]);
    await this.hot.reheat(ref, { ...cold, seq, firstHotSeq }, tail, ids);
  }

  /** A closed conversation has gone on: if it is open again its session can close it, and PostgreSQL must not be taken for whole while Redis is away. */
  private async goOn(ref: ConversationRef, conversation: NewConversation, role: MessageRole, before: ConversationStatus): Promise<void> {
    if (role === 'user') await this.hot.openSession(ref.tenantId, conversation, true);
    if (before !== 'completed') await this.archive.goOn(ref, role === 'user' ? 'active' : 'completed');
  }
}
