import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ArchivedMark } from '../../src/modules/conversations/hot/hot-conversation.store.js';
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
  await moves.transactions.run(ref.tenantId, (tx) => moves.archive.store(ref, range, tx));
};
const mark = async ({ conversation: { revision } }: HotRange): Promise<ArchivedMark | null> => moves.hot.markArchived(ref, { archivedSeq: 1, revision });
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
    expect(await mark(range)).toEqual({ unarchivedCount: 1, isTransferred: false });
    await moves.archive.markTransferred(ref, { ...range.conversation, revision: (await read()).conversation.revision });
    expect(await statusIn()).toBe('completed');
    await expect(contents()).rejects.toMatchObject({ name: expect.any(String) });
  });

  it.each(['user', 'assistant'] as const)('not by a move that the %s was quicker than', async (role) => {
    const hot = moves.stores.open();
    const markArchived = hot.markArchived.bind(hot);
    hot.markArchived = async (...given) => {
      hot.markArchived = markArchived;
      await say('second', role);
      return markArchived(...given);
    };
    await moves.mover({}, hot).move(ref);
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

  it('not any more once somebody has opened it again, before its first message', async () => {
    await moves.mover({ releaseSeconds: 1_000 }).move(ref);
    await moves.conversations.update({ tenantId: 'acme', tier: 'enterprise' }, ref.conversationId, { status: 'active' });
    expect(await statusIn()).toBe('completed');
    await say('second');
    await expect(contents()).rejects.toMatchObject({ name: expect.any(String) });
  });

  it('with the change that was made after somebody had told PostgreSQL of a message and was lost', async () => {
    await moves.mover({ releaseSeconds: 1_000 }).move(ref);
    await moves.archiveRows.goOn(ref, (await read()).conversation.revision);
    await moves.conversations.update({ tenantId: 'acme', tier: 'enterprise' }, ref.conversationId, { summary: 'changed' });
    await moves.mover({ releaseSeconds: 1_000 }).move(ref);
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'transferred', summary: 'changed' });
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
