import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { MigrationSettings } from '../../../shared/config/index.js';
import { type LuaScript, REDIS, keys, luaScript } from '../../../shared/redis/index.js';
import type { ConversationRef, ConversationStatus, HotConversation, Message, NewConversation, NewMessage } from '../conversation.js';
import { type Appended, type AppendOptions, type Refused } from './append.js';
import type { Resequencing } from '../archive/resequencing.js';
import { type HeaderFields, fromHeader, headerOfNew, listOf, toHeader } from './header-hash.js';
import { toStored } from './message-json.js';
import { type AppendAnswer, type HotWindow, type KnownWindow, type RefusedAnswer, type WindowAnswer, type Withdrawn, type WithdrawnAnswer, appendedOf, messagesOf, orNull, refusedOf, windowOf, withdrawnOf } from './script-answers.js';
import { MAX_WITHDRAWN } from '../withdrawn.js';

/** How many keys each takes. */
const SCRIPTS = { 'open-session': 5, append: 11, 'append-next': 3, read: 2, window: 3, change: 5, 'mark-archived': 4, trim: 2, release: 9, reheat: 7, resequence: 4, withdraw: 3 } as const;

/** Which messages to read: from a seq on, the last ones before a seq, the newest ones, or the oldest that PostgreSQL does not have yet, no more of them than have so many bytes, but one. */
export type Range =
  | { readonly from: number; readonly count: number }
  | { readonly before: number; readonly count: number }
  | { readonly tail: number }
  | { readonly unarchived: number; readonly bytes?: number };

export interface HotRange {
  readonly conversation: HotConversation;
  /** Oldest first. */
  readonly messages: readonly Message[];
}

/** A conversation as PostgreSQL has it. */
export interface ColdConversation {
  readonly conversation: HotConversation;
  /** Its newest messages, oldest first. */
  readonly tail: readonly Message[];
  /** messageId and seq of all its messages. */
  readonly ids: readonly (readonly [messageId: string, seq: number])[];
  /** As {@link HotConversationStore.leftAt} said before any of this was read. */
  readonly leftAt: string;
}

/** A change of a header. */
export interface HeaderChange {
  readonly fields: HeaderFields;
  /** `enter`: it becomes its session's active one; `leave`: it is active no more. */
  readonly session?: 'enter' | 'leave';
  /** The status that it must have. */
  readonly status?: ConversationStatus;
  /** No message may be newer. */
  readonly idleSince?: Date;
  readonly activeLimit?: number | null;
  /** Revision of a transferred conversation of which PostgreSQL was told that it goes on; it enters its session at no other. */
  readonly toldRevision?: number | undefined;
  /** When it has to be in PostgreSQL. */
  readonly dueInSeconds: number;
}

/** What a session has afterwards no more. */
export interface Changed {
  readonly outcome: 'changed';
  readonly displaced: string | null;
}

/** What Redis has of a conversation that PostgreSQL has. */
export interface ArchivedMark {
  /** Messages that PostgreSQL lacks. */
  readonly unarchivedCount: number;
  /** It is closed, and the revision that PostgreSQL has is the newest. */
  readonly isTransferred: boolean;
}

/**
 * Conversations while they are in use. Every method is one atomic script and one round trip, but for an append that changes more than the list.
 * What is here and not yet archived exists nowhere else.
 */
@Injectable()
export class HotConversationStore {
  private readonly scripts: Record<keyof typeof SCRIPTS, LuaScript>;

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    private readonly settings: MigrationSettings,
  ) {
    this.scripts = Object.fromEntries(Object.entries(SCRIPTS).map(([name, keyCount]) => [name, luaScript(redis, { moduleUrl: import.meta.url, file: `${name}.lua`, keyCount })])) as typeof this.scripts;
  }

  /** The session's active conversation with the agent; the one given is made, without messages, if there is none. */
  async openSession(tenantId: string, conversation: NewConversation, activeLimit: number | null = null): Promise<{ readonly conversationId: string; readonly isNew: boolean } | Refused> {
    const { conversationId, sessionId, agentId } = conversation;
    const scriptKeys = [keys.session(tenantId, sessionId), ...keysOf({ tenantId, conversationId }, 'header', 'hot', 'active', 'due')];
    const now = Date.now();
    const args = [agentId, conversationId, now, this.dueAt(now), JSON.stringify(headerOfNew(conversation)), activeLimit ?? ''];
    const answer = (await this.scripts['open-session'](scriptKeys, args)) as ['open' | 'created', string] | RefusedAnswer;
    return answer[0] === 'refused' ? refusedOf(answer) : { conversationId: answer[1], isNew: answer[0] === 'created' };
  }

  /**
   * Appends a message, once for each messageId. A user's message opens a closed conversation again. An append to an active conversation that has
   * something to archive is one small script; any other takes a second one.
   *
   * @returns null when the conversation is not hot and `create` is not given
   */
  async append(ref: ConversationRef, message: NewMessage & { readonly tokens: number }, options: AppendOptions): Promise<Appended | Refused | null> {
    const now = Date.now();
    const { sessionId, messageLimit } = options;
    const stored = toStored({ ...message, createdAt: new Date(now) });
    if (isPlain(message, options)) {
      const args = [message.messageId, stored, message.tokens, now, ...(messageLimit == null ? [] : [messageLimit])];
      const seq = (await this.scripts['append-next'](keysOf(ref, 'header', 'messages', 'ids'), args)) as number | null;
      if (seq !== null) return { outcome: 'appended', seq, displaced: null };
    }
    const args = [ref.conversationId, message.messageId, stored, message.tokens, message.role, now, this.dueAt(now), ...appendArguments(options)];
    const scriptKeys = [...keysOf(ref, 'header', 'messages', 'ids', 'hot', 'active', 'due', 'unarchived'), keys.session(ref.tenantId, sessionId), ...keysOf(ref, 'lease', 'left')];
    const appendFrom = async (before: string): Promise<Appended | Refused | null> =>
      appendedOf((await this.scripts.append([...scriptKeys, keys.session(ref.tenantId, before)], [...args, before])) as AppendAnswer | null);
    let answer = await appendFrom(sessionId);
    // Closed in another session, which has to be known to forget it.
    while (answer?.outcome === 'refused' && answer.reason === 'session') answer = await appendFrom(String(answer.fact));
    return answer;
  }

  /** Active conversations of the tenant that would stay so if this one opened in its session. */
  async countOthers({ tenantId, conversationId }: ConversationRef, { sessionId, agentId }: Pick<HotConversation, 'sessionId' | 'agentId'>): Promise<number> {
    const [active, current] = await Promise.all([this.redis.zcard(keys.active(tenantId)), this.redis.hget(keys.session(tenantId, sessionId), agentId)]);
    return active - (current !== null && current !== conversationId ? 1 : 0);
  }

  /** @returns null when the conversation is not hot */
  async read(ref: ConversationRef, range: Range): Promise<HotRange | null> {
    const answer = (await this.scripts.read(keysOf(ref, 'header', 'messages'), rangeArguments(range))) as [string[], number, string[]] | null;
    if (answer === null) return null;
    const [header, firstSeq, texts] = answer;
    return { conversation: fromHeader(ref.conversationId, header), messages: messagesOf(texts, firstSeq) };
  }

  /**
   * The newest messages that the caller does not have.
   *
   * @param known what he has; with other withdrawn messages he has to begin anew
   * @returns null when the conversation is not hot
   */
  async window(ref: ConversationRef, count: number, known: KnownWindow = {}): Promise<HotWindow | null> {
    const args = [known.seq ?? 0, known.messageId ?? '', count, listOf(known.withdrawnSeqs ?? [])];
    const answer = (await this.scripts.window(keysOf(ref, 'header', 'messages', 'ids'), args)) as WindowAnswer | null;
    return answer && windowOf(answer);
  }

  /** @returns the message with this id, if it is hot */
  async findMessage(ref: ConversationRef, messageId: string): Promise<Message | null> {
    const seq = await this.redis.hget(keys.messageIds(ref.tenantId, ref.conversationId), messageId);
    if (seq === null) return null;
    return (await this.read(ref, { from: Number(seq), count: 1 }))?.messages.find((message) => message.messageId === messageId) ?? null;
  }

  /**
   * Changes the header of a conversation, if it is as the caller believes, and makes it due.
   *
   * @param conversation as it was read; its session and agent are where it is now
   * @returns null when the conversation is not hot
   */
  async change({ tenantId, conversationId }: ConversationRef, conversation: Pick<HotConversation, 'sessionId' | 'agentId'>, change: HeaderChange): Promise<Changed | Refused | null> {
    const { sessionId, agentId } = conversation;
    const sessions = [change.fields.sessionId ?? sessionId, sessionId].map((id) => keys.session(tenantId, id));
    const scriptKeys = [keys.conversation(tenantId, conversationId), ...sessions, keys.active(tenantId), keys.due(tenantId)];
    const answer = (await this.scripts.change(scriptKeys, [conversationId, agentId, ...changeArguments(change), sessionId, change.toldRevision ?? ''])) as ['changed', string] | RefusedAnswer | null;
    if (answer === null) return null;
    return answer[0] === 'refused' ? refusedOf(answer) : { outcome: 'changed', displaced: orNull(answer[1]) };
  }

  /**
   * Takes messages back, if they are there; they stay where they are.
   *
   * @param dueInSeconds when that has to be in PostgreSQL
   * @returns null when the conversation is not hot
   */
  async withdraw(ref: ConversationRef, messageIds: readonly string[], dueInSeconds: number): Promise<Withdrawn | Refused | null> {
    const args = [ref.conversationId, Date.now() + dueInSeconds * 1_000, MAX_WITHDRAWN, ...messageIds];
    const answer = (await this.scripts.withdraw(keysOf(ref, 'header', 'ids', 'due'), args)) as WithdrawnAnswer | RefusedAnswer | null;
    return answer && withdrawnOf(answer);
  }

  /**
   * Messages up to `archivedSeq` and the header of this revision are in PostgreSQL, verified.
   *
   * @returns null when the conversation is not hot
   */
  async markArchived(ref: ConversationRef, { archivedSeq, revision }: Pick<HotConversation, 'archivedSeq' | 'revision'>): Promise<ArchivedMark | null> {
    const now = Date.now();
    const releaseAt = now + this.settings.releaseSeconds * 1_000;
    const answer = (await this.scripts['mark-archived'](keysOf(ref, 'header', 'messages', 'due', 'unarchived'), [ref.conversationId, archivedSeq, revision, releaseAt, this.dueAt(now)])) as [number, 0 | 1] | null;
    return answer && { unarchivedCount: answer[0], isTransferred: answer[1] === 1 };
  }

  /** Takes messages out of Redis that PostgreSQL has, but for the newest. @returns how many were taken out */
  async trim(ref: ConversationRef): Promise<number> {
    return (await this.scripts.trim(keysOf(ref, 'header', 'messages'), [this.settings.hotTailMessages])) as number;
  }

  /** Takes the conversation out of Redis if it is closed, archived whole, and its release time has come. @returns true when it left */
  async release(ref: ConversationRef, conversation: Pick<HotConversation, 'sessionId' | 'agentId'>): Promise<boolean> {
    return this.leave(ref, conversation, 0);
  }

  /** Takes a conversation out of Redis whatever its state: PostgreSQL knows that it was deleted. */
  async purge(ref: ConversationRef, conversation: Pick<HotConversation, 'sessionId' | 'agentId'>): Promise<void> {
    await this.leave(ref, conversation, 1);
  }

  /** When the conversation left Redis last; '' if it never did, or long ago. To be asked before PostgreSQL is read for {@link reheat}. */
  async leftAt({ tenantId, conversationId }: ConversationRef): Promise<string> {
    return (await this.redis.get(keys.left(tenantId, conversationId))) ?? '';
  }

  /** Brings an archived conversation back; does nothing when it is hot, or was and has left since: with more messages, or deleted. */
  async reheat(ref: ConversationRef, { conversation, tail, ids, leftAt }: ColdConversation): Promise<void> {
    const releaseAt = Date.now() + this.settings.releaseSeconds * 1_000;
    const args = [JSON.stringify(toHeader(conversation)), JSON.stringify(tail.map(toStored)), JSON.stringify(ids.flat()), releaseAt, leftAt];
    await this.scripts.reheat(keysOf(ref, 'header', 'messages', 'ids', 'hot', 'active', 'due', 'left'), [ref.conversationId, ...args]);
  }

  /**
   * Replaces the end of a conversation's list.
   *
   * @param conversation as it was read
   * @param change       messages from `fromSeq` on, and the header that follows from them, which gets a revision `newerThan` that
   * @returns false when somebody has changed it since
   */
  async resequence(ref: ConversationRef, conversation: HotConversation, change: Resequencing & { readonly newerThan: number }): Promise<boolean> {
    const { fromSeq, messages, seq, archivedSeq, tokenCount, systemSeqs, withdrawnSeqs, newerThan } = change;
    const status = conversation.status === 'transferred' ? 'completed' : conversation.status;
    const changes = conversation.revision - conversation.seq;
    const fields = { seq, changes: Math.max(changes, newerThan - seq), archivedSeq, archivedRevision: -1, tokenCount, status, systemSeqs: listOf(systemSeqs), withdrawnSeqs: listOf(withdrawnSeqs) };
    const now = Date.now();
    const args = [conversation.seq, changes, fromSeq - conversation.firstHotSeq, JSON.stringify(messages.map(toStored))];
    const ids = messages.flatMap(({ messageId, seq: place }) => [messageId, place]);
    return (await this.scripts.resequence(keysOf(ref, 'header', 'messages', 'ids', 'due'), [ref.conversationId, ...args, JSON.stringify(ids), JSON.stringify(fields), now])) === 1;
  }

  private async leave(ref: ConversationRef, { sessionId, agentId }: Pick<HotConversation, 'sessionId' | 'agentId'>, isForced: 0 | 1): Promise<boolean> {
    const scriptKeys = [...keysOf(ref, 'header', 'messages', 'ids', 'hot', 'active', 'due', 'unarchived'), keys.session(ref.tenantId, sessionId), ...keysOf(ref, 'left')];
    return (await this.scripts.release(scriptKeys, [ref.conversationId, agentId, Date.now(), isForced])) === 1;
  }

  /** When what was written now has to be in PostgreSQL. */
  private dueAt(now: number): number {
    return now + this.settings.maxLagSeconds * 1_000;
  }
}

/** Nothing but the state of the conversation can stand against it. */
function isPlain({ role }: NewMessage, { fencingToken, expectedSeq }: AppendOptions): boolean {
  return role !== 'system' && fencingToken === undefined && expectedSeq === undefined;
}

function keysOf({ tenantId, conversationId }: ConversationRef, ...names: (keyof typeof KEYS)[]): string[] {
  return names.map((name) => KEYS[name](tenantId, conversationId));
}

const KEYS = {
  header: keys.conversation,
  messages: keys.messages,
  ids: keys.messageIds,
  hot: keys.hot,
  active: keys.active,
  due: keys.due,
  unarchived: keys.unarchived,
  lease: keys.lease,
  left: keys.left,
} as const;

function appendArguments({ create, sessionId, activeLimit, messageLimit, fencingToken, expectedSeq, leftAt, toldRevision }: AppendOptions): (string | number)[] {
  const header = create === undefined ? '' : JSON.stringify(headerOfNew(create));
  return [sessionId, header, activeLimit ?? '', messageLimit ?? '', fencingToken ?? '', expectedSeq ?? '', leftAt ?? '', toldRevision ?? ''];
}

function changeArguments({ fields, session, status, idleSince, activeLimit, dueInSeconds }: HeaderChange): (string | number)[] {
  const now = Date.now();
  return [JSON.stringify(fields), session ?? '', now, now + dueInSeconds * 1_000, status ?? '', idleSince?.getTime() ?? '', activeLimit ?? ''];
}

function rangeArguments(range: Range): (string | number)[] {
  if ('from' in range) return ['range', range.from, range.count];
  if ('before' in range) return ['before', range.before, range.count];
  return 'tail' in range ? ['tail', range.tail] : ['unarchived', range.unarchived, range.bytes ?? ''];
}
