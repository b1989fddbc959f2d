import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConversationRef } from '../../src/modules/conversations/index.js';
import type { MessagePage } from '../../src/modules/conversations/history/message-page.js';
import { append, close, fill, newRef, numbers, seqsOf } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

/** Messages of a conversation, and how many of them Redis keeps. */
const COUNT = 20;
const TAIL = 5;

let moves: Moves;
let ref: ConversationRef;

beforeAll(async () => {
  moves = await Moves.start();
});
beforeEach(async () => {
  ref = newRef();
  await fill(moves.hot, ref, COUNT);
});
afterAll(async () => {
  await moves.close();
});

const firstHotSeq = async (): Promise<number> => (await moves.hot.read(ref, { tail: 0 }))!.conversation.firstHotSeq;
/** The conversation goes on to be active; Redis keeps the end of it. */
const trim = async (): Promise<void> => {
  await moves.mover({ hotTailMessages: TAIL }).move(ref);
  expect(await firstHotSeq()).toBe(COUNT - TAIL + 1);
};
/** Every page in turn, as a caller reads them who follows the cursors. */
async function walk(limit: number, isForward: boolean): Promise<number[]> {
  const seqs: number[] = [];
  let cursor: number | undefined = isForward ? 0 : undefined;
  do {
    const page: MessagePage = await moves.history.getMessages(ref, { limit, ...(isForward ? { after: cursor } : { before: cursor }) });
    expect(page.total).toBe(COUNT);
    seqs.push(...seqsOf(page.data));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return seqs;
}

describe('a conversation of which Redis has only the end', () => {
  it.each([1, 3, 4, 5, 6, 7, 15, 16, 19, 20, 21])('is read whole in pages of %i, both ways', async (limit) => {
    await trim();
    expect(await walk(limit, true)).toEqual(numbers(1, COUNT));
    expect(await walk(limit, false)).toEqual(numbers(1, COUNT).reverse());
  });

  it('gives every range that it gave when Redis had it whole', async () => {
    const read = async (): Promise<unknown[]> => {
      const ranges: unknown[] = [];
      for (let from = 1; from <= COUNT + 1; from += 2) for (const count of [1, 4, 6, 30]) ranges.push(await moves.history.messages(ref, from, count));
      return ranges;
    };
    const whole = await read();
    await trim();
    expect(await read()).toEqual(whole);
  });

  it('still knows every message by its id, and takes none twice', async () => {
    await trim();
    for (const seq of [1, COUNT - TAIL, COUNT - TAIL + 1, COUNT]) {
      expect(await moves.history.findMessage(ref, `m${String(seq)}`)).toMatchObject({ seq, content: `message ${String(seq)}` });
      expect(await moves.conversations.append('acme', { ...(await moves.history.get(ref)) }, { messageId: `m${String(seq)}`, role: 'user', content: 'other', agentId: null, executionId: null, metadata: null })).toMatchObject({ seq, earlier: { seq, content: `message ${String(seq)}` } });
    }
    expect(await moves.history.get(ref)).toMatchObject({ messageCount: COUNT });
  });

  it('counts and gives the messages of one role in both stores', async () => {
    await append(moves.hot, ref, { messageId: 'answer', role: 'assistant', content: 'yes', tokens: 1, agentId: null, executionId: null, metadata: null });
    await moves.mover({ hotTailMessages: TAIL }).move(ref);
    expect(await moves.history.getMessages(ref, { limit: 50, role: 'assistant' })).toMatchObject({ total: 1, nextCursor: null, data: [{ messageId: 'answer', seq: COUNT + 1 }] });
    expect(await moves.history.getMessages(ref, { limit: 50, role: 'user', after: 0 })).toMatchObject({ total: COUNT, nextCursor: null });
    expect(seqsOf((await moves.history.getMessages(ref, { limit: 3, role: 'user', after: COUNT - TAIL - 2 })).data)).toEqual(numbers(COUNT - TAIL - 1, COUNT - TAIL + 1));
  });

  it('has no gap while it is trimmed under a reader', async () => {
    let isRunning = true;
    const life = (async () => {
      for (let i = 0; i < 15; i++) {
        await fill(moves.hot, ref, 4);
        await moves.mover({ hotTailMessages: 1 + (i % TAIL) }).move(ref);
      }
    })().finally(() => (isRunning = false));
    while (isRunning) {
      const [all, newest] = [await moves.history.messages(ref, 1, 1_000), (await moves.history.getMessages(ref, { limit: 12 })).data];
      expect(seqsOf(all)).toEqual(numbers(1, all.length));
      expect(seqsOf(newest)).toEqual(numbers(newest[0]!.seq - 11, newest[0]!.seq).reverse());
      expect(seqsOf(await moves.tail(ref, 9))).toHaveLength(9);
    }
    await life;
    await close(moves.hot, ref);
    await moves.mover().move(ref);
    expect(seqsOf(await moves.history.messages(ref, 1, 1_000))).toEqual(numbers(1, COUNT + 60));
  });
});
