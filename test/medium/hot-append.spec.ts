import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import type { ConversationRef, NewConversation } from '../../src/modules/conversations/conversation.js';
import type { HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import type { HotIndexStore } from '../../src/modules/conversations/hot/hot-index.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { HotStores, append, close, fill, markArchived, newRef, numbers, seqOf, seqsOf } from '../support/hot-store.js';
import { emptyRedis } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const stores = new HotStores();
let redis: Redis;
let store: HotConversationStore;
let index: HotIndexStore;
let ref: ConversationRef;

beforeAll(async () => {
  redis = await emptyRedis();
  store = stores.open();
  index = stores.openIndex();
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
    expect(await append(store, ref)).toBeNull();
    expect(await redis.keys(`*${ref.conversationId}*`)).toEqual([]);
    expect(await dueAt()).toBeNull();
  });

  it('begins a conversation with the header it is given', async () => {
    const conversation = newConversation({ conversationId: ref.conversationId, userId: 'u', metadata: { source: 'web' } });
    const before = Date.now();
    expect(await append(store, ref, newMessage({ tokens: 5 }), { create: conversation })).toEqual({ outcome: 'appended', seq: 1, displaced: null });
    const range = await store.read(ref, { tail: 10 });
    expect(range?.conversation).toMatchObject({ ...conversation, status: 'active', seq: 1, archivedSeq: 0, archivedRevision: -1, firstHotSeq: 1, messageCount: 1, tokenCount: 5, closedAt: null });
    expect(range?.conversation.createdAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(range?.conversation.createdAt).toEqual(range?.conversation.lastMessageAt);
  });

  it('goes on with a hot conversation, whose header stays as it was', async () => {
    const conversation = newConversation({ conversationId: ref.conversationId });
    await append(store, ref, newMessage({ tokens: 5 }), { create: conversation });
    expect(await append(store, ref, newMessage({ tokens: 7 }), { create: newConversation({ conversationId: ref.conversationId, model: 'other' }) })).toMatchObject({ outcome: 'appended', seq: 2 });
    expect(await append(store, ref, newMessage({ tokens: 1 }))).toMatchObject({ outcome: 'appended', seq: 3 });
    expect((await store.read(ref, { tail: 0 }))?.conversation).toMatchObject({ ...conversation, seq: 3, messageCount: 3, tokenCount: 13 });
  });

  it('of a message that is there already is the same append, whatever it says now', async () => {
    await fill(store, ref, 2);
    const before = await header();
    expect(await append(store, ref, newMessage({ messageId: 'm1', content: 'other', tokens: 99 }))).toMatchObject({ outcome: 'repeated', seq: 1, stored: { messageId: 'm1', seq: 1, content: 'message 1', tokens: 1 } });
    expect(await header()).toEqual(before);
    expect((await store.read(ref, { tail: 10 }))?.messages.map(({ content }) => content)).toEqual(['message 1', 'message 2']);
  });

  it('of one message by fifty callers at once appends it once', async () => {
    const others = [stores.open(), stores.open(), store];
    const message = newMessage();
    const answers = await Promise.all(numbers(1, 50).map((i) => append(others[i % 3]!, ref, message, { create: newConversation({ conversationId: ref.conversationId }) })));
    expect(answers.filter((answer) => answer?.outcome === 'appended')).toHaveLength(1);
    expect(answers.every((answer) => seqOf(answer) === 1)).toBe(true);
    expect(await header()).toMatchObject({ seq: '1', tokenCount: '1' });
  });

  it('gives every message its own seq, dense, when 200 come at once from three processes', async () => {
    const processes = [stores.open(), stores.open(), store];
    const conversation = newConversation({ conversationId: ref.conversationId });
    const answers = await Promise.all(numbers(1, 200).map((i) => append(processes[i % 3]!, ref, newMessage({ messageId: `m${String(i)}`, tokens: i }), { create: conversation })));
    expect(answers.map(seqOf).sort((a, b) => a - b)).toEqual(numbers(1, 200));
    const range = await store.read(ref, { from: 1, count: 1_000 });
    expect(range?.conversation).toMatchObject({ seq: 200, messageCount: 200, tokenCount: 20_100 });
    expect(range?.messages.map(({ messageId, seq }) => [messageId, seq])).toEqual(answers.map((answer, i) => [`m${String(i + 1)}`, seqOf(answer)]).sort((a, b) => Number(a[1]) - Number(b[1])));
  });

  it('makes the conversation hot by the time of its creation, for good', async () => {
    await fill(store, ref, 1);
    const createdAt = (await store.read(ref, { tail: 0 }))!.conversation.createdAt.getTime();
    expect(Number(await redis.zscore(keys.hot('acme'), ref.conversationId))).toBe(createdAt);
    await waitFor('another millisecond', () => Date.now() > createdAt);
    await fill(store, ref, 1);
    expect((await store.read(ref, { tail: 0 }))!.conversation.lastMessageAt.getTime()).toBeGreaterThan(createdAt);
    expect(Number(await redis.zscore(keys.hot('acme'), ref.conversationId))).toBe(createdAt);
  });

  it('makes the conversation due one lag after the first message that PostgreSQL lacks; later messages leave that as it is', async () => {
    await fill(stores.open({ maxLagSeconds: 100 }), ref, 1);
    const { lastMessageAt } = (await store.read(ref, { tail: 0 }))!.conversation;
    expect(await dueAt()).toBe(lastMessageAt.getTime() + 100_000);
    await fill(stores.open({ maxLagSeconds: 5_000 }), ref, 1);
    expect(await dueAt()).toBe(lastMessageAt.getTime() + 100_000);
    await fill(stores.open({ maxLagSeconds: 1 }), ref, 1);
    expect(await dueAt()).toBe(lastMessageAt.getTime() + 100_000);
    await markArchived(store, ref, 3);
    expect(await dueAt()).toBeNull();
    await fill(stores.open({ maxLagSeconds: 200 }), ref, 1);
    expect(await dueAt()).toBe((await store.read(ref, { tail: 0 }))!.conversation.lastMessageAt.getTime() + 200_000);
  });

  it.each(['completed', 'transferred'])('makes a %s conversation active again', async (status) => {
    await fill(store, ref, 1);
    await close(store, ref);
    if (status === 'transferred') await markArchived(store, ref, 1);
    expect(await header()).toMatchObject({ status, closedAt: expect.any(String) });
    expect(await append(store, ref)).toMatchObject({ outcome: 'appended', seq: 2 });
    expect((await store.read(ref, { tail: 0 }))?.conversation).toMatchObject({ status: 'active', closedAt: null, seq: 2 });
  });

  it('of a message that is there already leaves a completed conversation completed', async () => {
    await fill(store, ref, 1);
    await close(store, ref);
    expect(await append(store, ref, newMessage({ messageId: 'm1' }))).toMatchObject({ outcome: 'repeated' });
    expect(await header()).toMatchObject({ status: 'completed' });
  });
});

describe('a session', () => {
  const openIn = async (of: HotConversationStore, overrides: Partial<NewConversation>, tenantId = 'acme'): Promise<{ conversationId: string; isNew: boolean }> => {
    const opened = await of.openSession(tenantId, newConversation(overrides));
    return 'outcome' in opened ? { conversationId: 'refused', isNew: false } : opened;
  };

  it('has one conversation with an agent, whoever of fifty opens it first', async () => {
    const sessions = [stores.open(), stores.open(), store];
    const opened = await Promise.all(numbers(1, 50).map((i) => openIn(sessions[i % 3]!, { sessionId: 'race', agentId: 'agent', conversationId: `c${String(i)}` })));
    expect(opened.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(opened.map(({ conversationId }) => conversationId)).size).toBe(1);
    expect(await index.session('acme', 'race')).toEqual([{ agentId: 'agent', conversationId: opened[0]!.conversationId, isActive: true }]);
    expect(await redis.zscore(keys.active('acme'), opened[0]!.conversationId)).not.toBeNull();
  });

  it('has another conversation with another agent, in another session, and of another tenant', async () => {
    const ids = [newId(), newId(), newId(), newId()] as const;
    expect((await openIn(store, { sessionId: 's', agentId: 'a', conversationId: ids[0] })).conversationId).toBe(ids[0]);
    expect((await openIn(store, { sessionId: 's', agentId: 'b', conversationId: ids[1] })).conversationId).toBe(ids[1]);
    expect((await openIn(store, { sessionId: 's2', agentId: 'a', conversationId: ids[2] })).conversationId).toBe(ids[2]);
    expect((await openIn(store, { sessionId: 's', agentId: 'a', conversationId: ids[3] }, 'other')).conversationId).toBe(ids[3]);
    expect((await openIn(store, { sessionId: 's', agentId: 'a', conversationId: newId() })).conversationId).toBe(ids[0]);
    expect(await index.session('acme', 's')).toEqual([{ agentId: 'a', conversationId: ids[0], isActive: true }, { agentId: 'b', conversationId: ids[1], isActive: true }]);
  });

  it('that is unknown has none', async () => {
    expect(await index.session('acme', 'never')).toEqual([]);
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
    expect(await append(store, other, newMessage({ messageId: 'm1' }), { create: newConversation({ conversationId: ref.conversationId }) })).toMatchObject({ outcome: 'appended', seq: 1 });
    expect(await close(store, other)).toBe(true);
    expect(await markArchived(store, other, 1)).toBe(0);
    expect((await store.read(ref, { tail: 10 }))?.conversation).toMatchObject({ status: 'active', archivedSeq: 0, seq: 2 });
    expect(seqsOf(await store.read(other, { tail: 10 }))).toEqual([1]);
  });

  it('have no key in common: each key has its tenant as its hash tag', async () => {
    await fill(store, newRef('one'), 1);
    await store.openSession('one', newConversation({ sessionId: 's', agentId: 'a' }));
    const all = await redis.keys('*one*');
    // hot, active, due, unarchived; header, messages and ids of the one; its session; header and session of the other.
    expect(all.length).toBe(10);
    expect(all.every((key) => key.startsWith('nb:{one}:'))).toBe(true);
  });
});
