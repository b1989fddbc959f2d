import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import type { ConversationRef, HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { HotStores, fill, newRef, numbers, seqsOf } from '../support/hot-store.js';
import { emptyRedis } from '../support/services.js';

const stores = new HotStores();
let redis: Redis;
let store: HotConversationStore;
let ref: ConversationRef;

beforeAll(async () => {
  redis = await emptyRedis();
  store = stores.open();
});
beforeEach(() => {
  ref = newRef();
});
afterAll(() => {
  stores.close();
  redis.disconnect();
});

const dueAt = async (): Promise<number | null> => redis.zscore(keys.due(ref.tenantId), ref.conversationId).then((score) => (score === null ? null : Number(score)));
const header = async (): Promise<Record<string, string>> => redis.hgetall(keys.conversation(ref.tenantId, ref.conversationId));

describe('an append', () => {
  it('to a conversation that is not hot changes nothing without the word who it belongs to', async () => {
    expect(await store.append(ref, newMessage())).toBeNull();
    expect(await redis.keys(`*${ref.conversationId}*`)).toEqual([]);
    expect(await dueAt()).toBeNull();
  });

  it('begins a conversation with the header it is given', async () => {
    const conversation = newConversation({ conversationId: ref.conversationId, userId: 'u', metadata: { source: 'web' } });
    const before = Date.now();
    expect(await store.append(ref, newMessage({ tokens: 5 }), conversation)).toMatchObject({ seq: 1, isNew: true });
    const range = await store.read(ref, { tail: 10 });
    expect(range?.conversation).toMatchObject({ ...conversation, status: 'active', seq: 1, archivedSeq: 0, firstHotSeq: 1, messageCount: 1, tokenCount: 5, closedAt: null });
    expect(range?.conversation.createdAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(range?.conversation.createdAt).toEqual(range?.conversation.lastMessageAt);
  });

  it('goes on with a hot conversation, whose header stays as it was', async () => {
    const conversation = newConversation({ conversationId: ref.conversationId });
    await store.append(ref, newMessage({ tokens: 5 }), conversation);
    expect(await store.append(ref, newMessage({ tokens: 7 }), newConversation({ conversationId: ref.conversationId, model: 'other' }))).toMatchObject({ seq: 2, isNew: true });
    expect(await store.append(ref, newMessage({ tokens: 1 }))).toMatchObject({ seq: 3, isNew: true });
    expect((await store.read(ref, { tail: 0 }))?.conversation).toMatchObject({ ...conversation, seq: 3, messageCount: 3, tokenCount: 13 });
  });

  it('of a message that is there already is the same append, whatever it says now', async () => {
    await fill(store, ref, 2);
    const before = await header();
    expect(await store.append(ref, newMessage({ messageId: 'm1', content: 'other', tokens: 99 }))).toMatchObject({ seq: 1, isNew: false });
    expect(await header()).toEqual(before);
    expect((await store.read(ref, { tail: 10 }))?.messages.map(({ content }) => content)).toEqual(['message 1', 'message 2']);
  });

  it('of one message by fifty callers at once appends it once', async () => {
    const others = [stores.open(), stores.open(), store];
    const message = newMessage();
    const answers = await Promise.all(numbers(1, 50).map((i) => others[i % 3]!.append(ref, message, newConversation({ conversationId: ref.conversationId }))));
    expect(answers.filter(({ isNew }) => isNew)).toMatchObject([{ seq: 1, isNew: true }]);
    expect(answers.every(({ seq }) => seq === 1)).toBe(true);
    expect(await header()).toMatchObject({ seq: '1', messageCount: '1', tokenCount: '1' });
  });

  it('gives every message its own seq, dense, when 200 come at once from three processes', async () => {
    const processes = [stores.open(), stores.open(), store];
    const conversation = newConversation({ conversationId: ref.conversationId });
    const answers = await Promise.all(numbers(1, 200).map((i) => processes[i % 3]!.append(ref, newMessage({ messageId: `m${String(i)}`, tokens: i }), conversation)));
    expect(answers.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(numbers(1, 200));
    const range = await store.read(ref, { from: 1, count: 1_000 });
    expect(range?.conversation).toMatchObject({ seq: 200, messageCount: 200, tokenCount: 20_100 });
    expect(range?.messages.map(({ messageId, seq }) => [messageId, seq])).toEqual(answers.map(({ seq }, i) => [`m${String(i + 1)}`, seq]).sort((a, b) => Number(a[1]) - Number(b[1])));
  });

  it('makes the conversation hot by the time of its last message', async () => {
    await fill(store, ref, 1);
    const lastMessageAt = (await store.read(ref, { tail: 0 }))!.conversation.lastMessageAt.getTime();
    expect(Number(await redis.zscore(keys.hot('acme'), ref.conversationId))).toBe(lastMessageAt);
  });

  it('makes the conversation due one lag later, and later appends never later', async () => {
    await fill(stores.open({ maxLagSeconds: 100 }), ref, 1);
    const { lastMessageAt } = (await store.read(ref, { tail: 0 }))!.conversation;
    expect(await dueAt()).toBe(lastMessageAt.getTime() + 100_000);
    await fill(stores.open({ maxLagSeconds: 5_000 }), ref, 1);
    expect(await dueAt()).toBe(lastMessageAt.getTime() + 100_000);
    await fill(stores.open({ maxLagSeconds: 1 }), ref, 1);
    expect(await dueAt()).toBeLessThan(lastMessageAt.getTime() + 100_000);
  });

  it.each(['completed', 'transferred'])('makes a %s conversation active again', async (status) => {
    await fill(store, ref, 1);
    await store.close(ref, 'session', 'agent');
    if (status === 'transferred') await store.markArchived(ref, 1);
    expect(await header()).toMatchObject({ status, closedAt: expect.any(String) });
    await fill(store, ref, 1);
    expect((await store.read(ref, { tail: 0 }))?.conversation).toMatchObject({ status: 'active', closedAt: null, seq: 2 });
  });

  it('of a message that is there already leaves a completed conversation completed', async () => {
    await fill(store, ref, 1);
    await store.close(ref, 'session', 'agent');
    await store.append(ref, newMessage({ messageId: 'm1' }));
    expect(await header()).toMatchObject({ status: 'completed' });
  });
});

describe('a session', () => {
  it('has one conversation with an agent, whoever of fifty opens it first', async () => {
    const sessions = [stores.open(), stores.open(), store];
    const opened = await Promise.all(numbers(1, 50).map((i) => sessions[i % 3]!.openSession('acme', newConversation({ sessionId: 'race', agentId: 'agent', conversationId: `c${String(i)}` }), false)));
    expect(new Set(opened).size).toBe(1);
    expect(await store.openConversations('acme', 'race')).toEqual({ agent: opened[0] });
  });

  it('has another conversation with another agent, in another session, and of another tenant', async () => {
    const ids = [newId(), newId(), newId(), newId()] as const;
    expect(await store.openSession('acme', newConversation({ sessionId: 's', agentId: 'a', conversationId: ids[0] }), false)).toBe(ids[0]);
    expect(await store.openSession('acme', newConversation({ sessionId: 's', agentId: 'b', conversationId: ids[1] }), false)).toBe(ids[1]);
    expect(await store.openSession('acme', newConversation({ sessionId: 's2', agentId: 'a', conversationId: ids[2] }), false)).toBe(ids[2]);
    expect(await store.openSession('other', newConversation({ sessionId: 's', agentId: 'a', conversationId: ids[3] }), false)).toBe(ids[3]);
    expect(await store.openSession('acme', newConversation({ sessionId: 's', agentId: 'a', conversationId: newId() }), false)).toBe(ids[0]);
    expect(await store.openConversations('acme', 's')).toEqual({ a: ids[0], b: ids[1] });
  });

  it('that is unknown has none', async () => {
    expect(await store.openConversations('acme', 'never')).toEqual({});
  });
});

describe('finding a message', () => {
  it('finds it by its id, and nothing where there is nothing', async () => {
    await fill(store, ref, 3);
    expect(await store.findMessage(ref, 'm2')).toMatchObject({ messageId: 'm2', seq: 2, content: 'message 2' });
    expect(await store.findMessage(ref, 'm9')).toBeNull();
    expect(await store.findMessage(newRef(), 'm1')).toBeNull();
  });

  it('finds none that is in PostgreSQL only', async () => {
    await fill(store, ref, 3);
    await redis.multi().lpop(keys.messages('acme', ref.conversationId)).hset(keys.conversation('acme', ref.conversationId), 'firstHotSeq', 2, 'archivedSeq', 1).exec();
    expect(await store.findMessage(ref, 'm1')).toBeNull();
    expect(await store.findMessage(ref, 'm2')).toMatchObject({ seq: 2 });
  });
});

describe('two tenants', () => {
  it('share nothing, even under the same conversation, session and message ids', async () => {
    await fill(store, ref, 2);
    const other = newRef('acme.', ref.conversationId);
    expect(await store.read(other, { tail: 10 })).toBeNull();
    expect(await store.append(other, newMessage({ messageId: 'm1' }), newConversation({ conversationId: ref.conversationId }))).toMatchObject({ seq: 1, isNew: true });
    expect(await store.close(other, 's', 'a')).toBe(true);
    expect(await store.markArchived(other, 1)).toBe(0);
    expect((await store.read(ref, { tail: 10 }))?.conversation).toMatchObject({ status: 'active', archivedSeq: 0, seq: 2 });
    expect(seqsOf(await store.read(other, { tail: 10 }))).toEqual([1]);
  });

  it('have no key in common: each key has its tenant as its hash tag', async () => {
    await fill(store, newRef('one'), 1);
    await store.openSession('one', newConversation({ sessionId: 's', agentId: 'a', conversationId: newId() }), false);
    const all = await redis.keys('*one*');
    expect(all.length).toBe(7);
    expect(all.every((key) => key.startsWith('nb:{one}:'))).toBe(true);
  });
});
