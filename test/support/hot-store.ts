import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import type { Message } from '../../src/modules/conversations/conversation.js';
import { type ConversationRef, HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import { MigrationSettings, RedisSettings } from '../../src/shared/config/index.js';
import { connectRedis } from '../../src/shared/redis/connect-redis.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { redisUrl } from './services.js';

/** Hot stores on real Redis, each on a connection of its own. */
export class HotStores {
  private readonly connections: Redis[] = [];

  /** A store as one process has it. */
  open(settings: Partial<MigrationSettings> = {}): HotConversationStore {
    const redis = connectRedis(Object.assign(new RedisSettings(), { url: redisUrl }));
    this.connections.push(redis);
    return new HotConversationStore(redis, Object.assign(new MigrationSettings(), settings));
  }

  close(): void {
    for (const redis of this.connections) redis.disconnect();
  }
}

/** A conversation's place; the ids are new unless they are given. */
export function newRef(tenantId = 'acme', conversationId = newId()): ConversationRef {
  return { tenantId, conversationId };
}

/** Begins a conversation, or goes on with it, by messages `m<n>` of one token. @param count messages it then has more */
export async function fill(store: HotConversationStore, ref: ConversationRef, count: number): Promise<void> {
  const before = (await store.read(ref, { tail: 0 }))?.conversation.seq ?? 0;
  const conversation = newConversation({ conversationId: ref.conversationId });
  for (let seq = before + 1; seq <= before + count; seq++) await store.append(ref, newMessage({ messageId: `m${String(seq)}`, content: `message ${String(seq)}` }), conversation);
}

export function seqsOf(range: { readonly messages: readonly Message[] } | readonly Message[] | null): number[] {
  const messages = range !== null && 'messages' in range ? range.messages : range;
  return (messages ?? []).map(({ seq }) => seq);
}

/** Numbers from `first` to `last`. */
export function numbers(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}
