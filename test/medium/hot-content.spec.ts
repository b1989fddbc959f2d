import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import type { HotIndexStore } from '../../src/modules/conversations/hot/hot-index.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { hotConversation, message, newConversation, newMessage } from '../factories/conversation.js';
import { HotStores, append, close, newRef, reheat } from '../support/hot-store.js';
import { emptyRedis } from '../support/services.js';

const stores = new HotStores();
let redis: Redis;
let store: HotConversationStore;
let index: HotIndexStore;

beforeAll(async () => {
  redis = await emptyRedis();
  store = stores.open();
  index = stores.openIndex();
});
afterAll(() => {
  stores.close();
  redis.disconnect();
});

/** Ids that a client may choose and that mean something to JavaScript, Lua or Redis. */
const IDS = ['a.b', '__proto__', 'constructor', 'toString', '1', '-0', '00', 'nil', 'null', '.', '..', '-', 'x'.repeat(128)];
/** The store keeps NUL and lone surrogates as they are; who may not have them in PostgreSQL is `toStorableText`'s to say. */
const TEXTS: [string, string][] = [
  ['no text', ''],
  ['a NUL', 'a\u0000b'],
  ['lone surrogates', '\ud83d and \ude00'],
  ['emoji', '👩‍👩‍👧‍👦 \u{10FFFF} é'],
  ['JSON-looking text', '{"messageId":"forged","seq":99,"content":null}'],
  ['a JSON array', '["a",1]'],
  ['escapes', '\\u0000 \\" \\\\ \r\n \u2028 \u007f'],
  ['what Lua might take for a number', '1e400'],
];

describe('ids', () => {
  it.each(IDS)('such as "%s" name a message, a session, an agent and a tenant', async (id) => {
    const ref = newRef(id);
    const conversation = newConversation({ conversationId: ref.conversationId, sessionId: id, userId: id, agentId: id });
    expect(await store.openSession(id, conversation)).toEqual({ conversationId: ref.conversationId, isNew: true });
    expect(await index.session(id, id)).toEqual([{ agentId: id, conversationId: ref.conversationId, isActive: true }]);
    expect(await append(store, ref, newMessage({ messageId: 'before' }), { create: conversation })).toMatchObject({ outcome: 'appended', seq: 1 });
    expect(await append(store, ref, newMessage({ messageId: id }))).toMatchObject({ outcome: 'appended', seq: 2 });
    expect(await append(store, ref, newMessage({ messageId: id }))).toMatchObject({ outcome: 'repeated', seq: 2 });
    expect(await store.findMessage(ref, id)).toMatchObject({ messageId: id, seq: 2 });
    expect((await store.read(ref, { tail: 0 }))?.conversation).toMatchObject({ sessionId: id, userId: id, agentId: id });
    expect(await close(store, ref)).toBe(true);
    expect(await index.session(id, id)).toEqual([{ agentId: id, conversationId: ref.conversationId, isActive: false }]);
  });

  it('are all known again after a reheat', async () => {
    const ref = newRef();
    await reheat(store, ref, hotConversation({ ...ref, seq: IDS.length, firstHotSeq: IDS.length + 1 }), { ids: IDS.map((id, i) => [id, i + 1]) });
    for (const [i, id] of IDS.entries()) expect(await append(store, ref, newMessage({ messageId: id }))).toEqual({ outcome: 'repeated', seq: i + 1, stored: null });
    expect(await append(store, ref, newMessage({ messageId: 'new' }))).toMatchObject({ outcome: 'appended', seq: IDS.length + 1 });
  });
});

describe('content', () => {
  const comesBack = async (content: string): Promise<void> => {
    const ref = newRef();
    const appended = newMessage({ content, metadata: { content }, agentId: newConversation().agentId, executionId: newConversation().agentId });
    await append(store, ref, appended, { create: newConversation({ conversationId: ref.conversationId, metadata: { content, list: [], nested: {} } }) });
    const range = await store.read(ref, { tail: 1 });
    expect(range?.messages).toEqual([{ ...appended, seq: 1, createdAt: expect.any(Date) }]);
    expect(range?.conversation.metadata).toEqual({ content, list: [], nested: {} });
  };
  const comesBackFromReheat = async (content: string): Promise<void> => {
    const { tenantId, conversationId } = newRef();
    const conversation = hotConversation({ conversationId, metadata: { content }, summary: content.toWellFormed() || null, status: 'transferred', seq: 2, archivedSeq: 2, firstHotSeq: 2, messageCount: 2, tokenCount: 3_000_000_000, closedAt: new Date(1_700_000_000_123) });
    const tail = [message(2, { content, metadata: { content } })];
    await reheat(store, { tenantId, conversationId }, conversation, { tail, ids: [['m1', 1], ['m2', 2]] });
    expect(await store.read({ tenantId, conversationId }, { tail: 10 })).toEqual({ conversation, messages: tail });
  };

  it.each(TEXTS)('comes back as it was appended: %s', async (_, content) => {
    await comesBack(content);
  });

  it.each(TEXTS)('comes back from a reheat as it was: %s', async (_, content) => {
    await comesBackFromReheat(content);
  });

  it('comes back as it was: 1 MiB', async () => {
    const content = 'é'.repeat(524_288);
    await comesBack(content);
    await comesBackFromReheat(content);
  });

  it('lies in Redis as plain JSON in its place', async () => {
    const ref = newRef();
    await append(store, ref, newMessage({ messageId: 'm', content: 'hi' }), { create: newConversation({ conversationId: ref.conversationId }) });
    const [text] = await redis.lrange(keys.messages('acme', ref.conversationId), 0, -1);
    expect(JSON.parse(text ?? '')).toMatchObject({ messageId: 'm', role: 'user', content: 'hi', tokens: 1 });
  });
});
