import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { MigrationSettings } from '../../../shared/config/index.js';
import { type LuaScript, REDIS, keys, luaScript } from '../../../shared/redis/index.js';
import type { ConversationStatus, HotConversation, Message, NewConversation, NewMessage } from '../conversation.js';
import { fromHeader, headerOfNew, toHeader } from './header-hash.js';
import { fromStored, toStored } from './message-json.js';

const SCRIPTS = ['open-session', 'append', 'read', 'close', 'mark-archived', 'release', 'reheat'] as const;

/** A conversation's place in Redis. */
export interface ConversationRef {
  readonly tenantId: string;
  readonly conversationId: string;
}

/** Which messages to read: from a seq on, the newest ones, or the oldest that PostgreSQL does not have yet. */
export type Range =
  | { readonly from: number; readonly count: number }
  | { readonly tail: number }
  | { readonly unarchived: number };

export interface HotRange {
  readonly conversation: HotConversation;
  /** Oldest first. */
  readonly messages: readonly Message[];
}

export interface Appended {
  readonly seq: number;
  /** False when the message was there already. */
  readonly isNew: boolean;
  /** The status of the conversation before, if it was closed. */
  readonly closedBefore: ConversationStatus | null;
}

/**
 * Conversations while they are in use. Every method is one atomic script and one round trip.
 * What is here and not yet archived exists nowhere else.
 */
@Injectable()
export class HotConversationStore {
  private readonly scripts: Record<(typeof SCRIPTS)[number], LuaScript>;

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    private readonly settings: MigrationSettings,
  ) {
    this.scripts = Object.fromEntries(SCRIPTS.map((name) => [name, luaScript(redis, import.meta.url, `${name}.lua`)])) as typeof this.scripts;
  }

  /**
   * The session's active conversation with the agent; the one given becomes it if there is none.
   *
   * @param exists false for a new conversation, which is then made, without messages
   */
  async openSession(tenantId: string, conversation: NewConversation, exists: boolean): Promise<string> {
    const { conversationId, sessionId, agentId } = conversation;
    const scriptKeys = [keys.session(tenantId, sessionId), ...this.keysOf({ tenantId, conversationId }, 'header', 'hot', 'due')];
    const now = Date.now();
    const header = exists ? '' : JSON.stringify(headerOfNew(conversation));
    return (await this.scripts['open-session'](scriptKeys, [agentId, conversationId, now, now + this.settings.maxLagSeconds * 1_000, header])) as string;
  }

  /**
   * Appends a message, once for each messageId. A user's message opens a closed conversation again.
   *
   * @param create begins the conversation with this header if it is not hot
   * @returns null when the conversation is not hot and `create` is not given
   */
  append(ref: ConversationRef, message: NewMessage & { readonly tokens: number }, create: NewConversation): Promise<Appended>;
  append(ref: ConversationRef, message: NewMessage & { readonly tokens: number }): Promise<Appended | null>;
  async append(ref: ConversationRef, message: NewMessage & { readonly tokens: number }, create?: NewConversation): Promise<Appended | null> {
    const now = Date.now();
    const stored = toStored({ ...message, createdAt: new Date(now) });
    const header = create === undefined ? '' : JSON.stringify(headerOfNew(create));
    const dueAt = now + this.settings.maxLagSeconds * 1_000;
    const opens = message.role === 'user' ? 1 : 0;
    const args = [ref.conversationId, message.messageId, stored, message.tokens, now, dueAt, header, opens];
    const answer = (await this.scripts.append(this.keysOf(ref, 'header', 'messages', 'ids', 'hot', 'due'), args)) as [number, number, ConversationStatus | ''] | null;
    return answer && { seq: answer[0], isNew: answer[1] === 1, closedBefore: answer[2] === '' ? null : answer[2] };
  }

  /** @returns null when the conversation is not hot */
  async read(ref: ConversationRef, range: Range): Promise<HotRange | null> {
    const answer = (await this.scripts.read(this.keysOf(ref, 'header', 'messages'), rangeArguments(range))) as [string[], number, string[]] | null;
    if (answer === null) return null;
    const [header, firstSeq, texts] = answer;
    return { conversation: fromHeader(ref.conversationId, header), messages: texts.map((text, i) => fromStored(text, firstSeq + i)) };
  }

  /** @returns the message with this id, if it is hot */
  async findMessage(ref: ConversationRef, messageId: string): Promise<Message | null> {
    const seq = await this.redis.hget(keys.messageIds(ref.tenantId, ref.conversationId), messageId);
    if (seq === null) return null;
    return (await this.read(ref, { from: Number(seq), count: 1 }))?.messages.find((message) => message.messageId === messageId) ?? null;
  }

  /** agentId → conversationId of everything open in a session. */
  async openConversations(tenantId: string, sessionId: string): Promise<Record<string, string>> {
    return this.redis.hgetall(keys.session(tenantId, sessionId));
  }

  /** Completes a conversation and makes it due after the grace time. @returns false when it was not active */
  async close(ref: ConversationRef, sessionId: string, agentId: string): Promise<boolean> {
    const now = Date.now();
    const dueAt = now + this.settings.closeGraceSeconds * 1_000;
    const scriptKeys = [keys.conversation(ref.tenantId, ref.conversationId), keys.session(ref.tenantId, sessionId), keys.due(ref.tenantId)];
    return (await this.scripts.close(scriptKeys, [ref.conversationId, agentId, now, dueAt])) === 1;
  }

  /** Conversations that somebody must look at now, the longest due first. */
  async findDue(tenantId: string, limit: number): Promise<string[]> {
    return this.redis.zrange(keys.due(tenantId), '-inf', Date.now(), 'BYSCORE', 'LIMIT', 0, limit);
  }

  /** Nobody need look at the conversation for a while: its move failed for good, and would again. */
  async postpone({ tenantId, conversationId }: ConversationRef): Promise<void> {
    await this.redis.zadd(keys.due(tenantId), 'XX', Date.now() + this.settings.maxLagSeconds * 1_000, conversationId);
  }

  /** Messages up to `archivedSeq` are in PostgreSQL, verified. @returns how many are not, or -1 when the conversation is not hot */
  async markArchived(ref: ConversationRef, archivedSeq: number): Promise<number> {
    const now = Date.now();
    const releaseAt = now + this.settings.releaseSeconds * 1_000;
    const lookAgainAt = now + this.settings.maxLagSeconds * 1_000;
    return (await this.scripts['mark-archived'](this.keysOf(ref, 'header', 'due'), [ref.conversationId, archivedSeq, releaseAt, lookAgainAt])) as number;
  }

  /** Takes the conversation out of Redis if it is closed, archived whole, and its release time has come. @returns true when it left */
  async release(ref: ConversationRef): Promise<boolean> {
    return (await this.scripts.release(this.keysOf(ref, 'header', 'messages', 'ids', 'hot', 'due'), [ref.conversationId, Date.now()])) === 1;
  }

  /** Brings an archived conversation back; does nothing when it is hot. @param ids messageId → seq of all its messages */
  async reheat(ref: ConversationRef, conversation: HotConversation, tail: readonly Message[], ids: Readonly<Record<string, number>>): Promise<void> {
    const releaseAt = Date.now() + this.settings.releaseSeconds * 1_000;
    const args = [JSON.stringify(toHeader(conversation)), JSON.stringify(tail.map(toStored)), JSON.stringify(ids), conversation.lastMessageAt.getTime(), releaseAt];
    await this.scripts.reheat(this.keysOf(ref, 'header', 'messages', 'ids', 'hot', 'due'), [ref.conversationId, ...args]);
  }

  private keysOf({ tenantId, conversationId }: ConversationRef, ...names: ('header' | 'messages' | 'ids' | 'hot' | 'due')[]): string[] {
    const key = {
      header: keys.conversation(tenantId, conversationId),
      messages: keys.messages(tenantId, conversationId),
      ids: keys.messageIds(tenantId, conversationId),
      hot: keys.hot(tenantId),
      due: keys.due(tenantId),
    };
    return names.map((name) => key[name]);
  }
}

function rangeArguments(range: Range): (string | number)[] {
  if ('from' in range) return ['range', range.from, range.count];
  if ('tail' in range) return ['tail', range.tail];
  return ['unarchived', range.unarchived];
}
