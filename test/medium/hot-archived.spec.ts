import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import type { ConversationRef, HotConversation } from '../../src/modules/conversations/conversation.js';
import type { HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import type { HotIndexStore } from '../../src/modules/conversations/hot/hot-index.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { HotStores, append, close, fill, markArchived, newRef, numbers, release, seqsOf, snapshotOf } from '../support/hot-store.js';
import { emptyRedis } from '../support/services.js';

const stores = new HotStores();
const agentId = newId();
let redis: Redis;
let store: HotConversationStore;
let index: HotIndexStore;
/** A conversation of a tenant of its own. */
let ref: ConversationRef;

beforeAll(async () => {
  redis = await emptyRedis();
  store = stores.open({ maxLagSeconds: 100, releaseSeconds: 1_000, hotTailMessages: 3 });
  index = stores.openIndex();
});
beforeEach(() => {
  ref = newRef(newId());
});
afterAll(() => {
  stores.close();
  redis.disconnect();
});

const header = async (): Promise<HotConversation> => (await store.read(ref, { tail: 0 }))!.conversation;
const dueAt = async (): Promise<number | null> => redis.zscore(keys.due(ref.tenantId), ref.conversationId).then((score) => (score === null ? null : Number(score)));
const setDue = async (at: number): Promise<number | string> => redis.zadd(keys.due(ref.tenantId), at, ref.conversationId);
const edit = async (fields: Record<string, string>): Promise<unknown> => store.change(ref, await header(), { fields, dueInSeconds: 50 });
/** What a mover has read, and marks when PostgreSQL has it. */
const read = async (): Promise<Pick<HotConversation, 'archivedSeq' | 'revision'>> => {
  const { seq, revision } = await header();
  return { archivedSeq: seq, revision };
};
const begin = async (of = ref, sessionId = 's'): Promise<unknown> => append(store, of, newMessage(), { create: newConversation({ conversationId: of.conversationId, sessionId, agentId }) });

/** What a conversation that has left leaves behind, for an hour. */
const left = (): string => keys.left(ref.tenantId, ref.conversationId);

/** `dueAt` is `seconds` from now. */
async function expectDueIn(seconds: number): Promise<void> {
  expect(await dueAt()).toBeGreaterThan(Date.now() + (seconds - 20) * 1_000);
  expect(await dueAt()).toBeLessThanOrEqual(Date.now() + seconds * 1_000);
}

describe('marking what a mover has read', () => {
  it('of an active conversation that has a message since keeps it due, one lag later', async () => {
    await fill(store, ref, 3);
    const moved = await read();
    await setDue(7);
    await fill(store, ref, 2);
    expect(await store.markArchived(ref, moved)).toMatchObject({ unarchivedCount: 2 });
    expect(await header()).toMatchObject({ status: 'active', archivedSeq: 3, archivedRevision: moved.revision });
    await expectDueIn(100);
  });

  it('of an active conversation that was only edited since keeps it due', async () => {
    await fill(store, ref, 3);
    const moved = await read();
    await edit({ summary: 'new' });
    expect(await store.markArchived(ref, moved)).toMatchObject({ unarchivedCount: 0 });
    expect(await header()).toMatchObject({ archivedSeq: 3, archivedRevision: moved.revision, revision: moved.revision + 1 });
    await expectDueIn(100);
  });

  it('of an active conversation that was closed since leaves it completed, due when the close said', async () => {
    await fill(store, ref, 3);
    const moved = await read();
    await setDue(Date.now() + 5_000_000);
    await close(store, ref, 50);
    expect(await store.markArchived(ref, moved)).toMatchObject({ unarchivedCount: 0 });
    expect(await header()).toMatchObject({ status: 'completed', archivedSeq: 3 });
    await expectDueIn(50);
  });

  it('of a completed conversation that an answer came to since leaves it completed and due', async () => {
    await fill(store, ref, 3);
    await close(store, ref);
    const moved = await read();
    await append(store, ref, newMessage({ role: 'assistant' }));
    const due = await dueAt();
    expect(await store.markArchived(ref, moved)).toMatchObject({ unarchivedCount: 1 });
    expect(await header()).toMatchObject({ status: 'completed', archivedSeq: 3, seq: 4 });
    expect(await dueAt()).toBe(due);
  });

  it('of a completed conversation that goes on since leaves it active and due', async () => {
    await fill(store, ref, 3);
    await close(store, ref);
    const moved = await read();
    await append(store, ref);
    expect(await store.markArchived(ref, moved)).toMatchObject({ unarchivedCount: 1 });
    expect(await header()).toMatchObject({ status: 'active', archivedSeq: 3, seq: 4 });
    await expectDueIn(100);
  });

  it('of a transferred conversation that was edited since leaves it due for the edit', async () => {
    await fill(store, ref, 3);
    await close(store, ref);
    await store.markArchived(ref, await read());
    const moved = await read();
    await edit({ summary: 'new' });
    const due = await dueAt();
    expect(await store.markArchived(ref, moved)).toEqual({ unarchivedCount: 0, isTransferred: false });
    expect(await dueAt()).toBe(due);
    expect(await release(stores.open({ releaseSeconds: 0 }), ref)).toBe(false);
  });

  it('of a transferred conversation with its edit puts its release off from now on', async () => {
    await fill(store, ref, 3);
    await close(store, ref);
    await store.markArchived(ref, await read());
    await edit({ summary: 'new' });
    await setDue(7);
    expect(await store.markArchived(ref, await read())).toEqual({ unarchivedCount: 0, isTransferred: true });
    await expectDueIn(1_000);
  });

  it('of an archived conversation brings it to its release, and lets the time stand when it is marked again', async () => {
    await fill(store, ref, 3);
    await close(store, ref);
    await store.markArchived(ref, await read());
    await edit({ status: 'archived' });
    await store.markArchived(ref, await read());
    expect(await header()).toMatchObject({ status: 'archived' });
    await expectDueIn(1_000);
    await setDue(7);
    await store.markArchived(ref, await read());
    expect(await dueAt()).toBe(7);
  });

  it('of a conversation that was deleted since leaves it due as the deletion said', async () => {
    await fill(store, ref, 3);
    const moved = await read();
    await edit({ status: 'deleted' });
    await setDue(7);
    await store.markArchived(ref, moved);
    expect([await dueAt(), (await header()).status]).toEqual([7, 'deleted']);
    await store.markArchived(ref, await read());
    expect([await dueAt(), (await header()).status]).toEqual([7, 'deleted']);
  });

  it('that is late goes back neither in messages nor in revisions', async () => {
    await fill(store, ref, 3);
    const late = await read();
    await fill(store, ref, 2);
    const newer = await read();
    await store.markArchived(ref, newer);
    expect(await store.markArchived(ref, late)).toMatchObject({ unarchivedCount: 0 });
    expect(await header()).toMatchObject({ archivedSeq: 5, archivedRevision: newer.revision });
    expect(await dueAt()).toBeNull();
  });

  it('of an empty conversation is done with its header', async () => {
    await store.openSession(ref.tenantId, newConversation({ conversationId: ref.conversationId }));
    expect(await dueAt()).not.toBeNull();
    expect(await store.markArchived(ref, await read())).toMatchObject({ unarchivedCount: 0 });
    expect(await header()).toMatchObject({ archivedSeq: 0, archivedRevision: 0 });
    expect(await dueAt()).toBeNull();
  });
});

describe('a trim', () => {
  it.each([
    [10, 10, 7, numbers(8, 10)],
    [10, 9, 7, numbers(8, 10)],
    [10, 7, 7, numbers(8, 10)],
    [10, 6, 6, numbers(7, 10)],
    [10, 1, 1, numbers(2, 10)],
    [10, 0, 0, numbers(1, 10)],
    [3, 3, 0, numbers(1, 3)],
    [4, 4, 1, numbers(2, 4)],
  ])('of %i messages, %i of them archived, takes %i out and leaves %j', async (count, archivedSeq, taken, left) => {
    await fill(store, ref, count);
    await markArchived(store, ref, archivedSeq);
    expect(await store.trim(ref)).toBe(taken);
    const range = await store.read(ref, { from: 1, count: 100 });
    expect(range?.messages.map(({ seq, messageId }) => [seq, messageId])).toEqual(left.map((seq) => [seq, `m${String(seq)}`]));
    expect(range?.conversation).toMatchObject({ firstHotSeq: left[0], seq: count, archivedSeq, messageCount: count, tokenCount: count });
    const before = await snapshotOf(redis, ref.tenantId);
    expect(await store.trim(ref)).toBe(0);
    expect(await snapshotOf(redis, ref.tenantId)).toEqual(before);
  });

  it('goes on where the last one ended, and every message is still known by its id', async () => {
    await fill(store, ref, 5);
    await markArchived(store, ref, 5);
    expect(await store.trim(ref)).toBe(2);
    await fill(store, ref, 4);
    await markArchived(store, ref, 8);
    expect(await store.trim(ref)).toBe(4);
    expect(seqsOf(await store.read(ref, { tail: 100 }))).toEqual([7, 8, 9]);
    for (const seq of numbers(1, 9)) expect(await append(store, ref, newMessage({ messageId: `m${String(seq)}` }))).toMatchObject({ outcome: 'repeated', seq });
  });

  it('of what is not hot takes nothing', async () => {
    expect(await store.trim(ref)).toBe(0);
    expect(await snapshotOf(redis, ref.tenantId)).toEqual({});
  });
});

describe('a release', () => {
  it('takes its session with it, and no other', async () => {
    await begin();
    const other = newRef(ref.tenantId);
    await begin(other, 'other');
    await close(store, ref);
    await markArchived(store, ref, 1);
    await setDue(7);
    expect(await index.session(ref.tenantId, 's')).toHaveLength(1);
    expect(await release(store, ref)).toBe(true);
    expect(await index.session(ref.tenantId, 's')).toEqual([]);
    expect(await index.session(ref.tenantId, 'other')).toEqual([{ agentId, conversationId: other.conversationId, isActive: true }]);
    expect(Object.keys(await snapshotOf(redis, ref.tenantId)).filter((key) => key.includes(ref.conversationId) || key.endsWith(':s'))).toEqual([left()]);
  });

  it('leaves the session to a newer conversation', async () => {
    await begin();
    await close(store, ref);
    const newer = newRef(ref.tenantId);
    await begin(newer);
    await markArchived(store, ref, 1);
    await setDue(7);
    expect(await release(store, ref)).toBe(true);
    expect(await index.session(ref.tenantId, 's')).toEqual([{ agentId, conversationId: newer.conversationId, isActive: true }]);
  });

  it('takes an archived conversation, too', async () => {
    await begin();
    await close(store, ref);
    await markArchived(store, ref, 1);
    await edit({ status: 'archived' });
    await markArchived(store, ref, 1);
    expect(await release(store, ref)).toBe(false);
    await setDue(Date.now());
    expect(await release(store, ref)).toBe(true);
    expect(Object.keys(await snapshotOf(redis, ref.tenantId))).toEqual([left()]);
  });

  it('by force takes whatever there is, in any state', async () => {
    await begin();
    await fill(store, ref, 3);
    await store.purge(ref, await header());
    expect(Object.keys(await snapshotOf(redis, ref.tenantId))).toEqual([left()]);
    await store.purge(ref, { sessionId: 's', agentId });
    expect(Object.keys(await snapshotOf(redis, ref.tenantId))).toEqual([left()]);
  });

  it('by force leaves the session to a newer conversation', async () => {
    await begin();
    const newer = newRef(ref.tenantId);
    await begin(newer);
    await store.purge(ref, await header());
    expect(await index.session(ref.tenantId, 's')).toEqual([{ agentId, conversationId: newer.conversationId, isActive: true }]);
  });
});
