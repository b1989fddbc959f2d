import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ArchiveRepository } from '../../src/modules/conversations/archive/archive.repository.js';
import type { ConversationRef, ConversationsService, NewConversation } from '../../src/modules/conversations/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { close, newRef } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

let moves: Moves;
let conversation: NewConversation;
let ref: ConversationRef;

beforeAll(async () => {
  moves = await Moves.start();
});
beforeEach(() => {
  conversation = newConversation();
  ref = newRef('acme', conversation.conversationId);
});
afterAll(async () => {
  await moves.close();
});

const say = async (conversations = moves.conversations, role: 'user' | 'assistant' = 'user'): ReturnType<ConversationsService['append']> => conversations.append('acme', conversation, newMessage({ role }));
/** Closes the conversation and moves it out of Redis. */
const release = async (): Promise<void> => {
  await close(moves.hot, ref);
  await moves.mover().move(ref);
  expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
};
const statusInPostgres = async (): Promise<unknown> => (await moves.stored(ref)).row?.['status'];

describe('a message to a closed conversation, while PostgreSQL is told of it,', () => {
  /** As a process has it in which something else happens before PostgreSQL is told. */
  const slowTo = (meanwhile: () => Promise<unknown>): ConversationsService => {
    const rows = Object.create(moves.archiveRows) as ArchiveRepository;
    rows.goOn = async (...given) => {
      await meanwhile();
      await moves.archiveRows.goOn(...given);
    };
    return moves.conversationsOver(moves.hot, rows);
  };

  it.each(['user', 'assistant'] as const)('brings no deleted conversation back to life: %s', async (role) => {
    await say();
    await release();
    await say(slowTo(() => moves.conversations.remove(ref)), role);
    expect(await moves.stored(ref)).toMatchObject({ row: { status: 'deleted' }, messages: [] });
    await expect(moves.history.get(ref)).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
  });

  it.each(['user', 'assistant'] as const)('undoes no move that has brought it to PostgreSQL already: %s', async (role) => {
    await say();
    await release();
    await say(slowTo(release), role);
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'transferred', archived_seq: 2, closed_at: expect.any(Date) });
  });

  it('is still told of, when nothing comes in between', async () => {
    await say();
    await release();
    await say(slowTo(() => Promise.resolve()), 'assistant');
    expect(await statusInPostgres()).toBe('completed');
    await release();
    await say(slowTo(() => Promise.resolve()));
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'active', closed_at: null });
  });
});
