import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import type { ConversationRef, Message, NewConversation } from '../../src/modules/conversations/index.js';
import { MAX_WITHDRAWN } from '../../src/modules/conversations/withdrawn.js';
import { SessionHistories } from '../../src/modules/conversations/history/session-histories.service.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { cachesAreUp } from '../support/caches.js';
import { close, newRef, numbers, seqsOf } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

/** What Redis keeps of an archived conversation. */
const TAIL = 3;
const acme = { tenantId: 'acme', tier: 'enterprise' } as const;

let moves: Moves;
let conversation: NewConversation;
let ref: ConversationRef;
/** Runs, oldest first; each has two messages. */
let runs: string[];

beforeAll(async () => {
  moves = await Moves.start({ MIGRATION_HOT_TAIL_MESSAGES: String(TAIL) });
  await cachesAreUp(moves.nooble.url);
});
beforeEach(async () => {
  conversation = newConversation();
  ref = newRef('acme', conversation.conversationId);
  runs = [];
  for (let i = 0; i < 5; i++) await turn();
});
afterAll(async () => {
  await moves.close();
});

const say = async (messageId: string, content: string, role: Message['role'] = 'user'): Promise<unknown> => moves.conversations.append('acme', conversation, newMessage({ messageId, content, role, executionId: messageId.includes('.') ? messageId.split('.')[0]! : null }));
/** A run with its question and its answer. */
async function turn(): Promise<string> {
  const executionId = newId();
  runs.push(executionId);
  await say(`${executionId}.user`, `question ${String(runs.length)}`);
  await say(`${executionId}.assistant`, `answer ${String(runs.length)}`, 'assistant');
  return executionId;
}
const withdraw = (run: number): Promise<number[]> => moves.conversations.withdraw(ref, runs[run - 1]!);
const move = async (): Promise<unknown> => moves.mover({ hotTailMessages: TAIL }).move(ref);
const rest = async (): Promise<void> => {
  await close(moves.hot, ref);
  await move();
  expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
};
/** What a process shows a model that has just started. */
const window = async (count = 100): Promise<number[]> => seqsOf(await moves.tail(ref, count));
const page = async (query: object = { after: 0, limit: 100 }): Promise<number[]> => seqsOf((await moves.history.getMessages(ref, query as { limit: number })).data);
const row = async (): Promise<unknown> => (await moves.stored(ref)).row?.['withdrawn_seqs'];
const ALL_BUT_RUN_2 = [1, 2, 5, 6, 7, 8, 9, 10];

/** Where the conversation is when somebody takes a run back. */
const PLACES: Readonly<Record<string, () => Promise<unknown>>> = {
  'is hot': async () => undefined,
  'is hot and archived': async () => moves.mover({ hotTailMessages: 1_000 }).move(ref),
  'is trimmed': move,
  'is closed, and has been moved': async () => {
    await close(moves.hot, ref);
    await moves.mover({ hotTailMessages: TAIL, releaseSeconds: 1_000 }).move(ref);
  },
  'is at rest': rest,
};

describe.each(Object.keys(PLACES))('a run that is taken back while its conversation %s', (place) => {
  beforeEach(async () => {
    await PLACES[place]!();
  });

  it('is in no window, no page and no session history any more, and stays where it was', async () => {
    expect(await page()).toEqual(numbers(1, 10));
    expect(await window()).toEqual(numbers(1, 10));
    expect(await withdraw(2)).toEqual([3, 4]);
    for (const then of ['at once', 'moved', 'at rest']) {
      if (then === 'moved') await move();
      if (then === 'at rest') await rest();
      expect([then, await window(), await page()]).toEqual([then, ALL_BUT_RUN_2, ALL_BUT_RUN_2]);
      const marked = await moves.history.messages(ref, 1, 100);
      expect(seqsOf(marked)).toEqual(numbers(1, 10));
      expect(seqsOf(marked.filter(({ isWithdrawn }) => isWithdrawn))).toEqual([3, 4]);
      const histories = moves.nooble.app.get(SessionHistories, { strict: false });
      const history = await histories.ofConversation(ref, { limit: 7, includeSystem: false });
      expect([seqsOf(history.messages), history.total]).toEqual([ALL_BUT_RUN_2.slice(1), 8]);
      expect(seqsOf((await histories.ofConversation(ref, { limit: 7, includeSystem: false, includeWithdrawn: true })).messages)).toEqual(numbers(4, 10));
    }
    expect(await row()).toEqual([3, 4]);
    expect((await moves.stored(ref)).messages).toHaveLength(10);
  });

  it('twice is taken back once', async () => {
    expect(await withdraw(2)).toEqual([3, 4]);
    const { revision } = await moves.history.get(ref);
    expect(await withdraw(2)).toEqual([3, 4]);
    expect((await moves.history.get(ref)).revision).toBe(revision);
    expect(await withdraw(5)).toEqual([9, 10]);
    expect((await moves.history.get(ref)).withdrawnSeqs).toEqual([3, 4, 9, 10]);
    expect(await moves.conversations.withdraw(ref, newId())).toEqual([]);
  });

  it('and with it others, at the same time, all of them', async () => {
    const answers = await Promise.all([1, 3, 4, 3].map(withdraw));
    expect(answers).toEqual([[1, 2], [5, 6], [7, 8], [5, 6]]);
    expect(await page()).toEqual([3, 4, 9, 10]);
  });

  it('leaves room for older messages in the window', async () => {
    const memory = moves.memory();
    const shown = async (count: number): Promise<number[]> => seqsOf((await memory.window(ref, 'builtin/chat', count)).messages);
    expect(await shown(4)).toEqual([7, 8, 9, 10]);
    await withdraw(5);
    expect(await shown(4)).toEqual([5, 6, 7, 8]);
    await withdraw(3);
    expect([await shown(4), await window(4), await shown(2)]).toEqual([[3, 4, 7, 8], [3, 4, 7, 8], [7, 8]]);
    await turn();
    expect([await shown(4), await window(4)]).toEqual([[7, 8, 11, 12], [7, 8, 11, 12]]);
    await Promise.all([1, 2, 4, 6].map(withdraw));
    expect([await shown(4), await window(4)]).toEqual([[], []]);
    await turn();
    expect([await shown(4), await window(4)]).toEqual([[13, 14], [13, 14]]);
  });

  it('makes pages shorter, and none of them the last', async () => {
    await Promise.all([2, 3].map(withdraw));
    const walk = async (isForward: boolean, role?: Message['role']): Promise<number[][]> => {
      const pages: number[][] = [];
      let cursor: number | undefined = isForward ? 0 : undefined;
      do {
        const { data, nextCursor, total } = await moves.history.getMessages(ref, { limit: 2, role, ...(isForward ? { after: cursor } : { before: cursor }) });
        expect(total).toBe(role ? 3 : 6);
        pages.push(seqsOf(data));
        cursor = nextCursor ?? undefined;
      } while (cursor !== undefined);
      return pages;
    };
    expect(await walk(true)).toEqual([[1, 2], [], [], [7, 8], [9, 10]]);
    expect(await walk(false)).toEqual([[10, 9], [8, 7], [], [], [2, 1]]);
    expect(await walk(true, 'assistant')).toEqual([[2], [8], [10]]);
    expect(await moves.history.getMessages(ref, { limit: 100, role: 'user', includeWithdrawn: true })).toMatchObject({ total: 5 });
  });

  it('is found by no word', async () => {
    await say('last', 'a farewell');
    await PLACES[place]!();
    const found = async (q: string): Promise<boolean> => {
      const { body } = await moves.nooble.client('acme').get<{ data: { conversationId: string }[] }>(`/api/v1/conversations?q=${encodeURIComponent(q)}&agentId=${conversation.agentId}`);
      return body.data.some(({ conversationId }) => conversationId === ref.conversationId);
    };
    expect(await found('"answer 2"')).toBe(true);
    await withdraw(2);
    expect([await found('"answer 2"'), await found('"answer 3"')]).toEqual([false, true]);
    await close(moves.hot, ref);
    await move();
    expect([await found('"answer 2"'), await found('"answer 3"')]).toEqual([false, true]);
  });

  it('stays taken back when the conversation goes on, leaves Redis and comes back', async () => {
    await withdraw(2);
    await turn();
    await rest();
    await turn();
    expect(await window()).toEqual([...ALL_BUT_RUN_2, 11, 12, 13, 14]);
    expect((await moves.hot.read(ref, { tail: 0 }))?.conversation.withdrawnSeqs).toEqual([3, 4]);
  });
});

describe('a run that is taken back', () => {
  it('while messages come and the conversation moves, is out of every window after it, and nothing else is', async () => {
    const withdrawn = new Set<string>();
    const work = [
      (async () => {
        for (let i = 0; i < 20; i++) await turn();
      })(),
      (async () => {
        for (let i = 0; i < 20; i++) await move();
      })(),
      (async () => {
        for (const run of [1, 2, 3, 4, 5]) {
          await withdraw(run);
          withdrawn.add(runs[run - 1]!);
          const known = [...withdrawn];
          for (const messages of [await moves.tail(ref, 1_000), (await moves.history.getMessages(ref, { after: 0, limit: 200 })).data]) expect(messages.filter(({ executionId }) => known.includes(executionId ?? ''))).toEqual([]);
        }
      })(),
    ];
    await Promise.all(work);
    await rest();
    expect([await window(), await page()]).toEqual([numbers(11, 50), numbers(11, 50)]);
    expect(seqsOf(await moves.history.messages(ref, 1, 1_000))).toEqual(numbers(1, 50));
    expect((await moves.ranges(ref)).every(([, , , outcome]) => outcome === 'verified')).toBe(true);
  });

  it('while a mover has read it and not yet written it, is in PostgreSQL after the next move', async () => {
    const before = (await moves.hot.read(ref, { unarchived: 100 }))!;
    await withdraw(2);
    await moves.transactions.run(ref.tenantId, async (tx) => moves.archive.store(ref, before, tx));
    await moves.hot.markArchived(ref, { archivedSeq: 10, revision: before.conversation.revision });
    expect(await row()).toEqual([]);
    expect(await moves.nooble.redis.zscore(keys.due('acme'), ref.conversationId)).not.toBeNull();
    await rest();
    expect([await row(), await window()]).toEqual([[3, 4], ALL_BUT_RUN_2]);
  });

  it('with only its question so far is that question', async () => {
    const executionId = newId();
    await say(`${executionId}.user`, 'question');
    expect(await moves.conversations.withdraw(ref, executionId)).toEqual([11]);
    await say(`${executionId}.assistant`, 'late', 'assistant');
    expect(await moves.conversations.withdraw(ref, executionId)).toEqual([11, 12]);
  });

  it('makes the conversation due, so that PostgreSQL hears of it', async () => {
    await move();
    expect(await moves.nooble.redis.zscore(keys.due('acme'), ref.conversationId)).toBeNull();
    await withdraw(1);
    expect(await moves.nooble.redis.zscore(keys.due('acme'), ref.conversationId)).not.toBeNull();
  });

  it('is refused where there is no conversation, or none any more', async () => {
    await expect(moves.conversations.withdraw(newRef(), newId())).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
    await moves.conversations.remove(ref);
    await expect(withdraw(1)).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
  });

  it('is refused when a thousand messages are, and nothing changes', async () => {
    const header = keys.conversation('acme', ref.conversationId);
    await moves.nooble.redis.hset(header, 'withdrawnSeqs', numbers(1_001, 1_000 + MAX_WITHDRAWN - 1).map((seq) => `,${String(seq)}`).join(''));
    await expect(withdraw(1)).rejects.toMatchObject({ kind: 'conflict', code: 'WITHDRAWN_LIMIT', message: expect.stringContaining('begin another one') });
    expect(await window()).toEqual(numbers(1, 10));
  });

  it('is forgotten with its conversation', async () => {
    await withdraw(2);
    await rest();
    await moves.conversations.remove(ref);
    expect(await row()).toEqual([]);
  });

  it('is shown over REST to whoever asks for it, and to operators', async () => {
    const client = moves.nooble.client('acme');
    type Shown = { data: { seq: number; isWithdrawn?: boolean }[]; messages: { seq: number; isWithdrawn?: boolean }[]; total: number };
    const path = `/api/v1/conversations/${ref.conversationId}`;
    const crm = async (): Promise<number[]> => (await client.get<Shown>(`/api/v1/crm/conversations/${ref.conversationId}`)).body.messages.filter(({ isWithdrawn }) => isWithdrawn).map(({ seq }) => seq);
    expect(await crm()).toEqual([]);
    await withdraw(2);
    expect(await crm()).toEqual([3, 4]);
    const without = (await client.get<Shown>(`${path}/messages?after=0`)).body;
    expect([without.data.map(({ seq }) => seq), without.total]).toEqual([ALL_BUT_RUN_2, 8]);
    const all = (await client.get<Shown>(`${path}/messages?after=0&includeWithdrawn=true`)).body;
    expect([all.data.map(({ isWithdrawn }) => isWithdrawn === true), all.total]).toEqual([numbers(1, 10).map((seq) => seq === 3 || seq === 4), 10]);
    expect((await client.get<Shown>(`${path}/messages?includeWithdrawn=yes`)).status).toBe(400);
    expect((await client.get<Shown>(`/api/v1/sessions/${conversation.sessionId}/history?limit=100&includeWithdrawn=true`)).body.messages).toHaveLength(10);
    expect((await client.get<Shown>(`/api/v1/sessions/${conversation.sessionId}/history?limit=100`)).body.messages).toHaveLength(8);
    const { body: context } = await client.get<{ messages: { content: string }[] }>(`${path}/context`);
    expect(context.messages.map(({ content }) => content)).not.toContain('question 2');
    expect((await moves.conversations.saveMessage(acme, { conversationId: ref.conversationId, role: 'user', content: 'on' })).seq).toBe(11);
  });
});
