import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import type { ConversationRef, HotConversationStore, Message, NewConversation } from '../../src/modules/conversations/index.js';
import type { HotWindow } from '../../src/modules/conversations/hot/script-answers.js';
import type { MemoryManager } from '../../src/modules/conversations/memory/memory-manager.service.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { cachesAreUp } from '../support/caches.js';
import { append, close, newRef, numbers, seqsOf } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';
import { templateUrl } from '../support/services.js';
import { SqlCounter } from '../support/sql-counter.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

let moves: Moves;
let postgres: TcpProxy;
let sql: SqlCounter;
/** Redis keeps four messages of a conversation that is archived. */
let store: HotConversationStore;
let memory: MemoryManager;
let conversation: NewConversation;
let ref: ConversationRef;
/** What Redis has told the process that `memory` is in. */
let told: HotWindow[];

beforeAll(async () => {
  postgres = await TcpProxy.inFrontOf(Number(new URL(templateUrl).port));
  sql = new SqlCounter(postgres);
  moves = await Moves.start({}, { databasePort: postgres.port });
  await cachesAreUp(moves.nooble.url);
});
beforeEach(() => {
  conversation = newConversation();
  ref = newRef('acme', conversation.conversationId);
  store = moves.stores.open({ hotTailMessages: 4 });
  told = [];
  const ask = store.window.bind(store);
  store.window = async (...given) => {
    const answer = await ask(...given);
    if (answer) told.push(answer);
    return answer;
  };
  memory = moves.memory(moves.history, store);
});
afterAll(async () => {
  await moves.close();
  await postgres.close();
});

const window = async (count: number, of = memory): Promise<readonly Message[]> => (await of.window(ref, 'builtin/chat', count)).messages;
/** What a process has that has just started. */
const fresh = async (count: number): Promise<readonly Message[]> => moves.tail(ref, count);
const say = async (count: number, role: Message['role'] = 'user'): Promise<void> => {
  for (let i = 0; i < count; i++) await append(store, ref, newMessage({ role, content: newId() }), { create: conversation });
};
const move = async (settings = {}): Promise<unknown> => moves.mover({ hotTailMessages: 4, ...settings }).move(ref);
/** Closes the conversation and moves it out of Redis. */
const release = async (): Promise<void> => {
  await close(store, ref);
  await move();
  expect(await store.read(ref, { tail: 0 })).toBeNull();
};
const plain = (messages: readonly Message[]): Message[] => messages.map((message) => ({ ...message }));

describe('the window of a conversation', () => {
  it('has a message as soon as it is appended, and nothing is fetched twice', async () => {
    await say(10);
    expect(seqsOf(await window(5))).toEqual(numbers(6, 10));
    await say(2);
    expect(seqsOf(await window(5))).toEqual(numbers(8, 12));
    expect(await window(5)).toEqual(await fresh(5));
    expect(told.map((answer) => [answer.goesOn, seqsOf(answer)])).toEqual([[false, numbers(6, 10)], [true, [11, 12]], [true, []]]);
  });

  it('is asked of Redis in one command, whether or not there is anything new', async () => {
    await say(10);
    await window(5);
    sql.clear();
    const monitored: string[][] = [];
    const monitor = await moves.nooble.redis.monitor();
    monitor.on('monitor', (_time: string, args: string[], source: string) => source !== 'lua' && args.includes(keys.conversation('acme', ref.conversationId)) && monitored.push(args));
    await window(5);
    await say(1);
    await window(5);
    await waitFor('the commands', () => monitored.length >= 3);
    monitor.disconnect();
    expect(monitored).toHaveLength(3);
    expect(sql.naming('messages', 'conversations')).toEqual([]);
  });

  it('is the same in two processes, each of which remembers on its own', async () => {
    const other = moves.memory();
    for (let round = 0; round < 5; round++) {
      await say(2);
      expect(await window(6)).toEqual(await window(6, other));
      await say(1, 'assistant');
      expect(await window(6, other)).toEqual(await fresh(6));
    }
    expect(await window(6)).toEqual(await fresh(6));
    expect(told.slice(1).every(({ goesOn }) => goesOn)).toBe(true);
  });

  it('is empty for a conversation that does not exist, and of nothing anything is remembered', async () => {
    expect(await memory.window(newRef(), 'builtin/chat', 5)).toEqual({ messages: [], totalTokens: 0, truncationApplied: false });
    expect(memory.getMemoryStats().activeConversations).toBe(0);
  });

  it('fits the model and what is asked for, and says when something was left out', async () => {
    await say(1, 'system');
    await say(9);
    expect(await memory.window(ref, 'builtin/chat', 10, 4)).toMatchObject({ totalTokens: 4, truncationApplied: true });
    expect(seqsOf((await memory.window(ref, 'builtin/chat', 10, 4)).messages)).toEqual([1, 8, 9, 10]);
    expect(await memory.window(ref, 'builtin/chat', 10)).toMatchObject({ totalTokens: 10, truncationApplied: false });
  });

  it('belongs to its tenant, though another has a conversation of the same id', async () => {
    await say(3);
    await window(5);
    const stranger = newRef('other', ref.conversationId);
    expect((await memory.window(stranger, 'builtin/chat', 5)).messages).toEqual([]);
    await append(store, stranger, newMessage({ content: 'theirs' }), { create: conversation });
    expect((await memory.window(stranger, 'builtin/chat', 5)).messages.map(({ content }) => content)).toEqual(['theirs']);
    expect(await window(5)).toHaveLength(3);
  });
});

describe('a window of more, or fewer, messages than before', () => {
  it('has as many as are asked for', async () => {
    await say(12);
    for (const count of [3, 8, 3, 20, 5]) expect(seqsOf(await window(count))).toEqual(numbers(Math.max(1, 13 - count), 12));
    await say(1);
    for (const count of [3, 8, 3, 20, 5]) expect(seqsOf(await window(count))).toEqual(numbers(Math.max(1, 14 - count), 13));
    expect(told.filter(({ goesOn }) => !goesOn)).toHaveLength(3);
  });

  it('is whole when what was remembered is too old to go on from', async () => {
    await say(5);
    await window(5);
    await say(20);
    expect(seqsOf(await window(5))).toEqual(numbers(21, 25));
    expect(await window(5)).toEqual(await fresh(5));
  });

  it('is whole when Redis has only its end', async () => {
    await say(12);
    await move();
    expect((await store.read(ref, { tail: 0 }))?.conversation.firstHotSeq).toBe(9);
    expect(seqsOf(await window(10))).toEqual(numbers(3, 12));
    await say(2);
    expect(seqsOf(await window(10))).toEqual(numbers(5, 14));
    expect(plain(await window(10))).toEqual(plain(await fresh(10)));
    expect(told.map(seqsOf)).toEqual([numbers(9, 12), [13, 14], []]);
  });
});

describe('system messages', () => {
  /** Two at the beginning and one in the middle of 30 messages. */
  const withSystems = async (): Promise<void> => {
    await say(2, 'system');
    await say(10);
    await say(1, 'system');
    await say(17);
  };

  it('from far before the newest messages stay: hot, remembered, in part archived, and cold', async () => {
    await withSystems();
    const expected = [1, 2, 13, 28, 29, 30];
    expect(seqsOf(await window(3))).toEqual(expected);
    expect(seqsOf(await window(3))).toEqual(expected);
    await move();
    expect((await store.read(ref, { tail: 0 }))?.conversation.firstHotSeq).toBe(27);
    expect(seqsOf(await window(3))).toEqual(expected);
    expect(seqsOf(await fresh(3))).toEqual(expected);
    await release();
    expect(seqsOf(await window(3))).toEqual(expected);
    await append(store, ref).then((answer) => {
      expect(answer).toBeNull();
    });
    await moves.conversations.append('acme', conversation, newMessage());
    expect(seqsOf(await window(3))).toEqual([1, 2, 13, 29, 30, 31]);
    expect(seqsOf(await fresh(3))).toEqual([1, 2, 13, 29, 30, 31]);
  });

  it('that slide out of the newest messages stay, and are not fetched for it', async () => {
    await say(3);
    await say(1, 'system');
    await window(3);
    for (let seq = 5; seq < 12; seq++) {
      await say(1);
      expect(seqsOf(await window(3))).toEqual([...(seq > 6 ? [4] : []), ...numbers(seq - 2, seq)]);
    }
    expect(told.slice(1).map(seqsOf)).toEqual(numbers(5, 11).map((seq) => [seq]));
  });

  it('of a window that is smaller than what is remembered are those before it', async () => {
    await withSystems();
    await window(25);
    expect(seqsOf(await window(3))).toEqual([1, 2, 13, 28, 29, 30]);
    expect(seqsOf(await window(25))).toEqual([1, 2, ...numbers(6, 30)]);
  });
});

describe('a Redis that comes back with older data', () => {
  /** As of before the newest messages. */
  const loseTail = async (count: number): Promise<void> => {
    const [headerKey, listKey, idsKey] = [keys.conversation('acme', ref.conversationId), keys.messages('acme', ref.conversationId), keys.messageIds('acme', ref.conversationId)];
    const lost = (await store.read(ref, { tail: count }))!.messages;
    await moves.nooble.redis.multi().ltrim(listKey, 0, -count - 1).hincrby(headerKey, 'seq', -count).hdel(idsKey, ...lost.map(({ messageId }) => messageId)).exec();
  };

  it('is believed: what it has lost is in no window any more', async () => {
    await say(10);
    expect(seqsOf(await window(5))).toEqual(numbers(6, 10));
    await loseTail(3);
    expect(seqsOf(await window(5))).toEqual(numbers(3, 7));
    expect(await window(5)).toEqual(await fresh(5));
  });

  it.each([1, 3, 5])('is believed, too, when %i new messages have come before anybody looked', async (count) => {
    await say(10);
    await window(5);
    await loseTail(3);
    await say(count);
    expect(seqsOf(await window(5))).toEqual(numbers(3 + count, 7 + count));
    expect(await window(5)).toEqual(await fresh(5));
  });

  it('is believed when it has lost the conversation itself', async () => {
    await say(3);
    await window(5);
    await moves.nooble.redis.del([keys.conversation, keys.messages, keys.messageIds].map((key) => key('acme', ref.conversationId)));
    expect(await window(5)).toEqual([]);
    await say(1);
    expect(seqsOf(await window(5))).toEqual([1]);
    expect(await window(5)).toEqual(await fresh(5));
  });
});

describe('what a process remembers', () => {
  it('is counted by conversations and tokens, and forgotten by cleanup', async () => {
    await say(1, 'system');
    await say(9);
    await window(5);
    expect(memory.getMemoryStats()).toEqual({ activeConversations: 1, totalTokensInMemory: 6, memoryType: 'token_buffer' });
    memory.cleanup(newRef());
    memory.cleanup({ ...ref, tenantId: 'other' });
    expect(memory.getMemoryStats().activeConversations).toBe(1);
    memory.cleanup(ref);
    expect(memory.getMemoryStats()).toEqual({ activeConversations: 0, totalTokensInMemory: 0, memoryType: 'token_buffer' });
    expect(seqsOf(await window(5))).toEqual([1, ...numbers(6, 10)]);
  });
});
