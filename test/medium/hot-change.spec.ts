import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import type { ConversationRef, HotConversation } from '../../src/modules/conversations/conversation.js';
import type { Refused } from '../../src/modules/conversations/hot/append.js';
import type { Changed, HeaderChange, HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import type { HotIndexStore } from '../../src/modules/conversations/hot/hot-index.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { HotStores, append, close, fill, markArchived, newRef, numbers, snapshotOf } from '../support/hot-store.js';
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
  store = stores.open({ maxLagSeconds: 100 });
  index = stores.openIndex();
});
beforeEach(() => {
  ref = newRef(newId());
});
afterAll(() => {
  stores.close();
  redis.disconnect();
});

const header = async (of = ref): Promise<HotConversation> => (await store.read(of, { tail: 0 }))!.conversation;
const begin = async (of: ConversationRef, sessionId = 'first'): Promise<unknown> => append(store, of, newMessage(), { create: newConversation({ conversationId: of.conversationId, sessionId, agentId }) });
const change = async (overrides: Partial<HeaderChange> = {}, of = ref): Promise<Changed | Refused | null> => store.change(of, await header(of), { fields: { summary: 'changed' }, dueInSeconds: 50, ...overrides });
const dueAt = async (): Promise<number> => Number(await redis.zscore(keys.due(ref.tenantId), ref.conversationId));
const activeScore = async (of = ref): Promise<string | null> => redis.zscore(keys.active(of.tenantId), of.conversationId);
const neighbour = (): ConversationRef => newRef(ref.tenantId);

/** The change is refused, and Redis is as if it had never been tried. */
async function expectRefused(overrides: Partial<HeaderChange>, refusal: object): Promise<void> {
  const before = await snapshotOf(redis, ref.tenantId);
  expect(await change(overrides)).toEqual({ outcome: 'refused', ...refusal });
  expect(await snapshotOf(redis, ref.tenantId)).toEqual(before);
}

describe('a change of the header', () => {
  it('sets the fields it names, and no other', async () => {
    await begin(ref);
    const before = await header();
    const fields = { status: 'completed', closedAt: '1700000000123', metadata: '{"a":["b"]}', summary: 'in "short"\n', customerSatisfaction: '4' } as const;
    expect(await change({ fields })).toEqual({ outcome: 'changed', displaced: null });
    expect(await header()).toEqual({ ...before, status: 'completed', closedAt: new Date(1_700_000_000_123), metadata: { a: ['b'] }, summary: 'in "short"\n', customerSatisfaction: 4, revision: before.revision + 1 });
    await change({ fields: { closedAt: '', summary: '', customerSatisfaction: '' } });
    expect(await header()).toMatchObject({ status: 'completed', closedAt: null, summary: null, customerSatisfaction: null });
  });

  it('is a revision of its own each time, also when two come at once', async () => {
    await begin(ref);
    const { revision } = await header();
    await Promise.all(numbers(1, 20).map((i) => change({ fields: { summary: String(i) } })));
    expect((await header()).revision).toBe(revision + 20);
  });

  it('makes the conversation due as soon as it says, but never later than it was', async () => {
    await begin(ref);
    const before = Date.now();
    await change({ dueInSeconds: 50 });
    expect(await dueAt()).toBeGreaterThanOrEqual(before + 50_000);
    expect(await dueAt()).toBeLessThanOrEqual(Date.now() + 50_000);
    const due = await dueAt();
    await change({ dueInSeconds: 5_000 });
    expect(await dueAt()).toBe(due);
    await change({ dueInSeconds: 0 });
    expect(await dueAt()).toBeLessThanOrEqual(Date.now());
  });

  it('makes one due that was not, whatever its status', async () => {
    await begin(ref);
    await markArchived(store, ref, 1);
    expect(await redis.zscore(keys.due(ref.tenantId), ref.conversationId)).toBeNull();
    await change();
    expect(await dueAt()).toBeGreaterThan(Date.now());
  });

  it('that names no session leaves the session and the active ones as they are', async () => {
    await begin(ref);
    const before = [await index.session(ref.tenantId, 'first'), await activeScore()];
    await change({ fields: { status: 'completed' } });
    expect([await index.session(ref.tenantId, 'first'), await activeScore()]).toEqual(before);
  });

  it('of what is not hot makes nothing', async () => {
    expect(await store.change(ref, { sessionId: 's', agentId }, { fields: { summary: 'x' }, session: 'enter', dueInSeconds: 0 })).toBeNull();
    expect(await snapshotOf(redis, ref.tenantId)).toEqual({});
  });
});

describe('a change of what is believed', () => {
  it('is made while the status is the one believed, and refused with the other when it is not', async () => {
    await begin(ref);
    await expectRefused({ status: 'completed' }, { reason: 'status', fact: 'active' });
    expect(await change({ status: 'active' })).toMatchObject({ outcome: 'changed' });
  });

  it('opens a transferred conversation at the revision of which PostgreSQL was told, and at no other', async () => {
    await begin(ref);
    await close(store, ref);
    await markArchived(store, ref, 1);
    const opening = { fields: { status: 'active' }, session: 'enter' } as const;
    const { revision } = await header();
    await expectRefused(opening, { reason: 'transferred', fact: revision });
    await expectRefused({ ...opening, toldRevision: revision - 1 }, { reason: 'transferred', fact: revision });
    expect(await change({ ...opening, toldRevision: revision })).toMatchObject({ outcome: 'changed' });
    expect((await header()).status).toBe('active');
  });

  it('is made once by fifty at once that believe the same', async () => {
    await begin(ref);
    const processes = [store, stores.open(), stores.open()];
    const believed = await header();
    const changes = await Promise.all(numbers(1, 50).map((i) => processes[i % 3]!.change(ref, believed, { fields: { status: 'completed' }, session: 'leave', status: 'active', dueInSeconds: 0 })));
    expect(changes.filter((answer) => answer?.outcome === 'changed')).toHaveLength(1);
    expect((await header()).revision).toBe(believed.revision + 1);
  });

  it('of one without a newer message is made up to that very moment, and refused with the time of a newer one', async () => {
    await begin(ref);
    const at = (await header()).lastMessageAt.getTime();
    await expectRefused({ idleSince: new Date(at - 1) }, { reason: 'busy', fact: String(at) });
    expect(await change({ idleSince: new Date(at) })).toMatchObject({ outcome: 'changed' });
    expect(await change({ idleSince: new Date(at + 1) })).toMatchObject({ outcome: 'changed' });
  });

  it('of its session is made while it is in the one believed, and refused with the other when it is not', async () => {
    await begin(ref);
    const stale = { sessionId: 'elsewhere', agentId };
    const before = await snapshotOf(redis, ref.tenantId);
    for (const session of ['enter', 'leave'] as const) expect(await store.change(ref, stale, { fields: { status: 'completed' }, session, dueInSeconds: 0 })).toEqual({ outcome: 'refused', reason: 'session', fact: 'first' });
    expect(await snapshotOf(redis, ref.tenantId)).toEqual(before);
    expect(await store.change(ref, stale, { fields: { summary: 'x' }, dueInSeconds: 0 })).toMatchObject({ outcome: 'changed' });
  });

  it('is refused for its status before anything else', async () => {
    await begin(ref);
    await expectRefused({ status: 'transferred', idleSince: new Date(0), session: 'enter', activeLimit: 0 }, { reason: 'status', fact: 'active' });
  });
});

describe('a change that enters a session', () => {
  const enter = { fields: { status: 'active', sessionId: 'second' }, session: 'enter' } as const;

  it('takes the conversation out of the one that it was in', async () => {
    await begin(ref);
    expect(await change(enter)).toEqual({ outcome: 'changed', displaced: null });
    expect(await header()).toMatchObject({ sessionId: 'second' });
    expect(await index.session(ref.tenantId, 'second')).toEqual([{ agentId, conversationId: ref.conversationId, isActive: true }]);
    expect(await index.session(ref.tenantId, 'first')).toEqual([]);
  });

  it('displaces the one that is there, which is told', async () => {
    await begin(ref);
    const there = neighbour();
    await begin(there, 'second');
    expect(await change(enter)).toEqual({ outcome: 'changed', displaced: there.conversationId });
    expect(await index.session(ref.tenantId, 'second')).toEqual([{ agentId, conversationId: ref.conversationId, isActive: true }]);
    expect(await header(there)).toMatchObject({ status: 'active', sessionId: 'second' });
    await close(store, there);
    expect(await index.session(ref.tenantId, 'second')).toEqual([{ agentId, conversationId: ref.conversationId, isActive: true }]);
  });

  it('that it is in already displaces nobody', async () => {
    await begin(ref);
    const before = await activeScore();
    expect(await change({ fields: { sessionId: 'first' }, session: 'enter' })).toEqual({ outcome: 'changed', displaced: null });
    expect(await index.session(ref.tenantId, 'first')).toEqual([{ agentId, conversationId: ref.conversationId, isActive: true }]);
    expect(await activeScore()).toBe(before);
  });

  it('makes a closed conversation one of the active ones', async () => {
    await begin(ref);
    await close(store, ref);
    expect(await activeScore()).toBeNull();
    await change(enter);
    expect(Number(await activeScore())).toBeLessThanOrEqual(Date.now());
    expect(await header()).toMatchObject({ status: 'active' });
  });

  it('takes no other agent’s conversation out of either session', async () => {
    await begin(ref);
    for (const sessionId of ['first', 'second']) await append(store, neighbour(), newMessage(), { create: newConversation({ agentId: newId(), sessionId }) });
    const others = async (): Promise<unknown> => (await Promise.all(['first', 'second'].map((id) => index.session(ref.tenantId, id)))).flat().filter((entry) => entry.agentId !== agentId);
    const before = await others();
    await change(enter);
    expect(await others()).toEqual(before);
    expect(before).toHaveLength(2);
  });

  it('is refused when a closed one would be one active conversation too many', async () => {
    await begin(ref);
    await close(store, ref);
    await begin(neighbour(), 'elsewhere');
    await begin(neighbour(), 'elsewhere too');
    await expectRefused({ ...enter, activeLimit: 2 }, { reason: 'conversations', fact: 2 });
    expect(await change({ ...enter, activeLimit: 3 })).toMatchObject({ outcome: 'changed' });
  });

  it('has room for one that takes the place of another, and for one that is active already', async () => {
    await begin(ref);
    expect(await change({ ...enter, activeLimit: 1 })).toMatchObject({ outcome: 'changed' });
    await close(store, ref);
    const there = neighbour();
    await begin(there, 'second');
    expect(await change({ ...enter, activeLimit: 1 })).toEqual({ outcome: 'changed', displaced: there.conversationId });
  });
});

describe('a change that leaves the session', () => {
  it('is no more active, and stays the session’s newest', async () => {
    await begin(ref);
    await change({ fields: { status: 'completed' }, session: 'leave' });
    expect(await index.session(ref.tenantId, 'first')).toEqual([{ agentId, conversationId: ref.conversationId, isActive: false }]);
    expect(await activeScore()).toBeNull();
  });

  it('leaves the session to the conversation that has come since', async () => {
    await begin(ref);
    const newer = neighbour();
    await begin(newer, 'first');
    await change({ fields: { status: 'completed' }, session: 'leave' });
    expect(await index.session(ref.tenantId, 'first')).toEqual([{ agentId, conversationId: newer.conversationId, isActive: true }]);
    expect(await activeScore(newer)).not.toBeNull();
  });

  it('knows no limit', async () => {
    await begin(ref);
    await fill(store, neighbour(), 1);
    expect(await change({ fields: { status: 'completed' }, session: 'leave', activeLimit: 0 })).toMatchObject({ outcome: 'changed' });
  });
});

describe('opening a session', () => {
  it('is refused when it would begin one active conversation too many, and leaves no trace', async () => {
    await begin(ref);
    const before = await snapshotOf(redis, ref.tenantId);
    expect(await store.openSession(ref.tenantId, newConversation({ agentId, sessionId: 'second' }), 1)).toEqual({ outcome: 'refused', reason: 'conversations', fact: 1 });
    expect(await snapshotOf(redis, ref.tenantId)).toEqual(before);
    expect(await store.openSession(ref.tenantId, newConversation({ agentId, sessionId: 'first' }), 1)).toEqual({ conversationId: ref.conversationId, isNew: false });
    expect(await store.openSession(ref.tenantId, newConversation({ agentId, sessionId: 'second' }), 2)).toMatchObject({ isNew: true });
  });

  it('begins a conversation that is hot, active, due, and has not been moved', async () => {
    const conversation = newConversation({ agentId, sessionId: 's', conversationId: ref.conversationId, userId: 'u', metadata: { source: 'web' } });
    const before = Date.now();
    expect(await store.openSession(ref.tenantId, conversation)).toEqual({ conversationId: ref.conversationId, isNew: true });
    expect(await header()).toMatchObject({ ...conversation, status: 'active', seq: 0, archivedSeq: 0, archivedRevision: -1, revision: 0, firstHotSeq: 1, tokenCount: 0, closedAt: null });
    expect(await dueAt()).toBeGreaterThanOrEqual(before + 100_000);
    expect([await activeScore(), await redis.zscore(keys.hot(ref.tenantId), ref.conversationId)]).toEqual([expect.any(String), expect.any(String)]);
    expect(await append(store, ref, newMessage(), { sessionId: 's' })).toEqual({ outcome: 'appended', seq: 1, displaced: null });
  });
});
