import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import type { ConversationRef, HotConversation, Message } from '../../src/modules/conversations/conversation.js';
import type { Appended, AppendOptions, Refused } from '../../src/modules/conversations/hot/append.js';
import { type ColdConversation, HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import { HotIndexStore } from '../../src/modules/conversations/hot/hot-index.store.js';
import { MigrationSettings, RedisSettings } from '../../src/shared/config/index.js';
import { connectRedis } from '../../src/shared/redis/connect-redis.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { redisUrl } from './services.js';

/** Hot stores on real Redis, each on a connection of its own. */
export class HotStores {
  private readonly connections: Redis[] = [];

  constructor(private readonly url = redisUrl) {}

  /** A store as one process has it. */
  open(settings: Partial<MigrationSettings> = {}): HotConversationStore {
    return new HotConversationStore(this.connect(), Object.assign(new MigrationSettings(), settings));
  }

  /** The index as one process has it. */
  openIndex(settings: Partial<MigrationSettings> = {}): HotIndexStore {
    return new HotIndexStore(this.connect(), Object.assign(new MigrationSettings(), settings));
  }

  connect(): Redis {
    const redis = connectRedis(Object.assign(new RedisSettings(), { url: this.url }));
    redis.on('error', () => undefined);
    this.connections.push(redis);
    return redis;
  }

  close(): void {
    for (const redis of this.connections) redis.disconnect();
  }
}

/** A conversation's place; the ids are new unless they are given. */
export function newRef(tenantId = 'acme', conversationId = newId()): ConversationRef {
  return { tenantId, conversationId };
}

/** Appends in the session of `create`, or in one called `session`. */
export async function append(store: HotConversationStore, ref: ConversationRef, message = newMessage(), options: Partial<AppendOptions> = {}): Promise<Appended | Refused | null> {
  const all = { sessionId: options.create?.sessionId ?? 'session', ...options };
  const answer = await store.append(ref, message, all);
  // As the appender does it, which has told PostgreSQL.
  if (answer?.outcome === 'refused' && answer.reason === 'transferred') return store.append(ref, message, { ...all, toldRevision: Number(answer.fact) });
  return answer;
}

/** The seq of a message that is in the conversation. */
export function seqOf(answer: Appended | Refused | null): number {
  if (answer === null || answer.outcome === 'refused') throw new Error(`not appended: ${JSON.stringify(answer)}`);
  return answer.seq;
}

/** Begins a conversation, or goes on with it in its session, by messages `m<n>` of one token. @param count messages it then has more */
export async function fill(store: HotConversationStore, ref: ConversationRef, count: number): Promise<void> {
  const header = (await store.read(ref, { tail: 0 }))?.conversation;
  const before = header?.seq ?? 0;
  const create = newConversation({ conversationId: ref.conversationId, ...(header && { sessionId: header.sessionId }) });
  for (let seq = before + 1; seq <= before + count; seq++) await append(store, ref, newMessage({ messageId: `m${String(seq)}`, content: `message ${String(seq)}` }), { create });
}

/** Completes a conversation that is active and hot. @returns false if it is not */
export async function close(store: HotConversationStore, ref: ConversationRef, dueInSeconds = 0): Promise<boolean> {
  const header = (await store.read(ref, { tail: 0 }))?.conversation;
  if (!header) return false;
  const closing = { fields: { status: 'completed', closedAt: String(Date.now()) }, session: 'leave', status: 'active', dueInSeconds } as const;
  return (await store.change(ref, header, closing))?.outcome === 'changed';
}

/** PostgreSQL has the messages up to this one, and the header as it is now. @returns how many messages it lacks */
export async function markArchived(store: HotConversationStore, ref: ConversationRef, archivedSeq: number): Promise<number | undefined> {
  const revision = (await store.read(ref, { tail: 0 }))?.conversation.revision ?? 0;
  return (await store.markArchived(ref, { archivedSeq, revision }))?.unarchivedCount;
}

/** Lets a conversation go if it may. */
export async function release(store: HotConversationStore, ref: ConversationRef): Promise<boolean> {
  const header = (await store.read(ref, { tail: 0 }))?.conversation;
  return store.release(ref, header ?? { sessionId: 'session', agentId: 'agent' });
}

/** Brings a conversation back as PostgreSQL is said to have it now. */
export async function reheat(store: HotConversationStore, ref: ConversationRef, conversation: HotConversation, { tail = [], ids = [] }: Partial<ColdConversation> = {}): Promise<void> {
  await store.reheat(ref, { conversation, tail, ids, leftAt: await store.leftAt(ref) });
}

export function seqsOf(range: { readonly messages: readonly Message[] } | readonly Message[] | null): number[] {
  const messages = range !== null && 'messages' in range ? range.messages : range;
  return (messages ?? []).map(({ seq }) => seq);
}

/** Numbers from `first` to `last`. */
export function numbers(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}

/** Every key of a tenant with its value, as Redis writes it to disk: two that are equal have nothing between them. */
export async function snapshotOf(redis: Redis, tenantId: string): Promise<Record<string, string | undefined>> {
  const keys = (await redis.keys(`nb:{${tenantId}}:*`)).sort();
  return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, (await redis.dumpBuffer(key))?.toString('base64')] as const)));
}
