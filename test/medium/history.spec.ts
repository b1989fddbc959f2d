import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import type { ConversationRef, NewConversation } from '../../src/modules/conversations/index.js';
import { toAppError } from '../../src/shared/errors/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { append as appendTo, close, fill, newRef, numbers, reheat, seqsOf } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';
import { waitFor } from '../support/wait-for.js';

let moves: Moves;
let ref: ConversationRef;
let conversation: NewConversation;

beforeAll(async () => {
  moves = await Moves.start();
});
beforeEach(() => {
  ref = newRef();
  conversation = newConversation({ conversationId: ref.conversationId });
});
afterAll(async () => {
  await moves.close();
});

const append = async (content: string, messageId = newId()): Promise<{ seq: number; isNew: boolean }> => {
  const { seq, earlier } = await moves.conversations.append('acme', conversation, newMessage({ messageId, content }));
  return { seq, isNew: earlier === null };
};
/** Closes the conversation and moves it out of Redis. */
const release = async (): Promise<void> => {
  await close(moves.hot, ref);
  await moves.mover().move(ref);
  expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
};
/** Ten messages, of which Redis has the last three. */
const partlyHot = async (): Promise<void> => {
  await fill(moves.hot, ref, 10);
  const { conversation: header, messages } = (await moves.hot.read(ref, { tail: 3 }))!;
  await release();
  await reheat(moves.hot, ref, { ...header, status: 'transferred', archivedSeq: 10, firstHotSeq: 8 }, { tail: messages });
};

describe('the history', () => {
  it('of an unknown conversation is not found, and has no messages', async () => {
    await expect(moves.history.get(ref)).rejects.toMatchObject({ kind: 'notFound', code: 'CONVERSATION_NOT_FOUND' });
    await expect(moves.history.messages(ref, 1, 10)).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
    expect(await moves.tail(ref, 10)).toEqual([]);
  });

  it('says where the messages are, with the same numbers everywhere', async () => {
    await fill(moves.hot, ref, 4);
    const numbersOf = { messageCount: 4, tokenCount: 4 };
    expect(await moves.history.get(ref)).toMatchObject({ ...numbersOf, storage: 'hot', archivedSeq: 0, status: 'active' });
    await moves.mover().move(ref);
    expect(await moves.history.get(ref)).toMatchObject({ ...numbersOf, storage: 'both', archivedSeq: 4, status: 'active' });
    await close(moves.hot, ref);
    await fill(moves.hot, ref, 1);
    await release();
    expect(await moves.history.get(ref)).toMatchObject({ messageCount: 5, tokenCount: 5, storage: 'cold', archivedSeq: 5, status: 'transferred' });
  });

  it.each([
    [1, 10],
    [3, 4],
    [10, 5],
    [11, 5],
    [1, 1_000],
  ])('from %i, %i messages at the most, is the same hot, in both, cold and partly hot', async (from, count) => {
    await fill(moves.hot, ref, 10);
    const hot = await moves.history.messages(ref, from, count);
    expect(seqsOf(hot)).toEqual(numbers(from, Math.min(10, from + count - 1)));
    await moves.mover().move(ref);
    expect(await moves.history.messages(ref, from, count)).toEqual(hot);
    await close(moves.hot, ref);
    await moves.mover().move(ref);
    expect((await moves.history.messages(ref, from, count)).map((message) => ({ ...message }))).toEqual(hot.map((message) => expect.objectContaining(message)));
  });

  it.each([
    [1, 10, numbers(1, 10)],
    [1, 3, numbers(1, 3)],
    [6, 4, numbers(6, 9)],
    [7, 1, [7]],
    [8, 1, [8]],
    [8, 10, numbers(8, 10)],
    [11, 10, []],
  ])('of which Redis has only the end, from %i, %i messages, is %j', async (from, count, seqs) => {
    await partlyHot();
    const messages = await moves.history.messages(ref, from, count);
    expect(messages.map(({ seq, messageId }) => [seq, messageId])).toEqual(seqs.map((seq) => [seq, `m${String(seq)}`]));
  });

  it.each([
    [1, [10]],
    [3, numbers(8, 10)],
    [5, numbers(6, 10)],
    [10, numbers(1, 10)],
    [50, numbers(1, 10)],
  ])('has the same newest %i messages hot, cold and with only its end in Redis', async (count, seqs) => {
    await fill(moves.hot, ref, 10);
    expect(seqsOf(await moves.tail(ref, count))).toEqual(seqs);
    await release();
    expect(seqsOf(await moves.tail(ref, count))).toEqual(seqs);
    ref = newRef();
    await partlyHot();
    expect(seqsOf(await moves.tail(ref, count))).toEqual(seqs);
  });

  it('belongs to its tenant alone, hot and cold', async () => {
    const stranger = newRef('other', ref.conversationId);
    await fill(moves.hot, ref, 2);
    await expect(moves.history.get(stranger)).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
    await release();
    await expect(moves.history.get(stranger)).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
    await expect(moves.history.messages(stranger, 1, 10)).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
    expect(await moves.tail(stranger, 10)).toEqual([]);
  });

  it('has no gap, no double, no wrong order and is never lost while the conversation is written, moved, released and brought back', async () => {
    await append('first');
    let known = 1;
    let isRunning = true;
    let looks = 0;
    const afterTwoLooks = (): Promise<boolean> => {
      const before = looks;
      return waitFor('two looks', () => looks > before + 1);
    };
    const life = (async () => {
      for (let round = 0; round < 12; round++) {
        for (let i = 0; i < 3; i++) known = (await append(`round ${String(round)}`)).seq;
        await moves.mover({ batchSize: 2 }).move(ref);
        known = (await append('after the move')).seq;
        await close(moves.hot, ref);
        await moves.mover({ batchSize: 2 }).move(ref);
        await afterTwoLooks();
      }
    })().finally(() => (isRunning = false));
    const storages = new Set<string>();
    while (isRunning) {
      const least = known;
      const [all, tail, header] = await Promise.all([moves.history.messages(ref, 1, 1_000), moves.tail(ref, 5), moves.history.get(ref)]);
      expect(seqsOf(all)).toEqual(numbers(1, all.length));
      expect(seqsOf(tail)).toEqual(numbers(Math.max(1, tail.at(-1)!.seq - 4), tail.at(-1)!.seq));
      expect(Math.min(all.length, tail.at(-1)!.seq, header.messageCount)).toBeGreaterThanOrEqual(least);
      storages.add(header.storage);
      looks++;
    }
    await life;
    expect([...storages]).toEqual(expect.arrayContaining(['cold']));
    expect(await moves.history.get(ref)).toMatchObject({ messageCount: 49, storage: 'cold' });
  });
});

describe('the history while Redis is away', () => {
  it('is read of a conversation that PostgreSQL has whole', async () => {
    await fill(moves.hot, ref, 3);
    await release();
    expect(seqsOf(await moves.withoutRedis().history.messages(ref, 1, 10))).toEqual([1, 2, 3]);
    expect(seqsOf(await moves.withoutRedis().tail(ref, 2))).toEqual([2, 3]);
    expect(await moves.withoutRedis().history.get(ref)).toMatchObject({ storage: 'cold', status: 'transferred' });
  });

  it.each([
    ['that PostgreSQL has a part of', async () => {
      await fill(moves.hot, ref, 3);
      await moves.mover().move(ref);
    }],
    ['that PostgreSQL does not know', async () => fill(moves.hot, ref, 3)],
    ['that was brought back', async () => {
      await fill(moves.hot, ref, 3);
      await release();
      await append('four');
    }],
    ['that has gone on after its move and before it left', async () => {
      await fill(moves.hot, ref, 3);
      await close(moves.hot, ref);
      await moves.mover({ releaseSeconds: 60 }).move(ref);
      await append('four');
    }],
    ['that got an answer after its close and its move', async () => {
      await fill(moves.hot, ref, 3);
      await close(moves.hot, ref);
      await moves.mover({ releaseSeconds: 60 }).move(ref);
      await moves.conversations.append('acme', conversation, newMessage({ role: 'assistant' }));
    }],
    ['that got an answer after it had left', async () => {
      await fill(moves.hot, ref, 3);
      await release();
      await moves.conversations.append('acme', conversation, newMessage({ role: 'assistant' }));
    }],
  ])('is not told in part of a conversation %s', async (_, prepare) => {
    await prepare();
    const { history, tail } = moves.withoutRedis();
    const reads = await Promise.allSettled<unknown>([history.get(ref), history.messages(ref, 1, 10), tail(ref, 10)]);
    expect(reads.map((read) => (read.status === 'rejected' ? toAppError(read.reason).code : read.value))).toEqual(['HOT_STORE_UNAVAILABLE', 'HOT_STORE_UNAVAILABLE', 'HOT_STORE_UNAVAILABLE']);
  });
});

describe('an append to a conversation that has left Redis', () => {
  it('brings it back and goes on with the next seq', async () => {
    await append('one', 'm1');
    await append('two', 'm2');
    const { createdAt } = await moves.history.get(ref);
    await release();
    expect(await append('three', 'm3')).toMatchObject({ seq: 3, isNew: true });
    expect(await moves.history.get(ref)).toMatchObject({ storage: 'both', status: 'active', closedAt: null, messageCount: 3, tokenCount: 3, archivedSeq: 2, createdAt });
    expect((await moves.history.messages(ref, 1, 10)).map(({ content }) => content)).toEqual(['one', 'two', 'three']);
    await release();
    expect((await moves.history.messages(ref, 1, 10)).map(({ content }) => content)).toEqual(['one', 'two', 'three']);
    expect(await moves.ranges(ref)).toEqual([[1, 2, 2, 'verified'], [3, 3, 1, 'verified']]);
  });

  it('of a message that it has already is the same append', async () => {
    await append('one', 'm1');
    await append('two', 'm2');
    await release();
    expect(await append('other', 'm1')).toMatchObject({ seq: 1, isNew: false });
    expect(await moves.history.get(ref)).toMatchObject({ messageCount: 2, status: 'transferred' });
    expect(await append('three')).toMatchObject({ seq: 3, isNew: true });
  });

  it('of a message that it has already leaves it closed, also in PostgreSQL when it has gone again', async () => {
    await append('one', 'm1');
    await release();
    const before = (await moves.stored(ref)).row;
    await append('other', 'm1');
    await moves.nooble.redis.zadd(keys.due('acme'), 7, ref.conversationId);
    await moves.mover().move(ref);
    expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
    expect((await moves.stored(ref)).row).toEqual(before);
  });

  it('of one message by many at once appends it once, and of many messages gives each its seq', async () => {
    await append('one');
    await release();
    const same = await Promise.all(numbers(1, 10).map(() => append('two', 'same')));
    expect(same.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(same.every(({ seq }) => seq === 2)).toBe(true);
    await release();
    const many = await Promise.all(numbers(1, 10).map((i) => append(`m${String(i)}`)));
    expect(many.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(numbers(3, 12));
  });

  it('brings back the newest thousand messages, and the ids of all', async () => {
    const store = moves.stores.open();
    await appendTo(store, ref, newMessage({ messageId: 'm1' }), { create: conversation });
    await Promise.all(numbers(2, 1_100).map((i) => appendTo(store, ref, newMessage({ messageId: `m${String(i)}` }))));
    await release();
    expect(await append('again', 'm1')).toMatchObject({ seq: 1, isNew: false });
    expect(await append('new')).toMatchObject({ seq: 1_101 });
    expect((await moves.hot.read(ref, { tail: 0 }))?.conversation).toMatchObject({ firstHotSeq: 101, seq: 1_101, archivedSeq: 1_100 });
    expect(seqsOf(await moves.history.messages(ref, 1, 2_000))).toEqual(numbers(1, 1_101));
    await release();
    expect(seqsOf(await moves.history.messages(ref, 1, 2_000))).toEqual(numbers(1, 1_101));
  });

  it('loses nothing when the release comes at the same moment', async () => {
    await append('first');
    for (let i = 0; i < 40; i++) {
      await close(moves.hot, ref);
      const [appended] = await Promise.all([append(`message ${String(i)}`), moves.mover().move(ref), moves.mover().move(ref)]);
      expect(appended).toMatchObject({ seq: i + 2, isNew: true });
    }
    await release();
    expect((await moves.history.messages(ref, 1, 100)).map(({ content }) => content)).toEqual(['first', ...numbers(0, 39).map((i) => `message ${String(i)}`)]);
  });

  it('goes on with the next seq even if the conversation leaves once more between the reheat and the append', async () => {
    await append('one');
    await release();
    const hot = moves.stores.open({ releaseSeconds: 0 });
    const bringBack = hot.reheat.bind(hot);
    hot.reheat = async (...given) => {
      await bringBack(...given);
      hot.reheat = bringBack;
      await moves.mover().move(ref);
    };
    expect(await moves.conversationsOver(hot).append('acme', conversation, newMessage())).toMatchObject({ seq: 2, earlier: null });
  });
});
