import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConversationRef, HotRange, NewConversation } from '../../src/modules/conversations/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { close, newRef } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

let moves: Moves;
let ref: ConversationRef;
let conversation: NewConversation;

beforeAll(async () => {
  moves = await Moves.start();
});
beforeEach(async () => {
  ref = newRef();
  conversation = newConversation({ conversationId: ref.conversationId });
  await say('first');
  await close(moves.hot, ref);
});
afterAll(async () => {
  await moves.close();
});

const say = async (content: string, role: 'user' | 'assistant' = 'user'): Promise<void> => {
  await moves.conversations.append('acme', conversation, newMessage({ content, role }));
};
const read = async (): Promise<HotRange> => (await moves.hot.read(ref, { unarchived: 10 }))!;
const store = async (range: HotRange): Promise<void> => {
  await moves.transactions.run((tx) => moves.archive.store(ref, range, tx));
};
const mark = async ({ conversation: { revision } }: HotRange): Promise<number> => moves.hot.markArchived(ref, { archivedSeq: 1, revision });
const statusIn = async (): Promise<unknown> => (await moves.stored(ref)).row?.['status'];
const contents = async (): Promise<string[]> => (await moves.withoutRedis().history.messages(ref, 1, 10)).map(({ content }) => content);

describe('a completed conversation is transferred for PostgreSQL', () => {
  it('once Redis has it so, and not before', async () => {
    const range = await read();
    await store(range);
    expect(await statusIn()).toBe('completed');
    await mark(range);
    await moves.archive.markTransferred(ref, range.conversation);
    expect(await statusIn()).toBe('transferred');
    expect(await contents()).toEqual(['first']);
  });

  it.each(['user', 'assistant'] as const)('not if the %s has said more before the mark', async (role) => {
    const range = await read();
    await store(range);
    await say('second', role);
    expect(await mark(range)).toBe(1);
    await moves.archive.markTransferred(ref, { ...range.conversation, revision: (await read()).conversation.revision });
    expect(await statusIn()).toBe('completed');
    await expect(contents()).rejects.toMatchObject({ name: expect.any(String) });
  });

  it.each(['user', 'assistant'] as const)('not if the %s has said more between the two marks', async (role) => {
    const range = await read();
    await store(range);
    await mark(range);
    await say('second', role);
    await moves.archive.markTransferred(ref, range.conversation);
    expect(await statusIn()).toBe('completed');
  });

  it('not any more once it has gone on, until all of it is there again', async () => {
    await moves.mover({ releaseSeconds: 1_000 }).move(ref);
    expect(await statusIn()).toBe('transferred');
    await say('second');
    expect(await statusIn()).toBe('completed');
    await close(moves.hot, ref);
    await moves.mover({ releaseSeconds: 1_000 }).move(ref);
    expect(await statusIn()).toBe('transferred');
    expect(await contents()).toEqual(['first', 'second']);
  });

  it('also when the move that stored it was lost before it could say so', async () => {
    const range = await read();
    await store(range);
    await mark(range);
    expect(await statusIn()).toBe('completed');
    await moves.mover({ releaseSeconds: 0 }).move(ref);
    expect(await statusIn()).toBe('transferred');
  });
});
