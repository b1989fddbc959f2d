import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { Conversations, NOTHING_BY_ITSELF, type SeenMessage } from '../support/conversations.js';
import { ServerProcess } from '../support/server-process.js';
import { redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

interface Context {
  readonly conversationId: string;
  readonly messages: readonly { role: string; content: string; tokens: number }[];
  readonly totalTokens: number;
  readonly model: string;
  readonly truncationApplied: boolean;
}

interface History {
  readonly sessionId: string;
  readonly conversationId: string | null;
  readonly messages: readonly SeenMessage[];
  readonly total: number;
}

const SETTINGS = { ...NOTHING_BY_ITSELF, MIGRATION_HOT_TAIL_MESSAGES: '5' };

let nooble: TestApp;
let acme: ApiClient;
let all: Conversations;

beforeAll(async () => {
  nooble = await startTestApp(SETTINGS);
  acme = nooble.client('acme');
  all = new Conversations(acme);
});
afterAll(() => nooble.close());

async function contextOf(conversationId: string, query = '', client = acme): Promise<Context> {
  const { status, body } = await client.get<Context>(`/api/v1/conversations/${conversationId}/context?${query}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
}

async function historyOf(sessionId: string, query = '', client = acme): Promise<History> {
  const { status, body } = await client.get<History>(`/api/v1/sessions/${sessionId}/history?${query}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
}

/** A message that its sender has counted. */
async function counted(conversationId: string, content: string, tokensEstimate: number, role = 'user'): Promise<void> {
  const { status } = await acme.post('/api/v1/actions?wait=true', { actionType: 'conversation.save_message', data: { conversationId, role, content, tokensEstimate } });
  expect(status).toBe(200);
}

const PLACES: Readonly<Record<string, (conversationId: string) => Promise<unknown>>> = {
  'hot': async () => undefined,
  'in both stores': (conversationId) => all.move(conversationId),
  'cold': (conversationId) => all.rest(conversationId),
  'brought back with its tail alone': async (conversationId) => {
    await all.rest(conversationId);
    await acme.patch(`/api/v1/conversations/${conversationId}`, { summary: 'back' });
  },
};

describe('the context of a conversation', () => {
  it('has what was said, in its order, with role and tokens of each (77, bug 3), and says that nothing was left out (bug 17)', async () => {
    const conversationId = await all.begin({ model: 'llama3-8b-8192' });
    for (const [role, content] of [['user', 'one two three four five six'], ['assistant', ''], ['tool', '漢字'], ['user', 'again']]) await all.say(conversationId, content!, { role });
    for (const place of Object.values(PLACES)) {
      await place(conversationId);
      expect(await contextOf(conversationId)).toEqual({
        conversationId,
        model: 'llama3-8b-8192',
        messages: [{ role: 'user', content: 'one two three four five six', tokens: 7 }, { role: 'assistant', content: '', tokens: 0 }, { role: 'tool', content: '漢字', tokens: 2 }, { role: 'user', content: 'again', tokens: 1 }],
        totalTokens: 10,
        truncationApplied: false,
      });
    }
  });

  it('without messages is empty, and of an unknown conversation 404', async () => {
    const conversationId = await all.begin();
    expect(await contextOf(conversationId)).toEqual({ conversationId, messages: [], totalTokens: 0, model: 'builtin/chat', truncationApplied: false });
    await all.rest(conversationId);
    expect(await contextOf(conversationId)).toMatchObject({ messages: [], truncationApplied: false });
    expect(await acme.get<ErrorAnswer>(`/api/v1/conversations/${newId()}/context`)).toMatchObject({ status: 404, body: { code: 'CONVERSATION_NOT_FOUND' } });
    expect(await acme.get<ErrorAnswer>(`/api/v1/conversations/${newId()}/context?model=gpt-4&maxTokens=5`)).toMatchObject({ status: 404 });
  });

  it.each(Object.keys(PLACES))('has the newest that fit the model that is asked for, or else the conversation’s (78, 79), when it is %s', async (place) => {
    const conversationId = await all.begin({ model: 'llama3-70b-8192' });
    for (let i = 1; i <= 16; i += 1) await counted(conversationId, `m${String(i)}`, 1_400);
    await PLACES[place]!(conversationId);
    const newest = (count: number, model: string): Context => ({
      ...{ conversationId, model, totalTokens: count * 1_400, truncationApplied: count < 16 },
      messages: Array.from({ length: count }, (_, i) => ({ role: 'user', content: `m${String(16 - count + i + 1)}`, tokens: 1_400 })),
    });
    // The whole part of limit × 0.7: exactly 14 of these, or 3.
    expect(await contextOf(conversationId, 'model=gpt-4')).toEqual(newest(14, 'gpt-4'));
    expect(await contextOf(conversationId)).toEqual(newest(3, 'llama3-70b-8192'));
    expect(await contextOf(conversationId, 'model=llama3-8b-8192')).toEqual(newest(3, 'llama3-8b-8192'));
    expect(await contextOf(conversationId, 'model=nobody/knows-it')).toEqual(newest(3, 'nobody/knows-it'));
    expect(await contextOf(conversationId, 'model=claude-3-opus')).toEqual(newest(16, 'claude-3-opus'));
    expect(await contextOf(conversationId, 'model=gpt-4&maxTokens=2800')).toEqual(newest(2, 'gpt-4'));
    expect(await contextOf(conversationId, 'maxTokens=100000')).toEqual(newest(3, 'llama3-70b-8192'));
  });

  it.each(Object.keys(PLACES))('keeps what the system said, however old (bug 18), when it is %s', async (place) => {
    const conversationId = await all.begin({ model: 'gpt-4' });
    await counted(conversationId, 'be kind', 1_000, 'system');
    for (let i = 1; i <= 16; i += 1) await counted(conversationId, `m${String(i)}`, 1_400);
    await PLACES[place]!(conversationId);
    const { messages, totalTokens, truncationApplied } = await contextOf(conversationId);
    expect([messages[0], messages.length, totalTokens, truncationApplied]).toEqual([{ role: 'system', content: 'be kind', tokens: 1_000 }, 14, 1_000 + 13 * 1_400, true]);
    expect((await contextOf(conversationId, 'model=llama3-8b-8192')).messages.map(({ content }) => content)).toEqual(['be kind', 'm15', 'm16']);
  });

  it.each(Object.keys(PLACES))('has the beginning of a newest message that is longer than the window (bug 18), when it is %s', async (place) => {
    const conversationId = await all.begin({ model: 'llama3-8b-8192' });
    const long = Array.from({ length: 6_000 }, (_, i) => `word${String(i)}`).join(' ');
    await all.say(conversationId, 'before');
    await all.say(conversationId, long);
    await PLACES[place]!(conversationId);
    const { messages, totalTokens, truncationApplied } = await contextOf(conversationId);
    expect([messages.length, truncationApplied]).toEqual([1, true]);
    expect(long.startsWith(messages[0]!.content)).toBe(true);
    expect(totalTokens).toBeLessThanOrEqual(4_200);
    expect(totalTokens).toBeGreaterThan(4_000);
    expect(await contextOf(conversationId, 'model=gpt-4')).toMatchObject({ messages: [{ content: 'before' }, { content: long }], truncationApplied: false });
  });

  it.each([['model=', 'model'], ['maxTokens=0', 'maxTokens'], ['maxTokens=-1', 'maxTokens'], ['maxTokens=1.5', 'maxTokens'], ['maxTokens=all', 'maxTokens'], ['maxTokens=1e9', 'maxTokens'], ['limit=5', 'limit']])('refuses %s by name', async (query, field) => {
    const { status, body } = await acme.get<ErrorAnswer>(`/api/v1/conversations/${await all.begin()}/context?${query}`);
    expect([status, new Set(body.details?.fields?.map((fault) => fault.field))]).toEqual([400, new Set([field])]);
  });
});

describe('the context and the history, from process to process (bug 4),', () => {
  it('are the same at once, whoever wrote, moved or deleted', async () => {
    const other = await startTestApp(SETTINGS, { beside: nooble });
    try {
      const [here, there] = [acme, other.client('acme')];
      const { conversationId, sessionId } = await all.created();
      for (let i = 0; i < 20; i += 1) {
        const [writer, reader] = i % 2 === 0 ? [here, there] : [there, here];
        await new Conversations(writer).say(conversationId, `said ${String(i)}`);
        if (i % 7 === 3) await new Conversations(writer).move(conversationId);
        if (i % 7 === 6) await new Conversations(writer).rest(conversationId);
        const contexts = [await contextOf(conversationId, '', reader), await contextOf(conversationId, '', writer)];
        expect(contexts[0]?.messages.map(({ content }) => content)).toEqual(Array.from({ length: i + 1 }, (_, at) => `said ${String(at)}`));
        expect(contexts[1]).toEqual(contexts[0]);
        expect((await historyOf(sessionId, 'limit=1', reader)).messages).toMatchObject([{ content: `said ${String(i)}` }]);
      }
      await acme.delete(`/api/v1/conversations/${conversationId}`);
      expect((await there.get(`/api/v1/conversations/${conversationId}/context`)).status).toBe(404);
    } finally {
      await other.close();
    }
  });

  it('are right after a restart, however the process ended (92)', async () => {
    const environment = { ...SETTINGS, DATABASE_URL: nooble.database.url, REDIS_URL: redisUrl };
    let server = await ServerProcess.start(environment);
    const own = new Conversations(await server.client('restarted'));
    const conversationId = await own.begin({ sessionId: 'restarted' });
    for (let i = 0; i < 8; i += 1) await own.say(conversationId, `said ${String(i)}`, { role: i === 0 ? 'system' : 'user' });
    await own.move(conversationId);
    await own.say(conversationId, 'not moved yet');
    const before = await contextOf(conversationId, '', own.client);
    await server.end('SIGKILL');
    server = await ServerProcess.start(environment);
    const client = await server.client('restarted');
    expect(before.messages).toHaveLength(9);
    expect(await contextOf(conversationId, '', client)).toEqual(before);
    expect((await historyOf('restarted', 'includeSystem=true', client)).messages.map(({ content }) => content)).toEqual(before.messages.map(({ content }) => content));
    await server.end('SIGTERM');
  });
});

describe('the history of a session', () => {
  it('that nobody knows is empty (80)', async () => {
    expect(await historyOf('nobody')).toEqual({ sessionId: 'nobody', conversationId: null, messages: [], total: 0 });
    const globex = nooble.client('globex');
    await new Conversations(globex).begin({ sessionId: 'of-globex' });
    expect(await historyOf('of-globex')).toMatchObject({ conversationId: null });
  });

  it('is that of its conversation while it is open, when it is closed, and when it has been moved', async () => {
    const conversationId = await all.begin({ sessionId: 'told' });
    for (let i = 1; i <= 14; i += 1) await all.say(conversationId, `m${String(i)}`, { role: i % 4 === 0 ? 'system' : 'user' });
    const users = [1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14];
    for (const step of [async () => undefined, () => all.close(conversationId), () => all.rest(conversationId)]) {
      await step();
      const told = await historyOf('told');
      expect([told.conversationId, told.total, told.messages.map(({ seq }) => seq)]).toEqual([conversationId, 14, users.slice(-10)]);
      expect((await historyOf('told', 'includeSystem=false&limit=200')).messages.map(({ seq }) => seq)).toEqual(users);
      expect((await historyOf('told', 'includeSystem=true&limit=4')).messages).toMatchObject([{ content: 'm11' }, { content: 'm12', role: 'system' }, { content: 'm13' }, { content: 'm14' }]);
    }
  });

  it('of many system messages still has the last others', async () => {
    const conversationId = await all.begin({ sessionId: 'systematic' });
    await all.say(conversationId, 'the only question');
    for (let i = 0; i < 45; i += 1) await all.say(conversationId, `rule ${String(i)}`, { role: 'system' });
    expect((await historyOf('systematic', 'limit=1')).messages).toMatchObject([{ seq: 1, content: 'the only question' }]);
  });

  it('with two agents is that of the one asked for, or of the one that spoke last; an active one comes before a closed one', async () => {
    const [first, second] = [await all.created({ sessionId: 'two' }), await all.created({ sessionId: 'two' })];
    await all.say(second.conversationId, 'second');
    await all.say(first.conversationId, 'first');
    expect((await historyOf('two')).conversationId).toBe(first.conversationId);
    expect((await historyOf('two', `agentId=${second.agentId}`)).conversationId).toBe(second.conversationId);
    await all.close(first.conversationId);
    expect((await historyOf('two')).conversationId).toBe(second.conversationId);
    await all.rest(second.conversationId);
    await all.rest(first.conversationId);
    expect((await historyOf('two', `agentId=${first.agentId}`)).conversationId).toBe(first.conversationId);
    expect((await historyOf('two', `agentId=${newId()}`)).conversationId).toBeNull();
  });
});
