import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConversationRef } from '../../src/modules/conversations/index.js';
import { messageChecksum } from '../../src/modules/conversations/message-checksum.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { append, close, fill, newRef, numbers, release } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

let moves: Moves;
let ref: ConversationRef;

beforeAll(async () => {
  moves = await Moves.start();
});
beforeEach(() => {
  ref = newRef();
});
afterAll(async () => {
  await moves.close();
});

const hotMessages = async (): Promise<Parameters<typeof messageChecksum>[0]> => (await moves.hot.read(ref, { from: 1, count: 10_000 }))!.messages;
const isDue = async (): Promise<boolean> => (await moves.nooble.redis.zscore(keys.due('acme'), ref.conversationId)) !== null;
/** What a worker leaves that dies between the commit and the mark. */
const storeWithoutMark = async (): Promise<void> => {
  const range = await moves.hot.read(ref, { unarchived: 1_000 });
  await moves.transactions.run(ref.tenantId, async (tx) => {
    const added = await moves.archive.store(ref, range!, tx);
    await moves.ledger.insert(ref.tenantId, { ...added!, conversationId: ref.conversationId, durationMs: 1, attempt: 1, outcome: 'verified', error: null }, tx);
  });
};

describe('a move', () => {
  it('brings an active conversation whole to PostgreSQL, marks it, and leaves it in Redis', async () => {
    const conversation = newConversation({ conversationId: ref.conversationId, userId: 'u', metadata: { source: 'web' } });
    const sent = newMessage({ role: 'assistant', content: 'x "y" \n 😀', tokens: 7, agentId: conversation.agentId, executionId: conversation.agentId, metadata: { isPartial: true } });
    await append(moves.hot, ref, newMessage({ messageId: 'm1' }), { create: conversation });
    await append(moves.hot, ref, sent);
    const { conversation: header, messages } = (await moves.hot.read(ref, { tail: 10 }))!;
    await moves.mover().move(ref);
    const stored = await moves.stored(ref);
    expect(stored.row).toMatchObject({ agent_id: conversation.agentId, session_id: conversation.sessionId, user_id: 'u', status: 'active', model: 'builtin/chat', message_count: 2, token_count: '8', archived_seq: 2, metadata: { source: 'web' }, created_at: header.createdAt, last_message_at: header.lastMessageAt, closed_at: null });
    expect(stored.messages[1]).toMatchObject({ seq: 2, message_id: sent.messageId, role: 'assistant', content: sent.content, tokens: 7, agent_id: sent.agentId, execution_id: sent.executionId, metadata: { isPartial: true }, created_at: messages[1]?.createdAt });
    expect((await moves.hot.read(ref, { tail: 10 }))!).toEqual({ conversation: { ...header, archivedSeq: 2, archivedRevision: header.revision }, messages });
    expect(await isDue()).toBe(false);
  });

  it('writes down what it moved, with the checksum that both stores still have', async () => {
    await fill(moves.hot, ref, 5);
    await moves.mover().move(ref);
    const [entry, ...others] = await moves.ledger.findByConversation('acme', ref.conversationId);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ fromSeq: 1, toSeq: 5, messageCount: 5, outcome: 'verified', error: null, attempt: 1, movedAt: expect.any(Date) });
    expect(entry?.checksum).toBe(messageChecksum(await hotMessages()));
    expect(entry?.checksum).toBe(await moves.archive.checksum(ref, 1, 5));
  });

  it('of a closed conversation whose release time has come takes it out of Redis', async () => {
    await fill(moves.hot, ref, 3);
    await close(moves.hot, ref);
    await moves.mover().move(ref);
    expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'transferred', archived_seq: 3, closed_at: expect.any(Date) });
    expect(await isDue()).toBe(false);
  });

  it('of a closed conversation whose release time has not come leaves it, due again then', async () => {
    await fill(moves.hot, ref, 3);
    await close(moves.hot, ref);
    await moves.mover({ releaseSeconds: 60 }).move(ref);
    expect((await moves.hot.read(ref, { tail: 0 }))?.conversation).toMatchObject({ status: 'transferred', archivedSeq: 3 });
    expect(await isDue()).toBe(true);
  });

  it.each([
    [25, [[1, 10], [11, 20], [21, 25]]],
    [20, [[1, 10], [11, 20]]],
    [10, [[1, 10]]],
    [1, [[1, 1]]],
  ])('of %i messages in batches of ten has the ranges %j, each in the ledger', async (count, ranges) => {
    await fill(moves.hot, ref, count);
    const { move, metrics } = moves.mover({ batchSize: 10 });
    await move(ref);
    expect(await moves.ranges(ref)).toEqual(ranges.map(([from = 0, to = 0]) => [from, to, to - from + 1, 'verified']));
    expect((await moves.stored(ref)).messages.map(({ message_id }) => message_id)).toEqual(numbers(1, count).map((seq) => `m${String(seq)}`));
    expect(await metrics.render()).toContain(`nooble_migration_messages_total ${String(count)}\n`);
  });

  it('has no more than some megabytes in its hands, however large the messages are', async () => {
    const create = newConversation({ conversationId: ref.conversationId });
    for (const kibibytes of [1_500, 1_500, 1_500, 5_000, 1, 1]) await append(moves.hot, ref, newMessage({ content: 'x'.repeat(kibibytes * 1_024) }), { create });
    await close(moves.hot, ref);
    await moves.mover().move(ref);
    expect(await moves.ranges(ref)).toEqual([[1, 2, 2, 'verified'], [3, 3, 1, 'verified'], [4, 4, 1, 'verified'], [5, 6, 2, 'verified']]);
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'transferred', archived_seq: 6 });
    expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
  });

  it('again moves only what is new', async () => {
    await fill(moves.hot, ref, 3);
    await moves.mover().move(ref);
    await moves.mover().move(ref);
    await fill(moves.hot, ref, 2);
    await moves.mover().move(ref);
    expect(await moves.ranges(ref)).toEqual([[1, 3, 3, 'verified'], [4, 5, 2, 'verified']]);
    expect((await moves.stored(ref)).row).toMatchObject({ message_count: 5, archived_seq: 5 });
  });

  it('of a conversation that is not hot does nothing, and nobody need look at it again', async () => {
    await moves.nooble.redis.zadd(keys.due('acme'), 7, ref.conversationId);
    await moves.mover().move(ref);
    expect(await moves.stored(ref)).toEqual({ row: undefined, messages: [] });
    expect(await isDue()).toBe(false);
  });

  it('that is told to stop before it begins moves nothing', async () => {
    await fill(moves.hot, ref, 3);
    await expect(moves.mover().move(ref, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
    expect((await moves.stored(ref)).messages).toEqual([]);
    expect(await isDue()).toBe(true);
  });

  it('loses and doubles nothing while messages arrive', async () => {
    await fill(moves.hot, ref, 1);
    let isWriting = true;
    const writing = (async () => {
      for (let i = 0; i < 30; i++) await Promise.all(numbers(1, 5).map(() => append(moves.hot, ref)));
    })().finally(() => (isWriting = false));
    const { move } = moves.mover({ batchSize: 7 });
    while (isWriting) await move(ref);
    await writing;
    await move(ref);
    expect((await moves.stored(ref)).messages.map(({ seq }) => seq)).toEqual(numbers(1, 151));
    expect(await moves.archive.checksum(ref, 1, 151)).toBe(messageChecksum(await hotMessages()));
    const ranges = await moves.ranges(ref);
    expect(ranges.flatMap(([from, to]) => numbers(Number(from), Number(to)))).toEqual(numbers(1, 151));
  });
});

describe('after a worker that died between commit and mark', () => {
  it('the next move only marks', async () => {
    await fill(moves.hot, ref, 4);
    await storeWithoutMark();
    expect((await moves.hot.read(ref, { tail: 0 }))?.conversation.archivedSeq).toBe(0);
    const { move, metrics } = moves.mover();
    await move(ref);
    expect((await moves.hot.read(ref, { tail: 0 }))?.conversation.archivedSeq).toBe(4);
    expect(await moves.ranges(ref)).toEqual([[1, 4, 4, 'verified']]);
    expect((await moves.stored(ref)).messages).toHaveLength(4);
    expect(await metrics.render()).toContain('nooble_migration_messages_total 0\n');
  });

  it('the next move adds only what has come since, and its ledger row says so', async () => {
    await fill(moves.hot, ref, 4);
    await storeWithoutMark();
    await fill(moves.hot, ref, 3);
    await moves.mover().move(ref);
    const entries = await moves.ledger.findByConversation('acme', ref.conversationId);
    expect(entries.map(({ fromSeq, toSeq, messageCount }) => [fromSeq, toSeq, messageCount])).toEqual([[1, 4, 4], [5, 7, 3]]);
    for (const { fromSeq, toSeq, checksum } of entries) expect(await moves.archive.checksum(ref, fromSeq, toSeq)).toBe(checksum);
  });

  it('the conversation is released only once it is marked', async () => {
    await fill(moves.hot, ref, 2);
    await close(moves.hot, ref);
    await storeWithoutMark();
    expect(await release(moves.hot, ref)).toBe(false);
    await moves.mover().move(ref);
    expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'transferred' });
  });
});

describe('several movers at once', () => {
  it('of one conversation move every message once and write every range once', async () => {
    await fill(moves.hot, ref, 60);
    await close(moves.hot, ref);
    const movers = numbers(1, 5).map((i) => moves.mover({ batchSize: 10 + i }));
    await Promise.all(movers.map(({ move }) => move(ref)));
    expect((await moves.stored(ref)).messages.map(({ seq }) => seq)).toEqual(numbers(1, 60));
    const ranges = (await moves.ranges(ref)).sort((a, b) => Number(a[0]) - Number(b[0]));
    expect(ranges.flatMap(([from, to]) => numbers(Number(from), Number(to)))).toEqual(numbers(1, 60));
    expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'transferred', archived_seq: 60 });
  });

  it('of one conversation that have read the same range write it once', async () => {
    await fill(moves.hot, ref, 20);
    await Promise.all([moves.mover().move(ref), moves.mover().move(ref), moves.mover().move(ref)]);
    expect(await moves.ranges(ref)).toEqual([[1, 20, 20, 'verified']]);
  });

  it('leave the newest state in PostgreSQL, though the last to write had read an older one', async () => {
    await fill(moves.hot, ref, 3);
    const read = await moves.hot.read(ref, { unarchived: 10 });
    await close(moves.hot, ref);
    await moves.mover().move(ref);
    await moves.transactions.run(ref.tenantId, async (tx) => moves.archive.store(ref, read!, tx));
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'transferred', closed_at: expect.any(Date) });
  });
});

describe('a conversation whose messages were archived before it was closed', () => {
  it('is closed in PostgreSQL too when it leaves Redis', async () => {
    await fill(moves.hot, ref, 3);
    await moves.mover().move(ref);
    await close(moves.hot, ref);
    await moves.mover().move(ref);
    expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'transferred', closed_at: expect.any(Date) });
  });
});
