import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AgentCacheInvalidator } from '../../src/shared/cache/index.js';
import type { ConversationRef, NewConversation } from '../../src/modules/conversations/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { cachesAreUp, keysIn } from '../support/caches.js';
import { close, newRef, numbers, seqsOf } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';
import { templateUrl } from '../support/services.js';
import { SqlCounter } from '../support/sql-counter.js';
import { TcpProxy } from '../support/tcp-proxy.js';

let moves: Moves;
let proxy: TcpProxy;
let counter: SqlCounter;
let ref: ConversationRef;
let conversation: NewConversation;

beforeAll(async () => {
  proxy = await TcpProxy.inFrontOf(Number(new URL(templateUrl).port));
  counter = new SqlCounter(proxy);
  moves = await Moves.start({}, { databasePort: proxy.port });
  await cachesAreUp(moves.nooble.url);
});
beforeEach(() => {
  ref = newRef();
  conversation = newConversation({ conversationId: ref.conversationId });
});
afterAll(async () => {
  await moves.close();
  await proxy.close();
});

const append = async (first: number, last: number): Promise<void> => {
  for (const i of numbers(first, last)) await moves.conversations.append('acme', conversation, newMessage({ messageId: `m${String(i)}`, content: `message ${String(i)}` }));
};
/** Moves the conversation out of Redis. */
const rest = async (): Promise<void> => {
  await close(moves.hot, ref);
  await moves.mover().move(ref);
  expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
};
const page = async (after: number, limit = 50): Promise<number[]> => seqsOf((await moves.history.getMessages(ref, { after, limit })).data);
const entries = async (): Promise<string[]> => keysIn(moves.nooble.redis, keys.cacheEntry('acme', `*${ref.conversationId}*`));

describe('the list of messages', () => {
  it('is whole and in order for every reader while fifty append, it is moved, trimmed, released and brought back', async () => {
    await append(1, 20);
    const mover = moves.mover({ hotTailMessages: 5, batchSize: 7 });
    let isOver = false;
    const read = async (): Promise<void> => {
      for (let longest = 0; !isOver; ) {
        const { data, total } = await moves.history.getMessages(ref, { after: 0, limit: 200 });
        expect(seqsOf(data)).toEqual(numbers(1, data.length));
        expect(data.map(({ createdAt }) => createdAt.getTime())).toEqual(data.map(({ createdAt }) => createdAt.getTime()).sort((a, b) => a - b));
        expect(data.length).toBeGreaterThanOrEqual(longest);
        expect(total).toBe(data.length);
        longest = data.length;
      }
    };
    const move = async (): Promise<void> => {
      while (!isOver) {
        await close(moves.hot, ref);
        await mover.move(ref);
      }
    };
    const background = Promise.all([read(), read(), move()]);
    await Promise.all(numbers(21, 70).map((i) => moves.conversations.append('acme', conversation, newMessage({ messageId: `m${String(i)}`, content: `message ${String(i)}` }))));
    isOver = true;
    await background;
    await rest();
    const all = await moves.history.getMessages(ref, { after: 0, limit: 200 });
    expect(seqsOf(all.data)).toEqual(numbers(1, 70));
    expect(all.data.map(({ messageId }) => messageId).sort()).toEqual(numbers(1, 70).map((i) => `m${String(i)}`).sort());
    expect((await moves.stored(ref)).messages.map(({ message_id }) => message_id)).toEqual(all.data.map(({ messageId }) => messageId));
  });

  it('is right from the start when its second page was asked for first', async () => {
    await append(1, 120);
    await rest();
    expect(await page(50)).toEqual(numbers(51, 100));
    expect(await page(0)).toEqual(numbers(1, 50));
    expect(await page(100)).toEqual(numbers(101, 120));
    expect(await page(50)).toEqual(numbers(51, 100));
    expect(await page(0, 200)).toEqual(numbers(1, 120));
  });

  it('of a conversation at rest comes from the cache the second time, for a day', async () => {
    await append(1, 60);
    await rest();
    await page(0);
    counter.clear();
    expect(await page(0)).toEqual(numbers(1, 50));
    expect(counter.naming('messages')).toEqual([]);
    expect(counter.naming('conversations')).toHaveLength(1);
    const [entry] = await entries();
    const ttlMs = await moves.nooble.redis.pttl(entry ?? '');
    expect(ttlMs).toBeGreaterThan(0.8 * 86_400_000);
    expect(ttlMs).toBeLessThan(1.2 * 86_400_000);
  });

  it('is the conversation’s own, also when another one at rest has as many messages', async () => {
    await append(1, 10);
    await rest();
    await page(0);
    await moves.tail(ref, 5);
    const first = ref;
    ref = newRef();
    conversation = newConversation({ conversationId: ref.conversationId });
    for (const i of numbers(1, 10)) await moves.conversations.append('acme', conversation, newMessage({ content: `other ${String(i)}` }));
    await rest();
    expect((await moves.history.getMessages(ref, { after: 0, limit: 50 })).data.map(({ content }) => content)).toEqual(numbers(1, 10).map((i) => `other ${String(i)}`));
    expect((await moves.tail(ref, 5)).map(({ content }) => content)).toEqual(numbers(6, 10).map((i) => `other ${String(i)}`));
    expect((await moves.history.getMessages(first, { after: 0, limit: 50 })).data.map(({ content }) => content)).toEqual(numbers(1, 10).map((i) => `message ${String(i)}`));
  });

  it('of a conversation that has gone on has the new message, in Redis and at rest again', async () => {
    await append(1, 60);
    await rest();
    expect((await page(0, 200)).length).toBe(60);
    expect((await moves.tail(ref, 5)).map(({ seq }) => seq)).toEqual(numbers(56, 60));
    await append(61, 61);
    expect((await page(0, 200)).length).toBe(61);
    await rest();
    expect((await page(0, 200)).length).toBe(61);
    expect((await moves.tail(ref, 5)).map(({ seq }) => seq)).toEqual(numbers(57, 61));
  });

  it('is forgotten with its conversation, and counted as what there was', async () => {
    await append(1, 60);
    await rest();
    const invalidator = moves.nooble.app.get(AgentCacheInvalidator, { strict: false });
    await invalidator.conversation('acme', conversation.agentId, ref.conversationId);
    await page(0);
    await page(50);
    await moves.tail(ref, 5);
    expect(await invalidator.agent('acme', conversation.agentId)).toMatchObject({ conversations: 0, messages: 0 });
    expect(await invalidator.agent('acme', conversation.agentId, { withConversations: true })).toMatchObject({ conversations: 1, messages: 2 });
  });

  it('has no message whose append failed', async () => {
    await append(1, 3);
    await moves.nooble.redis.hset(keys.conversation('acme', ref.conversationId), 'status', 'archived');
    await expect(append(4, 4)).rejects.toMatchObject({ code: 'CONVERSATION_ARCHIVED' });
    expect(await page(0)).toEqual([1, 2, 3]);
    expect(seqsOf(await moves.tail(ref, 10))).toEqual([1, 2, 3]);
    expect(await moves.history.findMessage(ref, 'm4')).toBeNull();
  });
});
