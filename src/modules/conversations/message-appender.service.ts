import { Injectable } from '@nestjs/common';
import { toStorableText } from '../../contracts/index.js';
import { AgentCacheInvalidator } from '../../shared/cache/index.js';
import { MigrationSettings } from '../../shared/config/index.js';
import { ArchiveRepository } from './archive/archive.repository.js';
import { type Conversation, type ConversationRef, type Message, type NewConversation, type NewMessage, WINDOW_SYSTEM_MESSAGES } from './conversation.js';
import { conversationErrors, refused } from './conversations.errors.js';
import type { Appended, AppendOptions, Refused } from './hot/append.js';
import { HotConversationStore } from './hot/hot-conversation.store.js';
import { TokenCounter } from './memory/token-counter.service.js';

/** Where a message goes, and what limits it. */
export interface AppendTarget extends Omit<AppendOptions, 'create' | 'sessionId'> {
  /** Whose it is. */
  readonly conversation: NewConversation;
  /** The conversation begins with this message if there is none. */
  readonly mayBegin: boolean;
  /** Counted before; default: counted for the conversation's model. */
  readonly tokens?: number;
}

/** A message that is in the conversation. */
export interface AppendedMessage {
  readonly seq: number;
  readonly tokens: number;
  /** The one that was there under this id already. */
  readonly earlier: Message | null;
  /** Another conversation was its session's active one before. */
  readonly displaced: string | null;
}

/** Puts messages into conversations wherever they are, hot, at rest, or not begun yet, and takes them back. */
@Injectable()
export class MessageAppender {
  constructor(
    private readonly hot: HotConversationStore,
    private readonly archive: ArchiveRepository,
    private readonly tokens: TokenCounter,
    private readonly invalidator: AgentCacheInvalidator,
    private readonly settings: MigrationSettings,
  ) {}

  /**
   * Appends a message; the same messageId again is the same append. A user's message makes a completed conversation active again, any
   * message makes an archived one hot.
   *
   * @throws CONVERSATION_NOT_FOUND (notFound), CONVERSATION_ARCHIVED, SEQ_CONFLICT, RUN_SUPERSEDED (conflict), TIER_LIMIT_MESSAGES (forbidden),
   * TIER_LIMIT_CONVERSATIONS (limited)
   */
  async append(tenantId: string, { conversation, mayBegin, tokens, ...options }: AppendTarget, message: NewMessage): Promise<AppendedMessage> {
    const ref = { tenantId, conversationId: conversation.conversationId };
    const content = toStorableText(message.content);
    const counted = { ...message, content, tokens: tokens ?? this.tokens.count(content, conversation.model) };
    const all = { ...options, sessionId: conversation.sessionId };
    const answer = await this.appendAnywhere(ref, counted, mayBegin ? { ...all, create: conversation } : all);
    if (answer.outcome === 'refused') throw refused(ref.conversationId, answer);
    if (answer.outcome === 'repeated') return this.repeated(ref, counted, answer);
    return { seq: answer.seq, tokens: counted.tokens, earlier: null, displaced: answer.displaced };
  }

  /** PostgreSQL learns that a transferred conversation goes on before it does: otherwise it would be taken for whole while Redis is away. A crash in between is mended by the move that would let it go. */
  private async appendAnywhere(ref: ConversationRef, message: NewMessage & { readonly tokens: number }, options: AppendOptions): Promise<Appended | Refused> {
    const { create: _, ...ifHot } = options;
    const append = async (told: Pick<AppendOptions, 'toldRevision'>): Promise<Appended | Refused> =>
      (await this.hot.append(ref, message, { ...ifHot, ...told })) ?? (await this.appendToCold(ref, message, { ...options, ...told }));
    let answer = await append({});
    while (answer.outcome === 'refused' && answer.reason === 'transferred') {
      const toldRevision = Number(answer.fact);
      await this.archive.goOn(ref, toldRevision);
      answer = await append({ toldRevision });
    }
    return answer;
  }

  /** Makes a conversation hot; nothing happens if it is, or has left again meanwhile. @throws CONVERSATION_NOT_FOUND (notFound) */
  async reheat(ref: ConversationRef): Promise<void> {
    const { cold, leftAt } = await this.readCold(ref);
    if (!cold) throw conversationErrors.notFound(ref.conversationId);
    await this.bringBack(ref, cold, leftAt);
  }

  /**
   * Takes messages back: they stay, and no model is shown them any more. A conversation at rest is made hot, from where the move takes it.
   *
   * @returns seqs of those that are there
   * @throws CONVERSATION_NOT_FOUND (notFound), WITHDRAWN_LIMIT (conflict)
   */
  async withdraw(ref: ConversationRef, messageIds: readonly string[]): Promise<number[]> {
    for (;;) {
      const answer = await this.hot.withdraw(ref, messageIds, this.settings.closeGraceSeconds);
      if (answer?.outcome === 'refused') throw refused(ref.conversationId, answer);
      if (answer !== null) {
        await this.invalidator.conversation(ref.tenantId, answer.agentId, ref.conversationId);
        return [...answer.seqs];
      }
      await this.reheat(ref);
    }
  }

  /** Brings the conversation back and appends to it. It may leave again in between, if it is closed and nobody keeps it: then once more. */
  private async appendToCold(ref: ConversationRef, message: NewMessage & { readonly tokens: number }, options: AppendOptions): Promise<Appended | Refused> {
    const { create, ...ifHot } = options;
    for (;;) {
      const { cold, leftAt } = await this.readCold(ref);
      if (!cold && !create) throw conversationErrors.notFound(ref.conversationId);
      if (cold) await this.bringBack(ref, cold, leftAt);
      const appended = await this.hot.append(ref, message, cold ? ifHot : { ...options, leftAt });
      if (appended) return appended;
    }
  }

  /** @throws CONVERSATION_NOT_FOUND (notFound) for a deleted one */
  private async readCold(ref: ConversationRef): Promise<{ readonly cold: Conversation | null; readonly leftAt: string }> {
    const leftAt = await this.hot.leftAt(ref);
    const cold = await this.archive.find(ref);
    if (cold?.status === 'deleted') throw conversationErrors.notFound(ref.conversationId);
    return { cold, leftAt };
  }

  private async bringBack(ref: ConversationRef, cold: Conversation, leftAt: string): Promise<void> {
    const seq = cold.archivedSeq;
    const firstHotSeq = Math.max(1, seq - this.settings.hotTailMessages + 1);
    const [tail, ids, systemSeqs] = await Promise.all([
      this.archive.findMessages(ref, firstHotSeq, seq),
      this.archive.findMessageIds(ref),
      this.archive.findSystemSeqs(ref, WINDOW_SYSTEM_MESSAGES),
    ]);
    await this.hot.reheat(ref, { conversation: { ...cold, seq, firstHotSeq, systemSeqs, archivedRevision: cold.revision }, tail, ids, leftAt });
    await this.invalidator.conversation(ref.tenantId, cold.agentId, ref.conversationId);
  }

  private async repeated(ref: ConversationRef, { messageId, tokens }: NewMessage & { readonly tokens: number }, { seq, stored }: Extract<Appended, { outcome: 'repeated' }>): Promise<AppendedMessage> {
    const earlier = stored ?? (await this.archive.findMessage(ref, messageId));
    return { seq, tokens: earlier?.tokens ?? tokens, earlier, displaced: null };
  }
}
