import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { MigrationSettings } from '../../../shared/config/index.js';
import { REDIS, keys } from '../../../shared/redis/index.js';
import type { ConversationRef, HotConversation } from '../conversation.js';
import { fromFields } from './header-hash.js';

/** Headers asked for at once. A guess: some 0.5 MB of answers. */
const SLICE = 1_000;

/** What of an agent a session has in Redis. */
export interface SessionEntry {
  readonly agentId: string;
  readonly conversationId: string;
  /** False: it is the newest one, and closed. */
  readonly isActive: boolean;
}

/** What a look at the active conversations has found. */
export interface IdleConversations {
  readonly idle: readonly HotConversation[];
  /** There may be others: it has looked at as many as it was to. */
  readonly hasMore: boolean;
}

/** Which conversations are in Redis: all hot ones, the active ones, those that are due, those with messages that PostgreSQL lacks, and those of a session. */
@Injectable()
export class HotIndexStore {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    private readonly settings: MigrationSettings,
  ) {}

  /** Everything of a tenant that is in Redis, what is being deleted too, newest first. Those that come or go meanwhile may be in it or not. */
  async hotConversations(tenantId: string): Promise<HotConversation[]> {
    const ids = await this.redis.zrange(keys.hot(tenantId), 0, -1, 'REV');
    const found: HotConversation[] = [];
    for (let from = 0; from < ids.length; from += SLICE) found.push(...(await this.headers(tenantId, ids.slice(from, from + SLICE))));
    return found;
  }

  /** @returns null when the conversation is not hot, or is being deleted */
  async header({ tenantId, conversationId }: ConversationRef): Promise<HotConversation | null> {
    const [header] = await this.headers(tenantId, [conversationId]);
    return header && header.status !== 'deleted' ? header : null;
  }

  /** Which of these conversations are in Redis. */
  async hotAmong(tenantId: string, ids: readonly string[]): Promise<Set<string>> {
    const known = await Promise.all(ids.map((id) => this.redis.exists(keys.conversation(tenantId, id))));
    return new Set(ids.filter((_, i) => known[i] === 1));
  }

  /** What a session has in Redis, one entry an agent: the active conversation, or the newest closed one. */
  async session(tenantId: string, sessionId: string): Promise<SessionEntry[]> {
    const fields = new Map(Object.entries(await this.redis.hgetall(keys.session(tenantId, sessionId))));
    const agents = new Set([...fields.keys()].map((field) => field.replace('~', '')));
    return [...agents].map((agentId) => ({ agentId, conversationId: fields.get(agentId) ?? fields.get(`~${agentId}`) ?? '', isActive: fields.has(agentId) }));
  }

  /** Conversations that somebody must look at now, the longest due first. @param from how many of these to leave out */
  async findDue(tenantId: string, limit: number, from = 0): Promise<string[]> {
    return this.redis.zrange(keys.due(tenantId), '-inf', Date.now(), 'BYSCORE', 'LIMIT', from, limit);
  }

  /** Conversations of which something is still to be done, due or not yet, the longest due first. */
  async findUnsettled(tenantId: string): Promise<string[]> {
    return this.redis.zrange(keys.due(tenantId), 0, -1);
  }

  /** How many conversations somebody must look at now, and when the oldest message came that PostgreSQL lacks. */
  async backlog(tenantId: string): Promise<{ readonly due: number; readonly oldestUnarchivedAt: Date | null }> {
    const [due, [, oldest]] = await Promise.all([this.redis.zcount(keys.due(tenantId), '-inf', Date.now()), this.redis.zrange(keys.unarchived(tenantId), 0, 0, 'WITHSCORES')]);
    return { due, oldestUnarchivedAt: oldest === undefined ? null : new Date(Number(oldest)) };
  }

  /** Nobody need look at the conversation for a while: its move failed for good, and would again. */
  async postpone({ tenantId, conversationId }: ConversationRef): Promise<void> {
    await this.redis.zadd(keys.due(tenantId), 'XX', Date.now() + this.settings.maxLagSeconds * 1_000, conversationId);
  }

  /**
   * Active conversations without a message since then. The index knows only when they became active; whoever has had a message since is put
   * back by its time, so that nobody looks at it again before it can be idle.
   *
   * @param limit conversations that are looked at
   */
  async findIdle(tenantId: string, since: Date, limit: number): Promise<IdleConversations> {
    const ids = await this.redis.zrange(keys.active(tenantId), '-inf', since.getTime(), 'BYSCORE', 'LIMIT', 0, limit);
    const conversations = (await this.headers(tenantId, ids)).filter(({ status }) => status === 'active');
    const known = new Set(conversations.map(({ conversationId }) => conversationId));
    const gone = ids.filter((id) => !known.has(id));
    if (gone.length > 0) await this.redis.zrem(keys.active(tenantId), ...gone);
    const [idle, busy] = [conversations.filter(({ lastMessageAt }) => lastMessageAt <= since), conversations.filter(({ lastMessageAt }) => lastMessageAt > since)];
    const scores = busy.flatMap(({ conversationId, lastMessageAt }) => [lastMessageAt.getTime(), conversationId]);
    if (busy.length > 0) await this.redis.zadd(keys.active(tenantId), 'XX', ...scores);
    return { idle, hasMore: ids.length === limit };
  }

  /** Those that are not in Redis any more are left out. */
  private async headers(tenantId: string, ids: readonly string[]): Promise<HotConversation[]> {
    const found = await Promise.all(ids.map((id) => this.redis.hgetall(keys.conversation(tenantId, id))));
    return found.flatMap((fields, i) => ('status' in fields ? [fromFields(ids[i] ?? '', fields)] : []));
  }
}
