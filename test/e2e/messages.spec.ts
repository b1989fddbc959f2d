import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { keys } from '../../src/shared/redis/index.js';
import type { Answer, ApiClient, ErrorAnswer } from '../support/api-client.js';
import { keysIn } from '../support/caches.js';
import { Conversations, NOTHING_BY_ITSELF, type SavedMessage, type SeenMessage } from '../support/conversations.js';
import { freePort } from '../support/free-port.js';
import { OwnRedis } from '../support/own-redis.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

const ROLES = ['user', 'assistant', 'tool', 'system'] as const;

let nooble: TestApp;
let acme: ApiClient;
let all: Conversations;

beforeAll(async () => {
  nooble = await startTestApp({ ...NOTHING_BY_ITSELF, MIGRATION_HOT_TAIL_MESSAGES: '10', MIGRATION_BATCH_SIZE: '16' });
  acme = nooble.client('acme');
  all = new Conversations(acme);
});
afterAll(() => nooble.close());

const messagesPath = (conversationId: string): string => `/api/v1/conversations/${conversationId}/messages`;
const post = <T = ErrorAnswer>(conversationId: string, body: object): Promise<Answer<T>> => acme.post<T>(messagesPath(conversationId), { role: 'user', content: 'hello', ...body });

/** A conversation of so many messages; every role comes and goes, in no regular order. */
async function talked(count: number): Promise<{ readonly conversationId: string; readonly sent: readonly SeenMessage[] }> {
  const conversationId = await all.begin();
  const sent: SeenMessage[] = [];
  for (let i = 1; i <= count; i += 1) {
    const role = ROLES[(i * i + (i % 3)) % 4]!;
    const { messageId, seq, tokens } = await all.say(conversationId, `message ${String(i)}`, { role });
    sent.push({ messageId, seq, role, content: `message ${String(i)}`, tokens });
  }
  return { conversationId, sent };
}

/** Every page one after the other, until there is none. */
async function walk(conversationId: string, direction: 'after' | 'before', query: string): Promise<{ readonly messages: readonly SeenMessage[]; readonly totals: ReadonlySet<number> }> {
  const [messages, totals]: [SeenMessage[], Set<number>] = [[], new Set()];
  let cursor: number | null = direction === 'after' ? 0 : 2_147_483_647;
  while (cursor !== null) {
    const page = await all.page(conversationId, `${direction}=${String(cursor)}&${query}`);
    messages.push(...page.data);
    totals.add(page.total);
    cursor = page.nextCursor;
  }
  return { messages: direction === 'after' ? messages : messages.toReversed(), totals };
}

function essence(messages: readonly SeenMessage[]): SeenMessage[] {
  return messages.map(({ messageId, seq, role, content, tokens }) => ({ messageId, seq, role, content, tokens }));
}

describe('appending', () => {
  it('gives the message its place and its tokens, and keeps it exactly, hot and cold', async () => {
    const conversationId = await all.begin();
    const contents = ['', ' ', 'naïve “漢字” 👩‍👩‍👧 e\u0301', '{"a":[]}', '\u2028\t\r\n\\"\u007f', '%s $1 {} [] null', 'x'.repeat(100_000)];
    const agentId = newId();
    const extras = [{}, { metadata: { none: {}, list: [], n: 1.5, no: null, deep: { a: { b: ['c'] } } } }, { metadata: {} }, { agentId }];
    for (const [i, content] of contents.entries()) {
      const saved = await post<SavedMessage>(conversationId, { content, role: ROLES[i % 4], ...extras[i % 4] });
      expect(saved).toEqual(expect.objectContaining({ status: 201, body: { conversationId, messageId: expect.any(String), seq: i + 1, tokens: expect.any(Number) } }));
    }
    const hot = await all.page(conversationId, 'after=0');
    const expected = contents.map((content, i) => ({ seq: i + 1, content, role: ROLES[i % 4], executionId: null, agentId: i % 4 === 3 ? agentId : null, metadata: extras[i % 4]?.metadata ?? null }));
    expect(hot.data).toMatchObject(expected);
    await all.rest(conversationId);
    expect(await all.page(conversationId, 'after=0')).toEqual(hot);
  });

  it.each(['hot', 'both', 'cold'])('the same again to a conversation that is %s is the same message, however it is told', async (place) => {
    const { conversationId, sent } = await talked(15);
    if (place !== 'hot') await all.move(conversationId);
    if (place === 'cold') await all.rest(conversationId);
    const before = await all.get(conversationId);
    for (const { messageId, role, content, seq, tokens } of [sent[0]!, sent.at(-1)!]) {
      expect(await post(conversationId, { messageId, role, content })).toMatchObject({ status: 201, body: { messageId, seq, tokens } });
      expect(await post(conversationId, { messageId, role, content, expectedSeq: 1 })).toMatchObject({ status: 201, body: { seq } });
      for (const other of [{ content: 'another' }, { role: role === 'user' ? 'tool' : 'user' }]) {
        expect(await post(conversationId, { messageId, role, content, ...other })).toMatchObject({ status: 409, body: { code: 'MESSAGE_ID_TAKEN', details: { field: 'messageId', seq } } });
      }
    }
    expect(await all.get(conversationId)).toMatchObject({ messageCount: 15, tokenCount: before.tokenCount, status: before.status });
  });

  it('of one id by many at once is one message', async () => {
    const conversationId = await all.begin();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post<SavedMessage>(conversationId, { messageId: 'one', content: 'once' })));
    expect(new Set(answers.map(({ status, body }) => `${String(status)} ${String(body.seq)}`))).toEqual(new Set(['201 1']));
    expect((await all.get(conversationId)).messageCount).toBe(1);
  });

  it('under the same id to another conversation is another message', async () => {
    for (const conversationId of [await all.begin(), await all.begin()]) expect(await post(conversationId, { messageId: 'shared' })).toMatchObject({ status: 201, body: { seq: 1 } });
  });

  it.each(['hot', 'both', 'cold'])('with expectedSeq to a conversation that is %s is refused unless that is the newest', async (place) => {
    const { conversationId } = await talked(12);
    if (place !== 'hot') await all.move(conversationId);
    if (place === 'cold') await all.rest(conversationId);
    for (const expectedSeq of [0, 11, 13]) {
      expect(await post(conversationId, { expectedSeq })).toMatchObject({ status: 409, body: { code: 'SEQ_CONFLICT', details: { field: 'expectedSeq', seq: 12 } } });
    }
    expect(await post(conversationId, { expectedSeq: 12 })).toMatchObject({ status: 201, body: { seq: 13 } });
  });

  it('by two who know the same newest message: one is refused and nothing of his is kept', async () => {
    const conversationId = await all.begin();
    const answers = await Promise.all(['a', 'b'].map((messageId) => post(conversationId, { messageId, content: messageId, expectedSeq: 0 })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const loser = answers[0]?.status === 409 ? 'a' : 'b';
    expect(await post(conversationId, { messageId: loser, content: loser })).toMatchObject({ status: 201, body: { seq: 2 } });
  });

  it('by many at once loses none: seq is dense, the counters are right (15)', async () => {
    const conversationId = await all.begin();
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => post<SavedMessage>(conversationId, { content: `${String(i)}` })));
    expect(answers.map(({ body }) => body.seq).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    const tokens = answers.reduce((sum, { body }) => sum + body.tokens, 0);
    expect(await all.get(conversationId)).toMatchObject({ messageCount: 60, tokenCount: tokens });
    await all.rest(conversationId);
    expect(await all.get(conversationId)).toMatchObject({ messageCount: 60, tokenCount: tokens });
  });
});

describe('reading (12)', () => {
  const PLACES: Readonly<Record<string, (conversationId: string) => Promise<void>>> = {
    'hot': async () => undefined,
    'in both stores': (conversationId) => all.move(conversationId),
    'cold': (conversationId) => all.rest(conversationId),
    'brought back with its tail alone': async (conversationId) => {
      await all.rest(conversationId);
      await acme.patch(`/api/v1/conversations/${conversationId}`, { summary: 'back' });
    },
  };

  it.each(Object.keys(PLACES))('every page of a conversation that is %s, forwards and backwards and by role, has each message once', async (place) => {
    const { conversationId, sent } = await talked(47);
    await PLACES[place]!(conversationId);
    for (const role of [undefined, ...ROLES]) {
      const expected = sent.filter((message) => role === undefined || message.role === role);
      for (const limit of [7, 47, 200]) {
        for (const direction of ['after', 'before'] as const) {
          const { messages, totals } = await walk(conversationId, direction, `limit=${String(limit)}${role === undefined ? '' : `&role=${role}`}`);
          expect(essence(messages)).toEqual(expected);
          expect([...totals]).toEqual([expected.length]);
        }
      }
    }
  });

  it('goes on in what was said after the move', async () => {
    const { conversationId, sent } = await talked(30);
    await all.move(conversationId);
    const later: SeenMessage[] = [];
    for (let i = 31; i <= 35; i += 1) later.push({ role: 'user', content: String(i), ...(await all.say(conversationId, String(i))) });
    for (const direction of ['after', 'before'] as const) expect(essence((await walk(conversationId, direction, 'limit=4')).messages)).toEqual(essence([...sent, ...later]));
  });

  it.each(Object.keys(PLACES))('begins with the newest, and between two seqs has just those, of a conversation that is %s', async (place) => {
    const { conversationId, sent } = await talked(24);
    await PLACES[place]!(conversationId);
    const seqs = async (query: string): Promise<unknown[]> => {
      const { data, nextCursor, total } = await all.page(conversationId, query);
      return [data.map(({ seq }) => seq), nextCursor, total];
    };
    expect(await seqs('limit=3')).toEqual([[24, 23, 22], 22, 24]);
    expect(await seqs('after=3&before=8')).toEqual([[4, 5, 6, 7], null, 24]);
    expect(await seqs('after=3&before=8&limit=2')).toEqual([[4, 5], 5, 24]);
    expect(await seqs('before=3')).toEqual([[2, 1], null, 24]);
    expect(await seqs('before=1')).toEqual([[], null, 24]);
    expect(await seqs('after=24')).toEqual([[], null, 24]);
    expect(await seqs('after=1000000&limit=1')).toEqual([[], null, 24]);
    expect(await seqs('before=1000000&limit=1')).toEqual([[24], 24, 24]);
    expect(await seqs('after=8&before=8')).toEqual([[], null, 24]);
    expect((await all.page(conversationId)).data).toHaveLength(24);
    expect((await acme.get(`/api/v1/crm/conversations/${conversationId}?after=20&limit=2`)).body).toMatchObject({ messages: sent.slice(20, 22).map(({ seq, content }) => ({ seq, content })) });
  });

  it('while it is written, moved, trimmed, released and brought back, over and over, shows no gap and never a 404', async () => {
    const { conversationId } = await talked(25);
    let [acknowledged, isOver] = [25, false];
    const writing = (async () => {
      for (let round = 0; round < 12; round += 1) {
        for (let i = 0; i < 3; i += 1) acknowledged = (await all.say(conversationId, 'more')).seq;
        await all.move(conversationId);
        if (round % 2 === 0) await all.rest(conversationId);
      }
      isOver = true;
    })();
    const reading = Array.from({ length: 3 }, async (_, reader) => {
      let walks = 0;
      while (!isOver) {
        const atLeast = acknowledged;
        const { messages, totals } = await walk(conversationId, reader === 0 ? 'before' : 'after', `limit=${String(9 + 20 * reader)}`);
        expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_message, i) => i + 1));
        expect(messages.length).toBeGreaterThanOrEqual(atLeast);
        expect(Math.min(...totals)).toBeGreaterThanOrEqual(atLeast);
        expect((await all.get(conversationId)).messageCount).toBeGreaterThanOrEqual(atLeast);
        walks += 1;
      }
      return walks;
    });
    await writing;
    for (const walks of await Promise.all(reading)) expect(walks).toBeGreaterThan(0);
    expect((await all.page(conversationId)).total).toBe(25 + 36);
  });
});

describe('what Redis has of a conversation', () => {
  it('has no end of its own, and is gone once it is at rest (bugs 7, 9 and 20)', async () => {
    const { conversationId } = await talked(3);
    const own = (): Promise<string[]> => keysIn(nooble.redis, `*${conversationId}*`);
    expect((await own()).length).toBeGreaterThanOrEqual(3);
    for (const step of [() => all.move(conversationId), () => all.close(conversationId)]) {
      for (const key of await own()) expect([key, await nooble.redis.ttl(key)]).toEqual([key, -1]);
      await step();
    }
    await all.rest(conversationId);
    // When it left stays known for an hour.
    expect(await own()).toEqual([keys.left('acme', conversationId)]);
    expect(await nooble.redis.ttl(keys.left('acme', conversationId))).toBeGreaterThan(0);
    for (const index of [keys.hot, keys.due, keys.active, keys.unarchived]) expect(await nooble.redis.zscore(index('acme'), conversationId)).toBeNull();
  });

  it('is found without looking through all keys (bug 14)', async () => {
    // Its own, because a server counts the commands of all its databases.
    const redis = await OwnRedis.start(await freePort());
    const app = await startTestApp({ ...NOTHING_BY_ITSELF, REDIS_URL: redis.url });
    const own = new Conversations(app.client('acme'));
    const conversationId = await own.begin({ sessionId: 'found' });
    await app.redis.config('RESETSTAT');
    await own.say(conversationId, 'hello');
    await own.rest(conversationId);
    await own.say(conversationId, 'again');
    for (const path of ['conversations', 'conversations?q=again', 'crm/stats', `crm/conversations/${conversationId}`, 'sessions/found/history']) expect((await own.client.get(`/api/v1/${path}`)).status).toBe(200);
    await own.client.delete(`/api/v1/conversations/${conversationId}`);
    const commands = await app.redis.info('commandstats');
    await app.close();
    await redis.remove();
    expect(commands).toMatch(/cmdstat_evalsha:/);
    expect(commands).not.toMatch(/cmdstat_(keys|scan):/);
  });
});
