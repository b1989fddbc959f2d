import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import type { ConversationRef, HotConversation } from '../../src/modules/conversations/conversation.js';
import type { HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import type { HotWindow } from '../../src/modules/conversations/hot/script-answers.js';
import { keys } from '../../src/shared/redis/index.js';
import { hotConversation, message, newConversation, newMessage } from '../factories/conversation.js';
import { HotStores, append, close, fill, markArchived, newRef, numbers, reheat, seqsOf, snapshotOf } from '../support/hot-store.js';
import { emptyRedis } from '../support/services.js';

const stores = new HotStores();
let redis: Redis;
let store: HotConversationStore;
/** A conversation of a tenant of its own. */
let ref: ConversationRef;

beforeAll(async () => {
  redis = await emptyRedis();
  store = stores.open({ hotTailMessages: 4, releaseSeconds: 1_000 });
});
beforeEach(() => {
  ref = newRef(newId());
});
afterAll(() => {
  stores.close();
  redis.disconnect();
});

const window = async (count: number, seq = 0, messageId = seq === 0 ? '' : `m${String(seq)}`): Promise<HotWindow> => (await store.window(ref, count, { seq, messageId }))!;
/** What a Redis has that was restarted without its newest messages. */
async function loseTail(count: number): Promise<void> {
  const [headerKey, listKey, idsKey] = [keys.conversation(ref.tenantId, ref.conversationId), keys.messages(ref.tenantId, ref.conversationId), keys.messageIds(ref.tenantId, ref.conversationId)];
  const seq = Number(await redis.hget(headerKey, 'seq'));
  const lost = numbers(seq - count + 1, seq).map((each) => `m${String(each)}`);
  await redis.multi().ltrim(listKey, 0, -count - 1).hset(headerKey, 'seq', seq - count).hdel(idsKey, ...lost).exec();
}

describe('a window', () => {
  it('for whoever has nothing begins with the newest messages', async () => {
    await fill(store, ref, 10);
    expect(await window(3)).toMatchObject({ goesOn: false, firstSeq: 8, systemSeqs: [] });
    expect(seqsOf(await window(3))).toEqual([8, 9, 10]);
    expect(await window(100)).toMatchObject({ goesOn: false, firstSeq: 1 });
    expect((await window(100)).messages).toEqual((await store.read(ref, { from: 1, count: 10 }))!.messages);
    expect(await store.window(ref, 3)).toEqual(await window(3));
  });

  it.each<[known: number, count: number, goesOn: boolean, seqs: number[]]>([
    [10, 5, true, []],
    [9, 5, true, [10]],
    [6, 5, true, numbers(7, 10)],
    [5, 5, true, numbers(6, 10)],
    [4, 5, false, numbers(6, 10)],
    [1, 5, false, numbers(6, 10)],
    [1, 10, true, numbers(2, 10)],
    [11, 5, false, numbers(6, 10)],
  ])('of ten messages for whoever has message %i, of the newest %i: goes on %p, with %j', async (known, count, goesOn, seqs) => {
    await fill(store, ref, 10);
    const answer = await window(count, known);
    expect(answer).toMatchObject({ goesOn, firstSeq: seqs[0] ?? known + 1 });
    expect(answer.messages.map(({ seq, messageId }) => [seq, messageId])).toEqual(seqs.map((seq) => [seq, `m${String(seq)}`]));
  });

  it('begins anew for whoever has another message in that place', async () => {
    await fill(store, ref, 10);
    expect(await window(5, 9, 'm8')).toMatchObject({ goesOn: false, firstSeq: 6 });
    expect(await window(5, 9, 'forged')).toMatchObject({ goesOn: false, firstSeq: 6 });
    expect(await window(5, 9, '')).toMatchObject({ goesOn: false, firstSeq: 6 });
  });

  it('begins anew when Redis has lost what the caller has, whether or not others took its place', async () => {
    await fill(store, ref, 10);
    await loseTail(3);
    expect(await window(5, 10)).toMatchObject({ goesOn: false, firstSeq: 3 });
    expect(seqsOf(await window(5, 10))).toEqual(numbers(3, 7));
    for (const id of ['new8', 'new9', 'new10', 'new11']) await append(store, ref, newMessage({ messageId: id }));
    const answer = await window(5, 10);
    expect(answer).toMatchObject({ goesOn: false, firstSeq: 7 });
    expect(answer.messages.map(({ messageId }) => messageId)).toEqual(['m7', 'new8', 'new9', 'new10', 'new11']);
  });

  it('begins anew when the lost message itself was sent again and has another place now', async () => {
    await fill(store, ref, 10);
    await loseTail(3);
    await append(store, ref, newMessage({ messageId: 'm10' }));
    expect(await window(5, 10)).toMatchObject({ goesOn: false, firstSeq: 4 });
  });

  it('says where it begins, and gives what Redis has of it, when the older ones were trimmed', async () => {
    await fill(store, ref, 10);
    await markArchived(store, ref, 10);
    expect(await store.trim(ref)).toBe(6);
    expect(await window(8)).toMatchObject({ goesOn: false, firstSeq: 3 });
    expect(seqsOf(await window(8))).toEqual(numbers(7, 10));
    expect(seqsOf(await window(2))).toEqual([9, 10]);
    expect(await window(8, 4)).toMatchObject({ goesOn: true, firstSeq: 5 });
    expect(seqsOf(await window(8, 4))).toEqual(numbers(7, 10));
    expect(seqsOf(await window(8, 8))).toEqual([9, 10]);
  });

  it('of one brought back goes on for whoever remembers it from before', async () => {
    const conversation = hotConversation({ conversationId: ref.conversationId, status: 'transferred', seq: 6, archivedSeq: 6, firstHotSeq: 5, systemSeqs: [2, 5] });
    await reheat(store, ref, conversation, { tail: [message(5), message(6)], ids: numbers(1, 6).map((seq) => [`m${String(seq)}`, seq]) });
    expect(await window(4, 6)).toEqual({ goesOn: true, firstSeq: 7, systemSeqs: [2, 5], withdrawnSeqs: [], messages: [] });
    expect(await window(4)).toEqual({ goesOn: false, firstSeq: 3, systemSeqs: [2, 5], withdrawnSeqs: [], messages: [message(5), message(6)] });
  });

  it('tells where the system messages are, in and before it', async () => {
    for (const i of numbers(1, 10)) await append(store, ref, newMessage({ messageId: `m${String(i)}`, role: i % 4 === 1 ? 'system' : 'user' }), { create: newConversation({ conversationId: ref.conversationId }) });
    expect(await window(3, 9)).toMatchObject({ goesOn: true, systemSeqs: [1, 5, 9] });
  });

  it('of an empty conversation is empty', async () => {
    await store.openSession(ref.tenantId, newConversation({ conversationId: ref.conversationId }));
    expect(await store.window(ref, 5)).toEqual({ goesOn: false, firstSeq: 1, systemSeqs: [], withdrawnSeqs: [], messages: [] });
  });

  it.each(['completed', 'archived'] as const)('of one that is %s is the same', async (status) => {
    await fill(store, ref, 3);
    await close(store, ref);
    await store.change(ref, { sessionId: 's', agentId: 'a' }, { fields: { status }, dueInSeconds: 0 });
    expect(seqsOf(await window(5, 1))).toEqual([2, 3]);
  });

  it('of one that was deleted, or is not hot, is null, and makes nothing', async () => {
    expect(await store.window(ref, 5)).toBeNull();
    expect(await snapshotOf(redis, ref.tenantId)).toEqual({});
    await fill(store, ref, 3);
    await store.change(ref, { sessionId: 's', agentId: 'a' }, { fields: { status: 'deleted' }, dueInSeconds: 0 });
    expect(await store.window(ref, 5)).toBeNull();
    expect(await store.window(ref, 5, { seq: 3, messageId: 'm3' })).toBeNull();
  });
});

describe('bringing a conversation back', () => {
  const MANY = 20_000;
  const cold = (overrides: Partial<HotConversation> = {}): HotConversation =>
    hotConversation({ conversationId: ref.conversationId, status: 'transferred', seq: MANY, messageCount: MANY, archivedSeq: MANY, revision: 9, archivedRevision: 9, firstHotSeq: MANY - 999, ...overrides });
  const ids = numbers(1, MANY).map((seq): [string, number] => [`m${String(seq)}`, seq]);
  const tail = numbers(MANY - 999, MANY).map((seq) => message(seq));

  it('with 20 000 ids and 1 000 messages has every one of them', async () => {
    await reheat(store, ref, cold({ systemSeqs: [1, 19_990] }), { tail, ids });
    expect(await store.read(ref, { tail: MANY })).toEqual({ conversation: cold({ ...(await store.read(ref, { tail: 0 }))!.conversation, systemSeqs: [1, 19_990] }), messages: tail });
    expect(await redis.hlen(keys.messageIds(ref.tenantId, ref.conversationId))).toBe(MANY);
    for (const seq of [1, 999, 1_000, 1_001, 4_000, 8_001, 19_000, 19_001, MANY]) {
      expect(await append(store, ref, newMessage({ messageId: `m${String(seq)}` }))).toEqual({ outcome: 'repeated', seq, stored: seq > MANY - 1_000 ? message(seq) : null });
    }
    expect(await append(store, ref)).toMatchObject({ outcome: 'appended', seq: MANY + 1 });
  });

  it('keeps everything that its header says', async () => {
    const conversation = cold({ summary: 'of "it"', customerSatisfaction: 3, userId: 'u', metadata: { a: [null] }, closedAt: new Date(1_700_000_000_123), tokenCount: 3_000_000_000, systemSeqs: [1, 7] });
    await reheat(store, ref, conversation, { tail });
    expect((await store.read(ref, { tail: 0 }))?.conversation).toEqual(conversation);
    expect(Number(await redis.zscore(keys.hot(ref.tenantId), ref.conversationId))).toBe(conversation.createdAt.getTime());
    expect(await redis.zscore(keys.active(ref.tenantId), ref.conversationId)).toBeNull();
    expect(Number(await redis.zscore(keys.due(ref.tenantId), ref.conversationId))).toBeGreaterThan(Date.now() + 900_000);
  });

  it('puts one that PostgreSQL believes active among the active ones, by its last message', async () => {
    await reheat(store, ref, cold({ status: 'active', lastMessageAt: new Date(1_700_000_123_456) }), { tail });
    expect(Number(await redis.zscore(keys.active(ref.tenantId), ref.conversationId))).toBe(1_700_000_123_456);
  });

  it('does nothing to one that is hot', async () => {
    await fill(store, ref, 2);
    const before = await snapshotOf(redis, ref.tenantId);
    await reheat(store, ref, cold(), { tail, ids });
    expect(await snapshotOf(redis, ref.tenantId)).toEqual(before);
  });

  it('does nothing when it has left once more since PostgreSQL was read, and does it to who has read it since', async () => {
    const leftAt = await store.leftAt(ref);
    await fill(store, ref, 1);
    await store.purge(ref, cold());
    const before = await snapshotOf(redis, ref.tenantId);
    await store.reheat(ref, { conversation: cold(), tail, ids, leftAt });
    expect(await append(store, ref, newMessage(), { create: newConversation({ conversationId: ref.conversationId }), leftAt })).toBeNull();
    expect(await snapshotOf(redis, ref.tenantId)).toEqual(before);
    await reheat(store, ref, cold(), { tail, ids });
    expect(seqsOf(await store.read(ref, { tail: 1 }))).toEqual([MANY]);
  });

  it('writes over what a conversation may have left behind', async () => {
    await redis.rpush(keys.messages(ref.tenantId, ref.conversationId), 'old');
    await redis.hset(keys.messageIds(ref.tenantId, ref.conversationId), 'old', 1);
    await reheat(store, ref, cold(), { tail, ids: ids.slice(-1_000) });
    expect(await redis.llen(keys.messages(ref.tenantId, ref.conversationId))).toBe(1_000);
    expect(await redis.hexists(keys.messageIds(ref.tenantId, ref.conversationId), 'old')).toBe(0);
  });
});
