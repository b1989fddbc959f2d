import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import type { HotConversation } from '../../src/modules/conversations/conversation.js';
import { HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import { HotIndexStore } from '../../src/modules/conversations/hot/hot-index.store.js';
import { SessionSocketsStore } from '../../src/modules/conversations/hot/session-sockets.store.js';
import { MigrationSettings } from '../../src/shared/config/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { append, close, fill, markArchived, newRef, numbers, reheat, release, seqOf, seqsOf } from '../support/hot-store.js';
import { OwnCluster } from '../support/own-cluster.js';

let cluster: OwnCluster;
/** One tenant of each node. */
const tenants: string[] = [];

beforeAll(async () => {
  cluster = await OwnCluster.start();
  for (let i = 0; tenants.filter(Boolean).length < 3; i++) {
    const tenantId = `tenant-${String(i)}`;
    tenants[await cluster.nodeOf(keys.hot(tenantId))] ??= tenantId;
  }
});
afterAll(async () => {
  await cluster.remove();
});

/** As one process has them. */
function open(): { store: HotConversationStore; index: HotIndexStore; sockets: SessionSocketsStore } {
  const client = cluster.connect() as unknown as Redis;
  const settings = Object.assign(new MigrationSettings(), { releaseSeconds: 0, hotTailMessages: 3 });
  return { store: new HotConversationStore(client, settings), index: new HotIndexStore(client, settings), sockets: new SessionSocketsStore(client) };
}

describe.each([0, 1, 2])('on a Redis Cluster, a tenant of node %i', (node) => {
  const keysOnNodes = async (tenantId: string): Promise<number[]> => Promise.all(cluster.nodes.map(async ({ redis }) => (await redis.keys(`nb:{${tenantId}}:*`)).length));

  it('has everything there, a whole life long', async () => {
    const tenantId = tenants[node]!;
    const { store, index, sockets } = open();
    const ref = newRef(tenantId);
    const conversation = newConversation({ conversationId: ref.conversationId, sessionId: 's' });
    const header = async (): Promise<HotConversation> => (await store.read(ref, { tail: 0 }))!.conversation;

    expect(await store.openSession(tenantId, conversation, 10)).toEqual({ conversationId: ref.conversationId, isNew: true });
    for (const seq of numbers(1, 10)) expect(seqOf(await append(store, ref, newMessage({ messageId: `m${String(seq)}` }), { sessionId: 's', activeLimit: 10, messageLimit: 100, expectedSeq: seq - 1 }))).toBe(seq);
    expect(await append(store, ref, newMessage(), { fencingToken: 'none' })).toMatchObject({ outcome: 'refused', reason: 'fenced' });
    expect(await append(store, ref, newMessage({ messageId: 'm3' }))).toMatchObject({ outcome: 'repeated', seq: 3, stored: { messageId: 'm3' } });
    expect(seqsOf(await store.read(ref, { from: 4, count: 3 }))).toEqual([4, 5, 6]);
    expect(await store.window(ref, 5, { seq: 8, messageId: 'm8' })).toMatchObject({ goesOn: true, firstSeq: 9, messages: [{ seq: 9 }, { seq: 10 }] });
    expect(await store.findMessage(ref, 'm7')).toMatchObject({ seq: 7 });
    expect(await store.withdraw(ref, ['m9', 'none'], 1_000)).toEqual({ outcome: 'withdrawn', agentId: conversation.agentId, seqs: [9] });
    expect(await store.window(ref, 2)).toMatchObject({ firstSeq: 8, withdrawnSeqs: [9] });

    expect(await store.change(ref, await header(), { fields: { sessionId: 't' }, session: 'enter', status: 'active', activeLimit: 1, dueInSeconds: 0 })).toEqual({ outcome: 'changed', displaced: null });
    expect(await index.session(tenantId, 't')).toEqual([{ agentId: conversation.agentId, conversationId: ref.conversationId, isActive: true }]);
    await sockets.seen(tenantId, 't', 'socket', 60_000);
    expect(await sockets.isAnyOpen(tenantId, 't')).toBe(true);
    await sockets.gone(tenantId, 't', 'socket');
    expect((await index.hotConversations(tenantId)).map(({ seq }) => seq)).toEqual([10]);
    expect((await index.findIdle(tenantId, new Date(Date.now() + 1_000), 10)).idle.map(({ conversationId }) => conversationId)).toEqual([ref.conversationId]);
    expect(await index.findDue(tenantId, 10)).toEqual([ref.conversationId]);
    const onNodes = await keysOnNodes(tenantId);
    expect(onNodes.map((count) => count > 0)).toEqual([0, 1, 2].map((each) => each === node));

    expect(await markArchived(store, ref, 10)).toBe(0);
    expect(await store.trim(ref)).toBe(7);
    expect(seqsOf(await store.read(ref, { tail: 100 }))).toEqual([8, 9, 10]);
    expect(await close(store, ref)).toBe(true);
    await markArchived(store, ref, 10);
    const { conversation: last, messages } = (await store.read(ref, { tail: 100 }))!;
    expect(await release(store, ref)).toBe(true);
    expect(await store.read(ref, { tail: 0 })).toBeNull();

    await reheat(store, ref, last, { tail: messages, ids: numbers(1, 10).map((seq) => [`m${String(seq)}`, seq]) });
    expect(await store.read(ref, { tail: 100 })).toEqual({ conversation: last, messages });
    expect(await append(store, ref, newMessage({ messageId: 'm1' }))).toEqual({ outcome: 'repeated', seq: 1, stored: null });
    expect(await append(store, ref, newMessage(), { sessionId: 't' })).toEqual({ outcome: 'appended', seq: 11, displaced: null });
    await index.postpone(ref);
    await store.purge(ref, await header());
    expect((await keysOnNodes(tenantId))[node]).toBe(1);
  });
});

describe('on a Redis Cluster, all three nodes', () => {
  it('take the messages of two processes at once, many in one round trip, each tenant’s dense', async () => {
    const processes = [open(), open()];
    const refs = tenants.map((tenantId) => newRef(tenantId));
    for (const ref of refs) await fill(processes[0]!.store, ref, 1);
    const answers = await Promise.all(numbers(0, 299).map(async (i) => ({ of: i % 3, seq: seqOf(await append(processes[i % 2]!.store, refs[i % 3]!, newMessage({ messageId: newId() }))) })));
    for (const node of [0, 1, 2]) expect(answers.filter(({ of }) => of === node).map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(numbers(2, 101));
    for (const ref of refs) expect(seqsOf(await processes[1]!.store.read(ref, { tail: 1_000 }))).toEqual(numbers(1, 101));
  });
});
