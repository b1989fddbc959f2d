import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import type { ConversationRef, HotConversationStore, Message, NewConversation } from '../../src/modules/conversations/index.js';
import type { MemoryManager } from '../../src/modules/conversations/memory/memory-manager.service.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { cachesAreUp } from '../support/caches.js';
import { append, close, newRef, numbers, seqOf, seqsOf } from '../support/hot-store.js';
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

beforeAll(async () => {
  postgres = await TcpProxy.inFrontOf(Number(new URL(templateUrl).port));
  sql = new SqlCounter(postgres);
  moves = await Moves.start({}, { databasePort: postgres.port });
  store = moves.stores.open({ hotTailMessages: 4 });
  await cachesAreUp(moves.nooble.url);
});
beforeEach(() => {
  begin();
  memory = moves.memory(moves.history, store);
});
afterAll(async () => {
  await moves.close();
  await postgres.close();
});

/** From now on it is about another conversation. */
function begin(): void {
  conversation = newConversation();
  ref = newRef('acme', conversation.conversationId);
}

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

describe('a conversation that moves to PostgreSQL', () => {
  it('has no gap in its window, though Redis keeps less than what is new since somebody asked', async () => {
    await say(3);
    await window(20);
    await say(9);
    await move();
    expect((await store.read(ref, { tail: 0 }))?.conversation.firstHotSeq).toBe(9);
    expect(seqsOf(await window(20))).toEqual(numbers(1, 12));
    await say(1);
    expect(plain(await window(20))).toEqual(plain(await fresh(20)));
  });

  it('has the same window before, meanwhile and after; and is remembered no more when it has left', async () => {
    await say(10);
    const before = plain(await window(6));
    await move();
    expect(plain(await window(6))).toEqual(before);
    await close(store, ref);
    await moves.mover({ releaseSeconds: 60 }).move(ref);
    expect(plain(await window(6))).toEqual(before);
    expect(memory.getMemoryStats().activeConversations).toBe(1);
    await moves.nooble.redis.zadd(keys.due('acme'), 7, ref.conversationId);
    await release();
    expect(plain(await window(6))).toEqual(before);
    expect(memory.getMemoryStats()).toEqual({ activeConversations: 0, totalTokensInMemory: 0, memoryType: 'token_buffer' });
  });

  it('is read from the cache the second time', async () => {
    await say(10);
    await release();
    sql.clear();
    const first = plain(await window(6));
    expect(sql.naming('messages')).not.toEqual([]);
    sql.clear();
    expect(plain(await window(6))).toEqual(first);
    expect(sql.naming('messages')).toEqual([]);
    expect(seqsOf(await window(3))).toEqual([8, 9, 10]);
  });

  it('is not taken for another one that is as old', async () => {
    const contents: string[][] = [];
    for (let i = 0; i < 2; i++) {
      await say(3);
      contents.push((await window(3)).map(({ content }) => content));
      await release();
      expect((await window(3)).map(({ content }) => content)).toEqual(contents[i]);
      expect((await moves.history.messages(ref, 1, 3)).map(({ content }) => content)).toEqual(contents[i]);
      begin();
    }
    expect(contents[0]).not.toEqual(contents[1]);
  });

  it('and goes on and leaves again has the new window, never the one that was cached', async () => {
    await say(5);
    for (let round = 0; round < 3; round++) {
      await release();
      expect(seqsOf(await window(3))).toEqual(numbers(3 + 2 * round, 5 + 2 * round));
      expect(seqsOf(await fresh(3))).toEqual(numbers(3 + 2 * round, 5 + 2 * round));
      for (const role of ['user', 'assistant'] as const) await moves.conversations.append('acme', conversation, newMessage({ role }));
      expect(seqsOf(await window(3))).toEqual(numbers(5 + 2 * round, 7 + 2 * round));
    }
    await release();
    expect(seqsOf(await fresh(3))).toEqual(numbers(9, 11));
  });

  it('is not shown from a cache that was filled when PostgreSQL had only a part of it', async () => {
    await say(6);
    const range = (await store.read(ref, { from: 1, count: 4 }))!;
    await moves.transactions.run(ref.tenantId, (tx) => moves.archive.store(ref, range, tx));
    expect(seqsOf(await moves.history.coldTail(ref, 10))).toEqual(numbers(1, 4));
    await move();
    expect(seqsOf(await moves.history.coldTail(ref, 10))).toEqual(numbers(1, 6));
  });

  it('has no gap, no double and nothing old in two processes that look all the time', async () => {
    const other = moves.memory();
    let known = seqOf(await append(store, ref, newMessage(), { create: conversation }));
    let isRunning = true;
    let looks = 0;
    const life = (async () => {
      for (let round = 0; round < 8; round++) {
        for (let i = 0; i < 4; i++) known = (await moves.conversations.append('acme', conversation, newMessage({ role: i === 1 ? 'assistant' : 'user' }))).seq;
        await move({ batchSize: 3 });
        known = (await moves.conversations.append('acme', conversation, newMessage())).seq;
        await close(store, ref);
        await move({ batchSize: 3 });
        const before = looks;
        await waitFor('two looks', () => looks > before + 1);
      }
    })().finally(() => (isRunning = false));
    while (isRunning) {
      const least = known;
      const windows = await Promise.all([window(7), window(7, other), window(3), fresh(5)]);
      for (const [i, messages] of windows.entries()) {
        const newest = messages.at(-1)?.seq ?? 0;
        expect(newest).toBeGreaterThanOrEqual(least);
        expect(seqsOf(messages)).toEqual(numbers(Math.max(1, newest - [6, 6, 2, 4][i]!), newest));
      }
      looks++;
    }
    await life;
    expect(seqsOf(await window(7))).toEqual(numbers(35, 41));
  });
});

describe('system messages', () => {
  it('are the newest 32 of more, hot and cold', async () => {
    await say(40, 'system');
    await say(3);
    const expected = [...numbers(9, 40), ...numbers(41, 43)];
    expect(seqsOf(await window(3))).toEqual(expected);
    await release();
    expect(seqsOf(await window(3))).toEqual(expected);
    expect(seqsOf(await fresh(3))).toEqual(expected);
  });
});
