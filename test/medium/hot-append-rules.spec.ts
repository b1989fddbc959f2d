import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import type { ConversationRef, HotConversation, NewConversation } from '../../src/modules/conversations/conversation.js';
import type { HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import type { HotIndexStore } from '../../src/modules/conversations/hot/hot-index.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { HotStores, append, close, fill, markArchived, newRef, numbers, release, seqOf, seqsOf, snapshotOf } from '../support/hot-store.js';
import { emptyRedis } from '../support/services.js';

const stores = new HotStores();
let redis: Redis;
let store: HotConversationStore;
let index: HotIndexStore;
/** A conversation of a tenant of its own. */
let ref: ConversationRef;

beforeAll(async () => {
  redis = await emptyRedis();
  store = stores.open({ maxLagSeconds: 100, releaseSeconds: 0, hotTailMessages: 2 });
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
const isActive = async (of = ref): Promise<boolean> => (await redis.zscore(keys.active(of.tenantId), of.conversationId)) !== null;
const dueAt = async (): Promise<number> => Number(await redis.zscore(keys.due(ref.tenantId), ref.conversationId));
const setStatus = async (status: string): Promise<number> => redis.hset(keys.conversation(ref.tenantId, ref.conversationId), 'status', status);
const neighbour = (): ConversationRef => newRef(ref.tenantId);
const begin = async (of: ConversationRef, overrides: Partial<NewConversation> = {}): ReturnType<typeof append> => append(store, of, newMessage(), { create: newConversation({ conversationId: of.conversationId, ...overrides }) });

/** The append is refused, and Redis is as if it had never been tried. */
async function expectRefused(options: Parameters<typeof append>[3], refusal: object, of = ref, message = newMessage()): Promise<void> {
  const before = await snapshotOf(redis, of.tenantId);
  expect(await append(store, of, message, options)).toEqual({ outcome: 'refused', ...refusal });
  expect(await snapshotOf(redis, of.tenantId)).toEqual(before);
}

describe('an append that says which message is the newest', () => {
  it('is taken while that is so, and refused with the newest seq as soon as it is not', async () => {
    await fill(store, ref, 3);
    await expectRefused({ expectedSeq: 2 }, { reason: 'moved', fact: 3 });
    await expectRefused({ expectedSeq: 4 }, { reason: 'moved', fact: 3 });
    expect(await append(store, ref, newMessage(), { expectedSeq: 3 })).toMatchObject({ outcome: 'appended', seq: 4 });
    await expectRefused({ expectedSeq: 3 }, { reason: 'moved', fact: 4 });
  });

  it('begins a conversation if it says 0, and leaves nothing if it says anything else', async () => {
    const create = newConversation({ conversationId: ref.conversationId });
    await expectRefused({ create, expectedSeq: 1 }, { reason: 'moved', fact: 0 });
    expect(await append(store, ref, newMessage(), { create, expectedSeq: 0 })).toMatchObject({ outcome: 'appended', seq: 1 });
  });

  it('is the only one of fifty that say the same', async () => {
    await fill(store, ref, 1);
    const processes = [store, stores.open(), stores.open()];
    const answers = await Promise.all(numbers(1, 50).map((i) => append(processes[i % 3]!, ref, newMessage(), { expectedSeq: 1 })));
    expect(answers.filter((answer) => answer?.outcome === 'appended')).toHaveLength(1);
    expect(answers.filter((answer) => answer?.outcome === 'refused')).toHaveLength(49);
    expect(await header()).toMatchObject({ seq: 2 });
  });

  it('and is repeated is the same append, though other messages are newer by now', async () => {
    await fill(store, ref, 1);
    const message = newMessage();
    await append(store, ref, message, { expectedSeq: 1 });
    await fill(store, ref, 1);
    expect(await append(store, ref, message, { expectedSeq: 1 })).toMatchObject({ outcome: 'repeated', seq: 2 });
  });
});

describe('an append of a run', () => {
  const lease = async (token: string): Promise<number> => redis.hset(keys.lease(ref.tenantId, ref.conversationId), 'executionId', newId(), 'token', token);

  it('is taken while the lease has its token, and refused with the newer one when another run has it', async () => {
    await fill(store, ref, 1);
    await lease('7');
    expect(await append(store, ref, newMessage(), { fencingToken: '7' })).toMatchObject({ outcome: 'appended', seq: 2 });
    await lease('8');
    await expectRefused({ fencingToken: '7' }, { reason: 'fenced', fact: '8' });
  });

  it('is refused when nobody has a lease any more', async () => {
    await fill(store, ref, 1);
    await expectRefused({ fencingToken: '7' }, { reason: 'fenced', fact: '' });
  });

  it('begins no conversation with a stale token', async () => {
    await lease('8');
    await expectRefused({ create: newConversation({ conversationId: ref.conversationId }), fencingToken: '7' }, { reason: 'fenced', fact: '8' });
  });

  it('that has no token needs no lease', async () => {
    await fill(store, ref, 1);
    await lease('8');
    expect(await append(store, ref)).toMatchObject({ outcome: 'appended', seq: 2 });
  });

  it('and is repeated is the same append, whoever has the lease by now', async () => {
    await fill(store, ref, 1);
    await lease('7');
    const message = newMessage();
    await append(store, ref, message, { fencingToken: '7' });
    await lease('8');
    expect(await append(store, ref, message, { fencingToken: '7' })).toMatchObject({ outcome: 'repeated', seq: 2, stored: { messageId: message.messageId } });
  });
});

describe('the limit of messages', () => {
  it('lets the last one in and refuses the next, with how many there are', async () => {
    await fill(store, ref, 2);
    expect(await append(store, ref, newMessage(), { messageLimit: 3 })).toMatchObject({ outcome: 'appended', seq: 3 });
    await expectRefused({ messageLimit: 3 }, { reason: 'messages', fact: 3 });
    await expectRefused({ messageLimit: 1 }, { reason: 'messages', fact: 3 });
    expect(await append(store, ref, newMessage(), { messageLimit: null })).toMatchObject({ seq: 4 });
  });

  it('is met exactly by fifty at once, and a repeated message is no further one', async () => {
    const create = newConversation({ conversationId: ref.conversationId });
    const processes = [store, stores.open(), stores.open()];
    const messages = numbers(1, 50).map(() => newMessage());
    const answers = await Promise.all(messages.map((message, i) => append(processes[i % 3]!, ref, message, { create, messageLimit: 20 })));
    expect(answers.flatMap((answer) => (answer?.outcome === 'appended' ? [answer.seq] : [])).sort((a, b) => a - b)).toEqual(numbers(1, 20));
    const taken = messages[answers.findIndex((answer) => answer?.outcome === 'appended')];
    expect(await append(store, ref, taken, { create, messageLimit: 20 })).toMatchObject({ outcome: 'repeated' });
  });
});

describe('the limit of active conversations', () => {
  it('refuses the message that would begin one too many, and leaves no trace of it', async () => {
    await begin(neighbour());
    await begin(neighbour());
    await expectRefused({ create: newConversation({ conversationId: ref.conversationId }), activeLimit: 2 }, { reason: 'conversations', fact: 2 });
    expect(await append(store, ref, newMessage(), { create: newConversation({ conversationId: ref.conversationId }), activeLimit: 3 })).toMatchObject({ outcome: 'appended' });
  });

  it('refuses the message that would open a closed one, which stays as it was', async () => {
    await fill(store, ref, 1);
    await close(store, ref);
    await begin(neighbour());
    await expectRefused({ activeLimit: 1 }, { reason: 'conversations', fact: 1 });
    expect(await append(store, ref, newMessage(), { activeLimit: 2 })).toMatchObject({ outcome: 'appended' });
  });

  it('refuses no message of one that is active, and none that leaves a closed one closed', async () => {
    await fill(store, ref, 1);
    await begin(neighbour());
    expect(await append(store, ref, newMessage(), { activeLimit: 1 })).toMatchObject({ outcome: 'appended' });
    await close(store, ref);
    expect(await append(store, ref, newMessage({ role: 'assistant' }), { activeLimit: 1 })).toMatchObject({ outcome: 'appended' });
  });

  it('has room for the one that takes the place of its session’s', async () => {
    const place = { sessionId: 's', agentId: newId() };
    const before = neighbour();
    await begin(before, place);
    const create = newConversation({ conversationId: ref.conversationId, ...place });
    expect(await append(store, ref, newMessage(), { create, activeLimit: 1 })).toMatchObject({ outcome: 'appended', displaced: before.conversationId });
    expect(await index.session(ref.tenantId, 's')).toEqual([{ agentId: place.agentId, conversationId: ref.conversationId, isActive: true }]);
  });

  it('is met exactly by fifty at once', async () => {
    const processes = [store, stores.open(), stores.open()];
    const refs = numbers(1, 50).map(neighbour);
    const answers = await Promise.all(refs.map((of, i) => append(processes[i % 3]!, of, newMessage(), { create: newConversation({ conversationId: of.conversationId }), activeLimit: 10 })));
    expect(answers.filter((answer) => answer?.outcome === 'appended')).toHaveLength(10);
    expect(await redis.zcard(keys.active(ref.tenantId))).toBe(10);
    expect(await redis.keys(`nb:{${ref.tenantId}}:conv:*:ids`)).toHaveLength(10);
  });
});

describe('a repeated append', () => {
  it('returns the message that is stored, also behind a trim; null once PostgreSQL alone has it', async () => {
    await fill(store, ref, 4);
    await markArchived(store, ref, 4);
    expect(await store.trim(ref)).toBe(2);
    const before = await snapshotOf(redis, ref.tenantId);
    const repeat = async (seq: number): Promise<unknown> => append(store, ref, newMessage({ messageId: `m${String(seq)}`, content: 'other' }));
    expect(await repeat(4)).toMatchObject({ outcome: 'repeated', seq: 4, stored: { seq: 4, messageId: 'm4', content: 'message 4' } });
    expect(await repeat(3)).toMatchObject({ outcome: 'repeated', seq: 3, stored: { seq: 3, messageId: 'm3', content: 'message 3' } });
    expect(await repeat(2)).toEqual({ outcome: 'repeated', seq: 2, stored: null });
    expect(await repeat(1)).toEqual({ outcome: 'repeated', seq: 1, stored: null });
    expect(await snapshotOf(redis, ref.tenantId)).toEqual(before);
  });
});

describe('a conversation that takes no more messages', () => {
  it.each(['archived', 'deleted'])('because it is %s refuses them, and leaves no trace of them', async (status) => {
    await fill(store, ref, 1);
    await setStatus(status);
    await expectRefused({}, { reason: 'closed', fact: status });
    await expectRefused({ create: newConversation({ conversationId: ref.conversationId }) }, { reason: 'closed', fact: status });
    await expectRefused({}, { reason: 'closed', fact: status }, ref, newMessage({ role: 'assistant' }));
  });
});

describe('a user’s message to a closed conversation', () => {
  it('brings it into the session that the message comes from, and makes it active', async () => {
    const agentId = newId();
    await begin(ref, { agentId, sessionId: 'first' });
    await close(store, ref);
    expect(await isActive()).toBe(false);
    const other = neighbour();
    await begin(other, { agentId, sessionId: 'second' });
    expect(await append(store, ref, newMessage(), { sessionId: 'second' })).toEqual({ outcome: 'appended', seq: 2, displaced: other.conversationId });
    expect(await header()).toMatchObject({ status: 'active', sessionId: 'second', closedAt: null });
    expect(await isActive()).toBe(true);
    expect(await index.session(ref.tenantId, 'second')).toEqual([{ agentId, conversationId: ref.conversationId, isActive: true }]);
    expect(await index.session(ref.tenantId, 'first')).toEqual([]);
  });

  it('leaves the session before to the conversation that has come there since', async () => {
    const agentId = newId();
    await begin(ref, { agentId, sessionId: 'first' });
    await close(store, ref);
    const newer = neighbour();
    await begin(newer, { agentId, sessionId: 'first' });
    await append(store, ref, newMessage(), { sessionId: 'second' });
    expect(await index.session(ref.tenantId, 'first')).toEqual([{ agentId, conversationId: newer.conversationId, isActive: true }]);
  });

  it('that is refused leaves it in the session that it was in', async () => {
    await begin(ref, { sessionId: 'first' });
    await close(store, ref);
    await begin(neighbour());
    await expectRefused({ sessionId: 'second', activeLimit: 1 }, { reason: 'conversations', fact: 1 });
  });

  it('displaces none when it is its session’s own', async () => {
    await begin(ref, { sessionId: 's' });
    await close(store, ref);
    expect(await append(store, ref, newMessage(), { sessionId: 's' })).toMatchObject({ displaced: null });
  });

  it('makes one that is due for release due for its move instead, and keeps it in Redis', async () => {
    await fill(store, ref, 2);
    await close(store, ref);
    await markArchived(stores.open({ releaseSeconds: 1_000 }), ref, 2);
    expect(await append(store, ref)).toMatchObject({ outcome: 'appended' });
    expect(await dueAt()).toBeLessThanOrEqual(Date.now() + 100_000);
    expect(await release(store, ref)).toBe(false);
  });
});

describe('the first message that PostgreSQL lacks', () => {
  it('makes a conversation due no later than a change of its header did', async () => {
    await fill(store, ref, 1);
    await markArchived(store, ref, 1);
    await store.change(ref, await header(), { fields: { summary: 'new' }, dueInSeconds: 5 });
    const due = await dueAt();
    await fill(store, ref, 1);
    expect(await dueAt()).toBe(due);
    expect(due).toBeLessThan(Date.now() + 10_000);
  });
});

describe('an answer to a closed conversation', () => {
  it.each([
    ['completed', 'completed'],
    ['transferred', 'completed'],
  ])('leaves one that is %s closed: it is %s', async (before, after) => {
    await begin(ref, { sessionId: 's' });
    await close(store, ref);
    if (before === 'transferred') await markArchived(store, ref, 1);
    const { closedAt } = await header();
    expect(await append(store, ref, newMessage({ role: 'assistant' }), { sessionId: 'elsewhere' })).toEqual({ outcome: 'appended', seq: 2, displaced: null });
    expect(await header()).toMatchObject({ status: after, sessionId: 's', closedAt, seq: 2 });
    expect(await isActive()).toBe(false);
    expect(await index.session(ref.tenantId, 'elsewhere')).toEqual([]);
    expect(await release(store, ref)).toBe(false);
  });
});

describe('where the system messages are', () => {
  const say = async (role: 'user' | 'system'): Promise<number> => seqOf(await append(store, ref, newMessage({ role }), { create: newConversation({ conversationId: ref.conversationId }) }));

  it('is remembered of the newest 32, oldest first', async () => {
    const seqs: number[] = [];
    for (const i of numbers(1, 40)) {
      await say('user');
      seqs.push(await say('system'));
      expect((await header()).systemSeqs).toEqual(seqs.slice(-32));
      expect(seqs).toHaveLength(i);
    }
    expect(seqsOf(await store.read(ref, { tail: 1 }))).toEqual([80]);
  });

  it('is nowhere when there are none', async () => {
    await say('user');
    expect((await header()).systemSeqs).toEqual([]);
  });
});
