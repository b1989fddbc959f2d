import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { ConversationRef, HotConversation } from '../../src/modules/conversations/conversation.js';
import type { HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import type { HotIndexStore } from '../../src/modules/conversations/hot/hot-index.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { hotConversation, message, newConversation, newMessage } from '../factories/conversation.js';
import { HotStores, append, close, fill, markArchived, newRef, numbers, reheat, release, seqsOf } from '../support/hot-store.js';
import { emptyRedis } from '../support/services.js';

const stores = new HotStores();
let redis: Redis;
let store: HotConversationStore;
let index: HotIndexStore;
let ref: ConversationRef;

beforeAll(async () => {
  redis = await emptyRedis();
  store = stores.open({ maxLagSeconds: 100, releaseSeconds: 0 });
  index = stores.openIndex({ maxLagSeconds: 100 });
});
beforeEach(() => {
  ref = newRef();
});
afterAll(() => {
  stores.close();
  redis.disconnect();
});

const dueAt = async (): Promise<number | null> => redis.zscore(keys.due('acme'), ref.conversationId).then((score) => (score === null ? null : Number(score)));
const conversation = async (): Promise<HotConversation | undefined> => (await store.read(ref, { tail: 0 }))?.conversation;
const setDue = async (at: number): Promise<number | string> => redis.zadd(keys.due('acme'), at, ref.conversationId);

describe('closing', () => {
  it('completes an active conversation, takes it out of the active ones and makes it due after the grace time', async () => {
    await fill(store, ref, 1);
    const before = Date.now();
    expect(await redis.zscore(keys.active('acme'), ref.conversationId)).not.toBeNull();
    expect(await close(store, ref, 50)).toBe(true);
    const closed = (await store.read(ref, { tail: 0 }))!.conversation;
    expect(closed.status).toBe('completed');
    expect(closed.closedAt?.getTime()).toBeGreaterThanOrEqual(before);
    expect(await redis.zscore(keys.active('acme'), ref.conversationId)).toBeNull();
    expect(await dueAt()).toBeGreaterThanOrEqual(closed.closedAt!.getTime() + 50_000);
    expect(await dueAt()).toBeLessThanOrEqual(Date.now() + 50_000);
  });

  it('makes it due no later than it was', async () => {
    await fill(store, ref, 1);
    await setDue(7);
    await close(store, ref);
    expect(await dueAt()).toBe(7);
  });

  it('again changes nothing', async () => {
    await fill(store, ref, 1);
    await close(store, ref);
    const before = await conversation();
    await setDue(7);
    expect(await close(store, ref)).toBe(false);
    expect([await conversation(), await dueAt()]).toEqual([before, 7]);
  });

  it('does not bring a transferred conversation back to completed', async () => {
    await fill(store, ref, 1);
    await close(store, ref);
    await markArchived(store, ref, 1);
    expect(await close(store, ref)).toBe(false);
    expect(await conversation()).toMatchObject({ status: 'transferred' });
  });

  it('of a conversation that is not hot makes nothing', async () => {
    expect(await store.change(ref, { sessionId: 's', agentId: 'a' }, { fields: { status: 'completed' }, session: 'leave', dueInSeconds: 0 })).toBeNull();
    expect([await conversation(), await dueAt()]).toEqual([undefined, null]);
    expect(await redis.keys(`*${ref.conversationId}*`)).toEqual([]);
  });

  it('takes only its own conversation out of the session, which remembers it as its newest', async () => {
    const sessionId = `s${ref.conversationId}`;
    const other = newRef();
    await store.openSession('acme', newConversation({ sessionId, agentId: 'a', conversationId: ref.conversationId }));
    await store.openSession('acme', newConversation({ sessionId, agentId: 'b', conversationId: other.conversationId }));
    const both = [{ agentId: 'a', conversationId: ref.conversationId, isActive: true }, { agentId: 'b', conversationId: other.conversationId, isActive: true }];
    const leaving = { fields: { status: 'completed' }, session: 'leave', dueInSeconds: 0 } as const;
    const stranger = newRef();
    await fill(store, stranger, 1);
    await store.change(stranger, { sessionId, agentId: 'a' }, leaving);
    await store.change(ref, { sessionId, agentId: 'b' }, leaving);
    expect(await index.session('acme', sessionId)).toEqual(both);
    await store.change(ref, { sessionId, agentId: 'a' }, leaving);
    expect(await index.session('acme', sessionId)).toEqual(expect.arrayContaining([{ ...both[0], isActive: false }, both[1]]));
  });
});

describe('marking as archived', () => {
  it('says nothing of a conversation that is not hot, and that nobody need look at it', async () => {
    await setDue(7);
    expect(await markArchived(store, ref, 3)).toBeUndefined();
    expect([await conversation(), await dueAt()]).toEqual([undefined, null]);
  });

  it('says how many are left, and when to look again', async () => {
    await fill(store, ref, 5);
    await setDue(7);
    const before = Date.now();
    expect(await markArchived(store, ref, 2)).toBe(3);
    expect(await conversation()).toMatchObject({ archivedSeq: 2, status: 'active' });
    expect(await dueAt()).toBeGreaterThanOrEqual(before + 100_000);
  });

  it('never goes back', async () => {
    await fill(store, ref, 5);
    await markArchived(store, ref, 4);
    expect(await markArchived(store, ref, 2)).toBe(1);
    expect(await conversation()).toMatchObject({ archivedSeq: 4 });
  });

  it('of all of an active conversation leaves nothing due', async () => {
    await fill(store, ref, 5);
    expect(await markArchived(store, ref, 5)).toBe(0);
    expect(await dueAt()).toBeNull();
    expect(await conversation()).toMatchObject({ status: 'active' });
  });

  it('of a part of a completed conversation leaves it completed', async () => {
    await fill(store, ref, 5);
    await close(store, ref);
    expect(await markArchived(store, ref, 4)).toBe(1);
    expect(await conversation()).toMatchObject({ status: 'completed' });
  });

  it('of all of a completed conversation transfers it and sets its release time', async () => {
    await fill(store, ref, 5);
    await close(store, ref);
    const before = Date.now();
    await markArchived(stores.open({ releaseSeconds: 1_000 }), ref, 5);
    expect(await conversation()).toMatchObject({ status: 'transferred', archivedSeq: 5 });
    expect(await dueAt()).toBeGreaterThanOrEqual(before + 1_000_000);
  });

  it('of a transferred conversation lets its release time stand, and sets one if there is none', async () => {
    await fill(store, ref, 5);
    await close(store, ref);
    await markArchived(store, ref, 5);
    await setDue(7);
    await markArchived(store, ref, 5);
    expect(await dueAt()).toBe(7);
    await redis.zrem(keys.due('acme'), ref.conversationId);
    await markArchived(store, ref, 5);
    expect(await dueAt()).not.toBeNull();
  });
});

describe('release', () => {
  const transferred = async (): Promise<void> => {
    await fill(store, ref, 3);
    await close(store, ref);
    await markArchived(store, ref, 3);
    await setDue(Date.now() - 1);
  };

  it('takes a conversation with everything it has out of Redis when its time has come', async () => {
    await transferred();
    expect(await release(store, ref)).toBe(true);
    expect(await redis.keys(`*${ref.conversationId}*`)).toEqual([keys.left('acme', ref.conversationId)]);
    expect(await redis.ttl(keys.left('acme', ref.conversationId))).toBeGreaterThan(3_000);
    const indexes = [keys.hot('acme'), keys.active('acme'), keys.due('acme'), keys.unarchived('acme')];
    expect(await Promise.all(indexes.map((key) => redis.zscore(key, ref.conversationId)))).toEqual([null, null, null, null]);
  });

  it('takes one that nobody has given a time', async () => {
    await transferred();
    await redis.zrem(keys.due('acme'), ref.conversationId);
    expect(await release(store, ref)).toBe(true);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['whose time has not come', async () => setDue(Date.now() + 60_000)],
    ['that goes on', async () => fill(store, ref, 1)],
    ['of which PostgreSQL has not everything', async () => redis.hset(keys.conversation('acme', ref.conversationId), 'archivedSeq', 2)],
    ['whose header PostgreSQL has not', async () => redis.hincrby(keys.conversation('acme', ref.conversationId), 'changes', 1)],
    ['that is only completed', async () => redis.hset(keys.conversation('acme', ref.conversationId), 'status', 'completed')],
    ['that is active', async () => redis.hset(keys.conversation('acme', ref.conversationId), 'status', 'active')],
    ['that is being deleted', async () => redis.hset(keys.conversation('acme', ref.conversationId), 'status', 'deleted')],
  ])('leaves a conversation %s', async (_, change) => {
    await transferred();
    await change();
    const before = await store.read(ref, { tail: 10 });
    expect(await release(store, ref)).toBe(false);
    expect(await store.read(ref, { tail: 10 })).toEqual(before);
    expect(before?.messages.length).toBeGreaterThan(2);
  });

  it('of what is not hot does nothing', async () => {
    expect(await release(store, ref)).toBe(false);
  });
});

describe('reheating', () => {
  const tail = [message(4), message(5)];
  const cold = (): HotConversation => hotConversation({ ...ref, status: 'transferred', seq: 5, archivedSeq: 5, archivedRevision: 0, firstHotSeq: 4, messageCount: 5, tokenCount: 5 });

  it('brings back the tail, the counters and every id, and sets a release time', async () => {
    const before = Date.now();
    await reheat(stores.open({ releaseSeconds: 1_000 }), ref, cold(), { tail, ids: numbers(1, 5).map((seq) => [`m${String(seq)}`, seq]) });
    expect(await store.read(ref, { tail: 10 })).toMatchObject({ conversation: { status: 'transferred', seq: 5, archivedSeq: 5, firstHotSeq: 4 }, messages: [message(4), message(5)] });
    expect(await append(store, ref, newMessage({ messageId: 'm2' }))).toEqual({ outcome: 'repeated', seq: 2, stored: null });
    expect(await append(store, ref, newMessage({ messageId: 'm4' }))).toEqual({ outcome: 'repeated', seq: 4, stored: message(4) });
    expect(await append(store, ref, newMessage({ messageId: 'm6' }))).toMatchObject({ outcome: 'appended', seq: 6 });
    expect(await dueAt()).toBeLessThan(before + 1_000_000);
    expect(await redis.zscore(keys.hot('acme'), ref.conversationId)).not.toBeNull();
  });

  it('sets the release time after which it may leave again', async () => {
    const before = Date.now();
    await reheat(stores.open({ releaseSeconds: 1_000 }), ref, cold());
    expect(await dueAt()).toBeGreaterThanOrEqual(before + 1_000_000);
    expect(await release(store, ref)).toBe(false);
    await setDue(Date.now() - 1);
    expect(await release(store, ref)).toBe(true);
  });

  it('does nothing to a conversation that is hot', async () => {
    await fill(store, ref, 7);
    const before = await store.read(ref, { tail: 10 });
    await reheat(store, ref, cold(), { tail, ids: [['forged', 1]] });
    expect(await store.read(ref, { tail: 10 })).toEqual(before);
    expect(await append(store, ref, newMessage({ messageId: 'forged' }))).toMatchObject({ outcome: 'appended', seq: 8 });
  });

  it('by two processes at once brings back one', async () => {
    await Promise.all([store, stores.open()].map((each) => reheat(each, ref, cold(), { tail })));
    expect(seqsOf(await store.read(ref, { tail: 10 }))).toEqual([4, 5]);
  });
});

describe('what is due', () => {
  it('comes the longest due first, and only when its time has come', async () => {
    const due = keys.due('dues');
    await redis.zadd(due, Date.now() - 1_000, 'late', Date.now() - 5_000, 'later', Date.now() + 60_000, 'not-yet');
    expect(await index.findDue('dues', 10)).toEqual(['later', 'late']);
    expect(await index.findDue('dues', 1)).toEqual(['later']);
    expect(await index.findDue('nobody', 10)).toEqual([]);
  });

  it('is put off by one lag when its move failed, but nothing is made due that was not', async () => {
    await setDue(7);
    const before = Date.now();
    await index.postpone(ref);
    expect(await dueAt()).toBeGreaterThanOrEqual(before + 100_000);
    ref = newRef();
    await index.postpone(ref);
    expect(await dueAt()).toBeNull();
  });
});
