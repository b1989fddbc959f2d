import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import type { ArchiveRepository } from '../../src/modules/conversations/archive/archive.repository.js';
import type { ConversationRef, ConversationsService, NewConversation } from '../../src/modules/conversations/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { close, fill, newRef, numbers, seqsOf } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

const acme = { tenantId: 'acme', tier: 'enterprise' } as const;
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
  await moves.nooble.redis.zadd(keys.due('acme'), 'XX', 7, ref.conversationId);
  await moves.mover().move(ref);
  expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
};
const statusInPostgres = async (): Promise<unknown> => (await moves.stored(ref)).row?.['status'];

describe('a message to a transferred conversation, while PostgreSQL is told of it,', () => {
  /** As a process has it in which something else happens before PostgreSQL is told. */
  const slowTo = (meanwhile: () => Promise<unknown>): ConversationsService => {
    const rows = Object.create(moves.archiveRows) as ArchiveRepository;
    rows.goOn = async (...given) => {
      await meanwhile();
      await moves.archiveRows.goOn(...given);
    };
    return moves.conversationsOver(moves.hot, rows);
  };

  /** Moved, and still in Redis. */
  const transfer = async (): Promise<void> => {
    await close(moves.hot, ref);
    await moves.mover({ releaseSeconds: 1_000 }).move(ref);
    expect(await statusInPostgres()).toBe('transferred');
  };

  it.each(['user', 'assistant'] as const)('brings no deleted conversation back to life: %s', async (role) => {
    await say();
    await transfer();
    await expect(say(slowTo(() => moves.conversations.remove(ref)), role)).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
    expect(await moves.stored(ref)).toMatchObject({ row: { status: 'deleted' }, messages: [] });
    await expect(moves.history.get(ref)).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
  });

  it.each(['user', 'assistant'] as const)('finds it, when it leaves Redis meanwhile: %s', async (role) => {
    await say();
    await transfer();
    expect(await say(slowTo(release), role)).toMatchObject({ seq: 2, earlier: null });
    expect(await statusInPostgres()).toBe('completed');
    await release();
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'transferred', archived_seq: 2, closed_at: expect.any(Date) });
  });

  it.each(['user', 'assistant'] as const)('is not in it before PostgreSQL knows: %s', async (role) => {
    await say();
    await transfer();
    const away = slowTo(() => Promise.reject(new Error('PostgreSQL is away')));
    const message = newMessage({ role });
    const send = async (by = moves.conversations): ReturnType<ConversationsService['append']> => by.append('acme', conversation, message);
    await expect(send(away)).rejects.toThrow('PostgreSQL is away');
    expect((await moves.hot.read(ref, { tail: 0 }))?.conversation).toMatchObject({ seq: 1, status: 'transferred' });
    expect(await send()).toMatchObject({ seq: 2, earlier: null });
    expect(await statusInPostgres()).toBe('completed');
  });

  it('is told again, when a move has come in between', async () => {
    await say();
    await transfer();
    let moved = 0;
    const moveOnce = async (): Promise<void> => {
      if (moved++ > 0) return;
      await moves.archiveRows.goOn(ref, (await moves.hot.read(ref, { tail: 0 }))!.conversation.revision);
      await moves.mover({ releaseSeconds: 1_000 }).move(ref);
    };
    await say(slowTo(moveOnce));
    expect(moved).toBe(2);
    expect(await statusInPostgres()).toBe('completed');
    expect((await moves.hot.read(ref, { tail: 0 }))?.conversation).toMatchObject({ seq: 2, status: 'active' });
  });

  it('may be lost then: the next move brings both together and lets it go', async () => {
    await say();
    await transfer();
    await moves.archiveRows.goOn(ref, (await moves.hot.read(ref, { tail: 0 }))!.conversation.revision);
    expect(await statusInPostgres()).toBe('completed');
    await moves.nooble.redis.zadd(keys.due('acme'), 'XX', 7, ref.conversationId);
    await moves.mover().move(ref);
    expect(await moves.hot.read(ref, { tail: 0 })).not.toBeNull();
    await moves.mover().move(ref);
    await moves.nooble.redis.zadd(keys.due('acme'), 'XX', 7, ref.conversationId);
    await moves.mover().move(ref);
    expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
    expect(await statusInPostgres()).toBe('transferred');
  });
});

describe('bringing a conversation back', () => {
  /** As a process has it in which something else happens after it has read PostgreSQL. */
  const slowTo = (meanwhile: () => Promise<unknown>): ConversationsService => {
    const hot = moves.stores.open();
    const reheat = hot.reheat.bind(hot);
    hot.reheat = async (...given) => {
      hot.reheat = reheat;
      await meanwhile();
      return reheat(...given);
    };
    return moves.conversationsOver(hot);
  };

  it('that is deleted meanwhile brings nothing back', async () => {
    await say();
    await release();
    await expect(say(slowTo(() => moves.conversations.remove(ref)))).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
    expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
    expect(await moves.stored(ref)).toMatchObject({ row: { status: 'deleted' }, messages: [] });
  });

  it('that goes on and leaves once more meanwhile goes on from there', async () => {
    await say();
    await release();
    const late = slowTo(async () => {
      await say();
      await say();
      await release();
    });
    expect(await say(late)).toMatchObject({ seq: 4, earlier: null });
    await release();
    expect(seqsOf(await moves.history.messages(ref, 1, 10))).toEqual(numbers(1, 4));
    expect(await moves.ranges(ref)).toEqual([[1, 1, 1, 'verified'], [2, 3, 2, 'verified'], [4, 4, 1, 'verified']]);
  });

  it('to change it changes what it is by then', async () => {
    await say();
    await release();
    const late = slowTo(async () => {
      await say();
      await release();
    });
    expect(await late.update(acme, ref.conversationId, { summary: 'new' })).toMatchObject({ summary: 'new', messageCount: 2 });
    await release();
    expect((await moves.stored(ref)).row).toMatchObject({ summary: 'new', message_count: 2, archived_seq: 2 });
  });
});

describe('a conversation that comes into another session', () => {
  const enter = async (sessionId: string): Promise<unknown> => moves.conversations.open(acme, { ...conversation, sessionId });

  it('while it is deleted leaves that session free', async () => {
    await say();
    const stale = await moves.history.get(ref);
    const sessionId = newId();
    await enter(sessionId);
    await moves.archive.erase(ref, stale);
    expect(await moves.index.session('acme', sessionId)).toEqual([]);
    const next = await moves.conversations.open(acme, { ...conversation, sessionId, conversationId: undefined });
    expect(next.conversationId).not.toBe(ref.conversationId);
    conversation = { ...conversation, ...next };
    expect(await say()).toMatchObject({ seq: 1 });
  });

  it.each(['active', 'closed'])('when it is %s leaves nothing behind in the one before', async (state) => {
    await say();
    if (state === 'closed') await close(moves.hot, ref);
    const before = conversation.sessionId;
    const sessionId = newId();
    await enter(sessionId);
    conversation = { ...conversation, sessionId };
    await say();
    expect(await moves.index.session('acme', sessionId)).toEqual([{ agentId: conversation.agentId, conversationId: ref.conversationId, isActive: true }]);
    expect(await moves.index.session('acme', before)).toEqual([]);
    await release();
    expect(await moves.index.session('acme', sessionId)).toEqual([]);
  });

  it('while somebody closes it is closed where it is', async () => {
    await fill(moves.hot, ref, 1);
    const stale = await moves.history.get(ref);
    const sessionId = newId();
    await moves.conversations.open(acme, { ...stale, sessionId });
    const closing = { fields: { status: 'completed' }, session: 'leave', status: 'active', dueInSeconds: 0 } as const;
    expect(await moves.hot.change(ref, stale, closing)).toEqual({ outcome: 'refused', reason: 'session', fact: sessionId });
    await moves.conversations.close(ref);
    expect(await moves.index.session('acme', sessionId)).toEqual([{ agentId: stale.agentId, conversationId: ref.conversationId, isActive: false }]);
  });
});
