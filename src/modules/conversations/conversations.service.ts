import { Injectable } from '@nestjs/common';
import { type MessageRole, newId } from '../../contracts/index.js';
import { AgentCacheInvalidator } from '../../shared/cache/index.js';
import { AppError } from '../../shared/errors/index.js';
import { ConversationArchive } from './archive/conversation-archive.service.js';
import { type Caller, ConversationBounds, type ConversationLimits } from './conversation-bounds.service.js';
import type { Conversation, ConversationRef, Message, NewConversation, NewMessage, StoredConversation } from './conversation.js';
import { conversationErrors, refused } from './conversations.errors.js';
import { type ConversationEdit, toHeaderChange } from './conversation-edit.js';
import { HistoryReader } from './history/history-reader.service.js';
import type { Refused } from './hot/append.js';
import { type HeaderChange, HotConversationStore } from './hot/hot-conversation.store.js';
import { type AppendedMessage, MessageAppender } from './message-appender.service.js';
import { messageIdsOf } from './withdrawn.js';

/** Changes by others that a change of ours gives way to before it gives up. A guess. */
const TRIES = 10;

/** Who asks for which conversation. */
export interface OpenRequest extends Omit<NewConversation, 'sessionId' | 'conversationId'> {
  /** Default: the conversation's, or a new one. */
  readonly sessionId: string | undefined;
  /** A conversation to go on with; default: the session's active one with the agent, made if there is none. */
  readonly conversationId: string | undefined;
  /** Of the conversation that is made, if one is; default: new ones. */
  readonly ids?: BeginningIds | undefined;
}

/** The id of a conversation that begins. */
export interface BeginningId {
  readonly conversationId: string;
  /** The request may have been here before: it is then the conversation that it has begun. */
  readonly mayExist: boolean;
}

/** The ids of a conversation that begins, and of its session. */
export interface BeginningIds extends BeginningId {
  readonly sessionId: string;
}

export interface OpenedConversation {
  readonly conversationId: string;
  readonly sessionId: string;
  /** It begins with this turn. */
  readonly isNew: boolean;
}

/** A message for a conversation that exists. */
export interface SaveRequest {
  readonly conversationId: string;
  /** Default: a new one. */
  readonly messageId?: string | undefined;
  readonly role: MessageRole;
  readonly content: string;
  readonly agentId?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Counted by the caller. */
  readonly tokens?: number | undefined;
  /** seq of the newest message as the caller knows it. */
  readonly expectedSeq?: number | undefined;
}

export interface SavedMessage {
  readonly conversationId: string;
  readonly messageId: string;
  readonly seq: number;
  readonly tokens: number;
}

/** The one service behind every channel that writes to conversations. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly hot: HotConversationStore,
    private readonly appender: MessageAppender,
    private readonly history: HistoryReader,
    private readonly archive: ConversationArchive,
    private readonly invalidator: AgentCacheInvalidator,
    private readonly bounds: ConversationBounds,
  ) {}

  /**
   * The conversation that a message is for: the one named, which comes into the session named, or the session's.
   *
   * @throws CONVERSATION_NOT_FOUND (notFound) for an id that is not the tenant's, CONVERSATION_ARCHIVED (conflict), TIER_LIMIT_CONVERSATIONS (limited),
   * TIER_LIMIT_MESSAGES (forbidden)
   */
  async open(caller: Caller, { conversationId: named, ids = { conversationId: newId(), sessionId: newId(), mayExist: false }, ...request }: OpenRequest): Promise<OpenedConversation> {
    const { tenantId } = caller;
    const limits = await this.bounds.of(caller);
    const conversationId = named ?? (await this.begunBefore(tenantId, ids))?.conversationId;
    if (conversationId !== undefined) return this.openNamed({ tenantId, conversationId }, request.sessionId, limits);
    const sessionId = request.sessionId ?? ids.sessionId;
    const opened = await this.hot.openSession(tenantId, { ...request, sessionId, conversationId: ids.conversationId }, limits.maxActiveConversations);
    if ('outcome' in opened) throw refused('', opened);
    if (!opened.isNew) await this.requireRoom({ tenantId, conversationId: opened.conversationId }, limits);
    return { conversationId: opened.conversationId, sessionId, isNew: opened.isNew };
  }

  /**
   * Begins a conversation without messages.
   *
   * @throws CONVERSATION_ACTIVE (conflict), TIER_LIMIT_CONVERSATIONS (limited), CONVERSATION_NOT_FOUND (notFound) if the one with this id was deleted
   */
  async create(caller: Caller, request: Omit<NewConversation, 'conversationId'>, begins: BeginningId = { conversationId: newId(), mayExist: false }): Promise<StoredConversation> {
    const { tenantId } = caller;
    const earlier = await this.begunBefore(tenantId, begins);
    if (earlier) return earlier;
    const { maxActiveConversations } = await this.bounds.of(caller);
    const opened = await this.hot.openSession(tenantId, { ...request, conversationId: begins.conversationId }, maxActiveConversations);
    if ('outcome' in opened) throw refused('', opened);
    if (!opened.isNew && opened.conversationId !== begins.conversationId) throw conversationErrors.alreadyActive(request.sessionId, opened.conversationId);
    return this.history.get({ tenantId, conversationId: opened.conversationId });
  }

  /**
   * A message of a run: its conversation begins with it if there is none.
   *
   * @param limits       of its tenant; the answer to a message that was taken is always taken: leave it out
   * @param fencingToken of the run: refused when another one has the conversation by now
   * @throws as {@link MessageAppender.append}
   */
  async append(tenantId: string, conversation: NewConversation, message: NewMessage, { limits, fencingToken }: { readonly limits?: ConversationLimits; readonly fencingToken?: string } = {}): Promise<AppendedMessage> {
    const appended = await this.appender.append(tenantId, { conversation, mayBegin: true, ...(limits && appendLimitsOf(limits)), ...(fencingToken !== undefined && { fencingToken }) }, message);
    await this.closeDisplaced(tenantId, appended.displaced);
    return appended;
  }

  /** The message with this id, hot or archived. */
  async findMessage(ref: ConversationRef, messageId: string): Promise<Message | null> {
    return this.history.findMessage(ref, messageId);
  }

  /**
   * Saves a message; the same messageId with the same content again is the same message.
   *
   * @throws MESSAGE_ID_TAKEN (conflict); and as {@link MessageAppender.append}
   */
  async saveMessage(caller: Caller, request: SaveRequest): Promise<SavedMessage> {
    const { tenantId } = caller;
    const { conversationId, messageId = newId(), role, content, agentId, metadata, tokens, expectedSeq } = request;
    const conversation = await this.history.get({ tenantId, conversationId });
    const target = { conversation, mayBegin: false, ...appendLimitsOf(await this.bounds.of(caller)), ...(tokens !== undefined && { tokens }), ...(expectedSeq !== undefined && { expectedSeq }) };
    const appended = await this.appender.append(tenantId, target, { messageId, role, content, agentId: agentId ?? null, executionId: null, metadata: metadata ?? null });
    if (appended.earlier && (appended.earlier.role !== role || appended.earlier.content !== content)) throw conversationErrors.messageIdTaken(messageId, appended.seq);
    await this.closeDisplaced(tenantId, appended.displaced);
    return { conversationId, messageId, seq: appended.seq, tokens: appended.tokens };
  }

  /**
   * Takes back what a run has appended: no model is shown it any more, nor is who reads the history, unless he asks for it. Doing it twice is doing it once.
   *
   * @returns seqs of the run's messages
   * @throws CONVERSATION_NOT_FOUND (notFound), WITHDRAWN_LIMIT (conflict) when the conversation has 1 000 such messages
   */
  async withdraw(ref: ConversationRef, executionId: string): Promise<number[]> {
    return this.appender.withdraw(ref, messageIdsOf(executionId));
  }

  /**
   * Changes what is named: the status by the rules of `status-machine.ts`, the rest as it is given. Whoever makes it deleted removes it.
   *
   * @throws CONVERSATION_NOT_FOUND (notFound), STATUS_TRANSITION, CONVERSATION_BUSY (conflict), TIER_LIMIT_CONVERSATIONS (limited)
   */
  async update(caller: Caller, conversationId: string, edit: ConversationEdit): Promise<StoredConversation> {
    const ref = { tenantId: caller.tenantId, conversationId };
    if (edit.status === 'deleted') return { ...(await this.remove(ref)), status: edit.status };
    const { maxActiveConversations: activeLimit } = await this.bounds.of(caller);
    await this.change(ref, (conversation) => toHeaderChange(conversation, edit, { closedDueSeconds: this.bounds.times.closeGraceSeconds, activeLimit }));
    return this.history.get(ref);
  }

  /**
   * Brings a conversation that is at rest back to Redis, as its next message would.
   *
   * @throws CONVERSATION_NOT_FOUND (notFound)
   */
  async reheat(ref: ConversationRef): Promise<StoredConversation> {
    if ((await this.history.get(ref)).storage === 'cold') await this.appender.reheat(ref);
    return this.history.get(ref);
  }

  /**
   * Completes one conversation and schedules its move; repeating it changes nothing.
   *
   * @throws CONVERSATION_NOT_FOUND (notFound)
   */
  async close(ref: ConversationRef): Promise<void> {
    await this.change(ref, (conversation) => this.closing(conversation));
  }

  /** The same for one that may be gone by now. */
  async closeIfThere(ref: ConversationRef): Promise<void> {
    await this.close(ref).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.kind !== 'notFound') throw error;
    });
  }

  /** Completes a conversation that has had no message since then. @returns false when it has, or is not active any more */
  async closeIdle(ref: ConversationRef, conversation: Conversation, idleSince: Date): Promise<boolean> {
    const closing = this.closing(conversation);
    const answer = closing && (await this.hot.change(ref, conversation, { ...closing, idleSince }));
    if (answer?.outcome !== 'changed') return false;
    await this.invalidator.conversation(ref.tenantId, conversation.agentId, ref.conversationId);
    return true;
  }

  /** Takes a conversation and everything that was said in it out of both stores. @returns what it was @throws CONVERSATION_NOT_FOUND (notFound) */
  async remove(ref: ConversationRef): Promise<StoredConversation> {
    const conversation = await this.history.get(ref);
    await this.archive.erase(ref, conversation);
    await this.invalidator.conversation(ref.tenantId, conversation.agentId, ref.conversationId);
    return conversation;
  }

  /** What a request has begun when it was here before, wherever it is by now. @throws CONVERSATION_NOT_FOUND (notFound) if it was deleted */
  private async begunBefore(tenantId: string, { conversationId, mayExist }: BeginningId): Promise<StoredConversation | null> {
    return mayExist ? this.history.find({ tenantId, conversationId }) : null;
  }

  private async openNamed(ref: ConversationRef, wanted: string | undefined, limits: ConversationLimits): Promise<OpenedConversation> {
    const known = await this.history.get(ref);
    const sessionId = wanted ?? known.sessionId;
    requireRoom(ref.conversationId, known, limits);
    if (known.status !== 'active') await this.requireOpening(ref, { ...known, sessionId }, limits);
    // One that is closed or at rest comes into the session with the user's message.
    if (known.status === 'active' && known.storage !== 'cold' && known.sessionId !== sessionId) {
      const entered = await this.hot.change(ref, known, { fields: { sessionId }, session: 'enter', status: 'active', dueInSeconds: this.bounds.times.maxLagSeconds });
      if (entered?.outcome === 'changed') await this.closeDisplaced(ref.tenantId, entered.displaced);
    }
    return { conversationId: ref.conversationId, sessionId, isNew: false };
  }

  /** A turn whose message could not open its conversation is refused before it is queued. */
  private async requireOpening(ref: ConversationRef, conversation: Conversation, { maxActiveConversations: limit }: ConversationLimits): Promise<void> {
    if (conversation.status === 'archived') throw refused(ref.conversationId, { outcome: 'refused', reason: 'closed', fact: conversation.status });
    const others = limit === null ? 0 : await this.hot.countOthers(ref, conversation);
    if (limit !== null && others >= limit) throw refused(ref.conversationId, { outcome: 'refused', reason: 'conversations', fact: others });
  }

  private async requireRoom(ref: ConversationRef, limits: ConversationLimits): Promise<void> {
    if (limits.maxMessagesPerConversation !== null) requireRoom(ref.conversationId, await this.history.get(ref), limits);
  }

  /** A session has one active conversation with an agent: the one before is completed. */
  private async closeDisplaced(tenantId: string, conversationId: string | null): Promise<void> {
    if (conversationId !== null) await this.closeIfThere({ tenantId, conversationId });
  }

  private closing({ status }: Conversation): HeaderChange | null {
    if (status !== 'active') return null;
    return { fields: { status: 'completed', closedAt: String(Date.now()) }, session: 'leave', status: 'active', dueInSeconds: this.bounds.times.closeGraceSeconds };
  }

  /** Every change is made in Redis, where the move takes it from: what is at rest is brought back first. Whoever is told of it sees it. */
  private async change(ref: ConversationRef, changeOf: (conversation: Conversation) => HeaderChange | null): Promise<void> {
    let toldRevision: number | undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      const conversation = await this.history.get(ref);
      const change = changeOf(conversation);
      if (change === null) return;
      const answer = await this.hot.change(ref, conversation, { ...change, toldRevision });
      if (answer?.outcome === 'changed') {
        await this.invalidator.conversation(ref.tenantId, conversation.agentId, ref.conversationId);
        return this.closeDisplaced(ref.tenantId, answer.displaced);
      }
      toldRevision = await this.makeWay(ref, answer);
    }
    throw conversationErrors.busy(ref.conversationId);
  }

  /** For the next try: brings back what is at rest, and tells PostgreSQL of what goes on. @returns the revision that it was told of */
  private async makeWay(ref: ConversationRef, answer: Refused | null): Promise<number | undefined> {
    if (answer === null) await this.appender.reheat(ref);
    else if (answer.reason === 'transferred') await this.archive.goOn(ref, Number(answer.fact));
    else if (answer.reason !== 'status' && answer.reason !== 'session') throw refused(ref.conversationId, answer);
    return answer?.reason === 'transferred' ? Number(answer.fact) : undefined;
  }
}

function appendLimitsOf({ maxActiveConversations, maxMessagesPerConversation }: ConversationLimits): { readonly activeLimit: number | null; readonly messageLimit: number | null } {
  return { activeLimit: maxActiveConversations, messageLimit: maxMessagesPerConversation };
}

/** A turn that could not be taken is refused before it is queued. @throws TIER_LIMIT_MESSAGES (forbidden) */
function requireRoom(conversationId: string, { messageCount }: Conversation, { maxMessagesPerConversation: limit }: ConversationLimits): void {
  if (limit !== null && messageCount >= limit) throw refused(conversationId, { outcome: 'refused', reason: 'messages', fact: messageCount });
}
