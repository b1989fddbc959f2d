import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { ConversationRef } from '../../src/modules/conversations/conversation.js';
import type { HotConversationStore, Range } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { HotStores, append, fill, markArchived, newRef, numbers, seqsOf } from '../support/hot-store.js';
import { emptyRedis } from '../support/services.js';

const stores = new HotStores();
let redis: Redis;
let store: HotConversationStore;
let ref: ConversationRef;

beforeAll(async () => {
  redis = await emptyRedis();
  store = stores.open();
});
beforeEach(() => {
  ref = newRef();
});
afterAll(() => {
  stores.close();
  redis.disconnect();
});

/** Takes the oldest messages out of Redis, as a trim would. */
async function trim(count: number): Promise<void> {
  await redis.multi().ltrim(keys.messages('acme', ref.conversationId), count, -1).hset(keys.conversation('acme', ref.conversationId), 'firstHotSeq', count + 1, 'archivedSeq', count).exec();
}

describe('a read', () => {
  it.each<Range>([{ tail: 5 }, { from: 1, count: 5 }, { unarchived: 5 }])('of a conversation that is not hot is null: %j', async (range) => {
    expect(await store.read(ref, range)).toBeNull();
  });

  it.each<[Range, number[]]>([
    [{ from: 1, count: 10 }, numbers(1, 10)],
    [{ from: 1, count: 100 }, numbers(1, 10)],
    [{ from: 4, count: 3 }, [4, 5, 6]],
    [{ from: 10, count: 1 }, [10]],
    [{ from: 11, count: 5 }, []],
    [{ from: 1_000_000, count: 5 }, []],
    [{ from: 0, count: 2 }, [1]],
    [{ from: -5, count: 5 }, []],
    [{ from: 5, count: 0 }, []],
    [{ tail: 3 }, [8, 9, 10]],
    [{ tail: 10 }, numbers(1, 10)],
    [{ tail: 11 }, numbers(1, 10)],
    [{ tail: 0 }, []],
    [{ unarchived: 3 }, [1, 2, 3]],
    [{ unarchived: 100 }, numbers(1, 10)],
  ])('of ten messages by %j has the messages %j, each in its place', async (range, seqs) => {
    await fill(store, ref, 10);
    const read = await store.read(ref, range);
    expect(seqsOf(read)).toEqual(seqs);
    expect(read?.messages.map(({ messageId }) => messageId)).toEqual(seqs.map((seq) => `m${String(seq)}`));
    expect(read?.conversation.seq).toBe(10);
  });

  it.each<[Range, number[]]>([
    [{ from: 1, count: 10 }, numbers(5, 10)],
    [{ from: 1, count: 4 }, []],
    [{ from: 1, count: 5 }, [5]],
    [{ from: 5, count: 2 }, [5, 6]],
    [{ from: 9, count: 5 }, [9, 10]],
    [{ tail: 6 }, numbers(5, 10)],
    [{ tail: 8 }, numbers(5, 10)],
    [{ tail: 1 }, [10]],
    [{ unarchived: 100 }, numbers(5, 10)],
    [{ unarchived: 2 }, [5, 6]],
  ])('of ten messages, four of them trimmed, by %j has the messages %j, each in its place', async (range, seqs) => {
    await fill(store, ref, 10);
    await trim(4);
    const read = await store.read(ref, range);
    expect(read?.messages.map(({ seq, messageId }) => [seq, messageId])).toEqual(seqs.map((seq) => [seq, `m${String(seq)}`]));
    expect(read?.conversation).toMatchObject({ seq: 10, firstHotSeq: 5, archivedSeq: 4 });
  });

  it('of what is unarchived begins behind the archived ones, and is empty when all are', async () => {
    await fill(store, ref, 5);
    await markArchived(store, ref, 3);
    expect(seqsOf(await store.read(ref, { unarchived: 10 }))).toEqual([4, 5]);
    await markArchived(store, ref, 5);
    expect(seqsOf(await store.read(ref, { unarchived: 10 }))).toEqual([]);
  });

  it('after a trim goes on with the right seq', async () => {
    await fill(store, ref, 10);
    await trim(4);
    await fill(store, ref, 2);
    expect(seqsOf(await store.read(ref, { tail: 20 }))).toEqual(numbers(5, 12));
  });

  it('shows header and messages of one moment while others write', async () => {
    const writer = stores.open();
    const conversation = newConversation({ conversationId: ref.conversationId });
    await append(writer, ref, newMessage(), { create: conversation });
    let isWriting = true;
    const writing = (async () => {
      for (let i = 0; i < 20; i++) await Promise.all(numbers(1, 10).map(() => append(writer, ref, newMessage({ tokens: 3 }))));
    })().finally(() => (isWriting = false));
    const seen = new Set<number>();
    while (isWriting) {
      const { conversation: header, messages } = (await store.read(ref, { from: 1, count: 10_000 }))!;
      expect(seqsOf(messages)).toEqual(numbers(1, header.seq));
      expect([header.messageCount, header.tokenCount]).toEqual([header.seq, messages.reduce((sum, { tokens }) => sum + tokens, 0)]);
      seen.add(header.seq);
    }
    await writing;
    expect(seen.size).toBeGreaterThan(1);
    expect((await store.read(ref, { tail: 0 }))?.conversation.seq).toBe(201);
  });
});
