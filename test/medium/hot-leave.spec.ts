import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { ConversationRef, HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { hotConversation, message, newMessage, newConversation } from '../factories/conversation.js';
import { HotStores, fill, newRef, seqsOf } from '../support/hot-store.js';
import { emptyRedis } from '../support/services.js';

const stores = new HotStores();
let redis: Redis;
let store: HotConversationStore;
let ref: ConversationRef;

beforeAll(async () => {
  redis = await emptyRedis();
  store = stores.open({ maxLagSeconds: 100, releaseSeconds: 0, closeGraceSeconds: 50 });
});
beforeEach(() => {
  ref = newRef();
});
afterAll(() => {
  stores.close();
  redis.disconnect();
});

const dueAt = async (): Promise<number | null> => redis.zscore(keys.due('acme'), ref.conversationId).then((score) => (score === null ? null : Number(score)));
const conversation = async (): Promise<object | undefined> => (await store.read(ref, { tail: 0 }))?.conversation;
const setDue = async (at: number): Promise<number | string> => redis.zadd(keys.due('acme'), at, ref.conversationId);

describe('closing', () => {
  it('completes an active conversation and makes it due after the grace time', async () => {
    await fill(store, ref, 1);
    const before = Date.now();
    expect(await store.close(ref, 's', 'a')).toBe(true);
    const closed = (await store.read(ref, { tail: 0 }))!.conversation;
    expect(closed.status).toBe('completed');
    expect(closed.closedAt?.getTime()).toBeGreaterThanOrEqual(before);
    expect(await dueAt()).toBe(closed.closedAt!.getTime() + 50_000);
  });

  it('makes it due no later than it was', async () => {
    await fill(store, ref, 1);
    await setDue(7);
    await store.close(ref, 's', 'a');
    expect(await dueAt()).toBe(7);
  });

  it('again changes nothing', async () => {
    await fill(store, ref, 1);
    await store.close(ref, 's', 'a');
    const before = await conversation();
    await setDue(7);
    expect(await stores.open({ closeGraceSeconds: 0 }).close(ref, 's', 'a')).toBe(false);
    expect([await conversation(), await dueAt()]).toEqual([before, 7]);
  });

  it('does not bring a transferred conversation back to completed', async () => {
    await fill(store, ref, 1);
    await store.close(ref, 's', 'a');
    await store.markArchived(ref, 1);
    expect(await store.close(ref, 's', 'a')).toBe(false);
    expect(await conversation()).toMatchObject({ status: 'transferred' });
  });

  it('of a conversation that is not hot makes nothing', async () => {
    expect(await store.close(ref, 's', 'a')).toBe(false);
    expect([await conversation(), await dueAt()]).toEqual([undefined, null]);
  });

  it('takes only its own conversation out of the session', async () => {
    const session = `s${ref.conversationId}`;
    await store.openSession('acme', newConversation({ sessionId: session, agentId: 'a', conversationId: ref.conversationId }), false);
    await store.openSession('acme', newConversation({ sessionId: session, agentId: 'b', conversationId: 'other' }), false);
    await store.close(newRef(), session, 'a');
    expect(await store.openConversations('acme', session)).toEqual({ a: ref.conversationId, b: 'other' });
    await store.close(ref, session, 'b');
    expect(await store.openConversations('acme', session)).toEqual({ a: ref.conversationId, b: 'other' });
    await store.close(ref, session, 'a');
    expect(await store.openConversations('acme', session)).toEqual({ b: 'other' });
  });
});

describe('marking as archived', () => {
  it('says -1 of a conversation that is not hot, and that nobody need look at it', async () => {
    await setDue(7);
    expect(await store.markArchived(ref, 3)).toBe(-1);
    expect([await conversation(), await dueAt()]).toEqual([undefined, null]);
  });

  it('says how many are left, and when to look again', async () => {
    await fill(store, ref, 5);
    await setDue(7);
    const before = Date.now();
    expect(await store.markArchived(ref, 2)).toBe(3);
    expect(await conversation()).toMatchObject({ archivedSeq: 2, status: 'active' });
    expect(await dueAt()).toBeGreaterThanOrEqual(before + 100_000);
  });

  it('never goes back', async () => {
    await fill(store, ref, 5);
    await store.markArchived(ref, 4);
    expect(await store.markArchived(ref, 2)).toBe(1);
    expect(await conversation()).toMatchObject({ archivedSeq: 4 });
  });

  it('of all of an active conversation leaves nothing due', async () => {
    await fill(store, ref, 5);
    expect(await store.markArchived(ref, 5)).toBe(0);
    expect(await dueAt()).toBeNull();
    expect(await conversation()).toMatchObject({ status: 'active' });
  });

  it('of a part of a completed conversation leaves it completed', async () => {
    await fill(store, ref, 5);
    await store.close(ref, 's', 'a');
    expect(await store.markArchived(ref, 4)).toBe(1);
    expect(await conversation()).toMatchObject({ status: 'completed' });
  });

  it('of all of a completed conversation transfers it and sets its release time', async () => {
    await fill(store, ref, 5);
    await store.close(ref, 's', 'a');
    const before = Date.now();
    await stores.open({ releaseSeconds: 1_000 }).markArchived(ref, 5);
    expect(await conversation()).toMatchObject({ status: 'transferred', archivedSeq: 5 });
    expect(await dueAt()).toBeGreaterThanOrEqual(before + 1_000_000);
  });

  it('of a transferred conversation lets its release time stand, and sets one if there is none', async () => {
    await fill(store, ref, 5);
    await store.close(ref, 's', 'a');
    await store.markArchived(ref, 5);
    await setDue(7);
    await store.markArchived(ref, 5);
    expect(await dueAt()).toBe(7);
    await redis.zrem(keys.due('acme'), ref.conversationId);
    await store.markArchived(ref, 5);
    expect(await dueAt()).not.toBeNull();
  });
});

describe('release', () => {
  const transferred = async (): Promise<void> => {
    await fill(store, ref, 3);
    await store.close(ref, 's', 'a');
    await store.markArchived(ref, 3);
    await setDue(Date.now() - 1);
  };

  it('takes a conversation with everything it has out of Redis when its time has come', async () => {
    await transferred();
    expect(await store.release(ref)).toBe(true);
    expect(await redis.keys(`*${ref.conversationId}*`)).toEqual([]);
    expect([await dueAt(), await redis.zscore(keys.hot('acme'), ref.conversationId)]).toEqual([null, null]);
  });

  it('takes one that nobody has given a time', async () => {
    await transferred();
    await redis.zrem(keys.due('acme'), ref.conversationId);
    expect(await store.release(ref)).toBe(true);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['whose time has not come', async () => setDue(Date.now() + 60_000)],
    ['that goes on', async () => fill(store, ref, 1)],
    ['of which PostgreSQL has not everything', async () => redis.hset(keys.conversation('acme', ref.conversationId), 'archivedSeq', 2)],
    ['that is only completed', async () => redis.hset(keys.conversation('acme', ref.conversationId), 'status', 'completed')],
  ])('leaves a conversation %s', async (_, change) => {
    await transferred();
    await change();
    const before = await store.read(ref, { tail: 10 });
    expect(await store.release(ref)).toBe(false);
    expect(await store.read(ref, { tail: 10 })).toEqual(before);
    expect(before?.messages.length).toBeGreaterThan(2);
  });

  it('of what is not hot does nothing', async () => {
    expect(await store.release(ref)).toBe(false);
  });
});

describe('reheating', () => {
  const cold = (): Parameters<HotConversationStore['reheat']>[1] => hotConversation({ ...ref, status: 'transferred', seq: 5, archivedSeq: 5, firstHotSeq: 4, messageCount: 5, tokenCount: 5 });

  it('brings back the tail, the counters and every id, and sets a release time', async () => {
    const before = Date.now();
    await stores.open({ releaseSeconds: 1_000 }).reheat(ref, cold(), [message(4), message(5)], { m1: 1, m2: 2, m3: 3, m4: 4, m5: 5 });
    expect(await store.read(ref, { tail: 10 })).toMatchObject({ conversation: { status: 'transferred', seq: 5, archivedSeq: 5, firstHotSeq: 4 }, messages: [message(4), message(5)] });
    expect(await store.append(ref, newMessage({ messageId: 'm2' }))).toMatchObject({ seq: 2, isNew: false });
    expect(await store.append(ref, newMessage({ messageId: 'm6' }))).toMatchObject({ seq: 6, isNew: true });
    expect(await dueAt()).toBeLessThan(before + 1_000_000);
    expect(await redis.zscore(keys.hot('acme'), ref.conversationId)).not.toBeNull();
  });

  it('sets the release time after which it may leave again', async () => {
    const before = Date.now();
    await stores.open({ releaseSeconds: 1_000 }).reheat(ref, cold(), [], {});
    expect(await dueAt()).toBeGreaterThanOrEqual(before + 1_000_000);
    expect(await store.release(ref)).toBe(false);
    await setDue(Date.now() - 1);
    expect(await store.release(ref)).toBe(true);
  });

  it('does nothing to a conversation that is hot', async () => {
    await fill(store, ref, 7);
    const before = await store.read(ref, { tail: 10 });
    await store.reheat(ref, cold(), [message(4), message(5)], { forged: 1 });
    expect(await store.read(ref, { tail: 10 })).toEqual(before);
    expect(await store.append(ref, newMessage({ messageId: 'forged' }))).toMatchObject({ seq: 8, isNew: true });
  });

  it('by two processes at once brings back one', async () => {
    await Promise.all([store, stores.open()].map((each) => each.reheat(ref, cold(), [message(4), message(5)], {})));
    expect(seqsOf(await store.read(ref, { tail: 10 }))).toEqual([4, 5]);
  });
});

describe('what is due', () => {
  it('comes the longest due first, and only when its time has come', async () => {
    const due = keys.due('dues');
    await redis.zadd(due, Date.now() - 1_000, 'late', Date.now() - 5_000, 'later', Date.now() + 60_000, 'not-yet');
    expect(await store.findDue('dues', 10)).toEqual(['later', 'late']);
    expect(await store.findDue('dues', 1)).toEqual(['later']);
    expect(await store.findDue('nobody', 10)).toEqual([]);
  });

  it('is put off by one lag when its move failed, but nothing is made due that was not', async () => {
    await setDue(7);
    const before = Date.now();
    await store.postpone(ref);
    expect(await dueAt()).toBeGreaterThanOrEqual(before + 100_000);
    ref = newRef();
    await store.postpone(ref);
    expect(await dueAt()).toBeNull();
  });
});
