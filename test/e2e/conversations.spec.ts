import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { createAgent } from '../factories/agent.js';
import type { Answer, ApiClient, ErrorAnswer } from '../support/api-client.js';
import { dumpOf } from '../support/caches.js';
import { Conversations, NOTHING_BY_ITSELF, type SeenConversation } from '../support/conversations.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const PATH = '/api/v1/conversations';

let nooble: TestApp;
let acme: ApiClient;
let all: Conversations;

beforeAll(async () => {
  nooble = await startTestApp(NOTHING_BY_ITSELF);
  acme = nooble.client('acme');
  all = new Conversations(acme);
});
afterAll(() => nooble.close());

/** Where a conversation can be, and how a test gets one there. */
const PLACES: Readonly<Record<string, (conversationId: string) => Promise<void>>> = {
  hot: async () => undefined,
  both: (conversationId) => all.move(conversationId),
  cold: (conversationId) => all.rest(conversationId),
};

const patch = <T = SeenConversation>(conversationId: string, edit: object): Promise<Answer<T>> => acme.patch<T>(`${PATH}/${conversationId}`, edit);

describe('a conversation', () => {
  it('begins with what the caller says, active and hot', async () => {
    const agentId = newId();
    const body = { agentId, sessionId: 'begun', userId: 'ann', model: 'gpt-4', metadata: { channel: 'web', nested: { tags: [], none: {} } } };
    const { status, body: created } = await acme.post<SeenConversation>(PATH, body);
    expect(status).toBe(201);
    expect(created).toEqual({
      ...body,
      ...{ conversationId: expect.stringMatching(/^[0-9a-f-]{36}$/), status: 'active', storage: 'hot', messageCount: 0, tokenCount: 0, summary: null, customerSatisfaction: null, closedAt: null },
      ...{ createdAt: expect.stringMatching(/Z$/), lastMessageAt: created.createdAt },
    });
    expect(await all.get(created.conversationId)).toEqual(created);
  });

  it('begins with an agent alone, in a session of its own', async () => {
    const [one, two] = [await all.created(), await all.created()];
    expect(one).toMatchObject({ userId: null, metadata: {}, model: 'builtin/chat' });
    expect(one.sessionId).not.toBe(two.sessionId);
  });

  it('is refused while the session has an active one with the agent, whose id the refusal names; with another agent it is not', async () => {
    const first = await all.created({ sessionId: 'taken' });
    const again = await acme.post<ErrorAnswer>(PATH, { agentId: first.agentId, sessionId: 'taken' });
    expect(again).toMatchObject({ status: 409, body: { code: 'CONVERSATION_ACTIVE', details: { conversationId: first.conversationId } } });
    expect((await acme.post(PATH, { agentId: newId(), sessionId: 'taken' })).status).toBe(201);
    await all.close(first.conversationId);
    expect((await acme.post(PATH, { agentId: first.agentId, sessionId: 'taken' })).status).toBe(201);
  });

  it('has live numbers, wherever it is; six words are seven tokens where the model’s tokenizer is not known (76)', async () => {
    const conversationId = await all.begin({ model: 'llama3-8b-8192' });
    const { tokens } = await all.say(conversationId, 'one two three four five six');
    expect(tokens).toBe(7);
    for (const place of Object.values(PLACES)) {
      await place(conversationId);
      expect(await all.get(conversationId)).toMatchObject({ messageCount: 1, tokenCount: 7 });
    }
  });

  it('is closed once, however often that is said, and has its time of it', async () => {
    const conversationId = await all.begin();
    expect(await acme.post(`${PATH}/${conversationId}/close`)).toMatchObject({ status: 200, body: { conversationId, status: 'completed' } });
    const closed = await all.get(conversationId);
    expect(closed).toMatchObject({ status: 'completed', closedAt: expect.stringMatching(/Z$/) });
    await all.close(conversationId);
    await all.rest(conversationId);
    await all.close(conversationId);
    expect(await all.get(conversationId)).toEqual({ ...closed, status: 'transferred', storage: 'cold' });
  });

  it('without any message can be at rest, too', async () => {
    const conversationId = await all.begin({ metadata: { kept: true } });
    await all.rest(conversationId);
    expect(await all.get(conversationId)).toMatchObject({ status: 'transferred', storage: 'cold', messageCount: 0, metadata: { kept: true } });
    expect(await all.page(conversationId)).toEqual({ data: [], nextCursor: null, total: 0 });
  });
});

describe('the status of a conversation', () => {
  /** Ways to each status that the wire has. */
  const WAYS: Readonly<Record<string, (conversationId: string) => Promise<unknown>>> = {
    active: async () => undefined,
    completed: (conversationId) => all.close(conversationId),
    transferred: (conversationId) => all.rest(conversationId),
    archived: async (conversationId) => {
      await all.rest(conversationId);
      expect((await patch(conversationId, { status: 'archived' })).status).toBe(200);
    },
  };
  const ALLOWED: Readonly<Record<string, readonly string[]>> = { active: ['completed'], completed: ['active'], transferred: ['active', 'archived'], archived: [] };
  const every = Object.keys(WAYS).flatMap((from) => Object.keys(WAYS).map((to) => [from, to] as const)).filter(([from, to]) => from !== to);

  it.each(every.filter(([from, to]) => ALLOWED[from]?.includes(to)))('may go from %s to %s', async (from, to) => {
    const conversationId = await all.begin();
    await WAYS[from]!(conversationId);
    expect(await patch(conversationId, { status: to })).toMatchObject({ status: 200, body: { status: to } });
    expect(await all.get(conversationId)).toMatchObject({ status: to, closedAt: to === 'active' ? null : expect.any(String) });
  });

  it.each(every.filter(([from, to]) => !ALLOWED[from]?.includes(to)))('may not go from %s to %s: 409 that names what may be', async (from, to) => {
    const conversationId = await all.begin();
    await WAYS[from]!(conversationId);
    const before = await all.get(conversationId);
    const refused = await patch<ErrorAnswer>(conversationId, { status: to, summary: 'not either' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'STATUS_TRANSITION', details: { status: from, allowed: [...ALLOWED[from]!, 'deleted'] } } });
    for (const way of ALLOWED[from]!) expect(refused.body.message).toContain(way);
    expect(await all.get(conversationId)).toEqual(before);
  });

  it.each(Object.keys(WAYS))('%s again is no change', async (status) => {
    const conversationId = await all.begin();
    await WAYS[status]!(conversationId);
    const before = await all.get(conversationId);
    expect(await patch(conversationId, { status })).toMatchObject({ status: 200, body: before });
  });

  it('goes to deleted as by DELETE', async () => {
    const conversationId = await all.begin();
    await all.say(conversationId, 'hush');
    expect(await patch(conversationId, { status: 'deleted' })).toMatchObject({ status: 200, body: { conversationId, status: 'deleted' } });
    expect((await acme.get(`${PATH}/${conversationId}`)).status).toBe(404);
  });

  it('archived takes no message; a user’s message opens a completed and a transferred one again (bug 19), another’s does not', async () => {
    const archived = await all.begin();
    await WAYS['archived']!(archived);
    expect(await acme.post(`${PATH}/${archived}/messages`, { role: 'user', content: 'hello?' })).toMatchObject({ status: 409, body: { code: 'CONVERSATION_ARCHIVED' } });
    const turn = await acme.post(`/api/v1/agents/${await createAgent(acme)}/executions`, { message: 'hello?', conversationId: archived });
    expect(turn).toMatchObject({ status: 409, body: { code: 'CONVERSATION_ARCHIVED' } });
    for (const way of ['completed', 'transferred']) {
      const conversationId = await all.begin();
      await WAYS[way]!(conversationId);
      await all.say(conversationId, 'late', { role: 'assistant' });
      expect(await all.get(conversationId)).toMatchObject({ status: 'completed', messageCount: 1, closedAt: expect.any(String) });
      await all.say(conversationId, 'again');
      expect(await all.get(conversationId)).toMatchObject({ status: 'active', messageCount: 2, closedAt: null });
    }
  });
});

describe('PATCH (94)', () => {
  const EDIT = { metadata: { label: 'vip', deep: { list: [1, null], none: {} } }, summary: 'It went well: “naïve” 漢字', customerSatisfaction: 5 };

  it.each(Object.keys(PLACES))('keeps every field of a conversation that is %s, also when it is moved later', async (place) => {
    const conversationId = await all.begin({ metadata: { old: 1, gone: true } });
    await all.say(conversationId, 'hello');
    await PLACES[place]!(conversationId);
    expect(await patch(conversationId, EDIT)).toMatchObject({ status: 200, body: EDIT });
    expect((await all.get(conversationId)).metadata).toEqual(EDIT.metadata);
    await all.rest(conversationId);
    expect(await all.get(conversationId)).toMatchObject({ ...EDIT, storage: 'cold', messageCount: 1 });
    expect((await acme.get(`/api/v1/crm/conversations/${conversationId}`)).body).toMatchObject(EDIT);
  });

  it.each(Object.keys(PLACES))('takes away with null what a conversation that is %s had, and leaves what is not named', async (place) => {
    const conversationId = await all.begin();
    await patch(conversationId, EDIT);
    await PLACES[place]!(conversationId);
    await patch(conversationId, { summary: null });
    expect(await all.get(conversationId)).toMatchObject({ ...EDIT, summary: null });
    await patch(conversationId, { customerSatisfaction: null, metadata: {} });
    await all.rest(conversationId);
    expect(await all.get(conversationId)).toMatchObject({ metadata: {}, summary: null, customerSatisfaction: null });
  });

  it('of nothing changes nothing', async () => {
    const conversationId = await all.begin();
    await all.rest(conversationId);
    expect(await patch(conversationId, { status: 'transferred' })).toMatchObject({ status: 200, body: { storage: 'cold' } });
  });

  it.each<[object, string]>([
    [{ customerSatisfaction: 6 }, 'customerSatisfaction'],
    [{ customerSatisfaction: 2.5 }, 'customerSatisfaction'],
    [{ customerSatisfaction: '5' }, 'customerSatisfaction'],
    [{ summary: 5 }, 'summary'],
    [{ metadata: null }, 'metadata'],
    [{ metadata: [] }, 'metadata'],
    [{ status: 'over' }, 'status'],
    [{ status: null }, 'status'],
    [{ agentId: '01a1fd7d-0000-7000-8000-000000000000' }, 'agentId'],
  ])('of %j is refused by name', async (edit, field) => {
    const refused = await patch<ErrorAnswer>(await all.begin(), edit);
    expect([refused.status, new Set(refused.body.details?.fields?.map((fault) => fault.field))]).toEqual([400, new Set([field])]);
  });
});

describe('DELETE', () => {
  const SECRET = 'the-passphrase-is-xyzzy';

  /** Every way to ask for a conversation that is not there. */
  const everywhere = async (conversationId: string): Promise<unknown[]> => {
    const path = `${PATH}/${conversationId}`;
    const answers = await Promise.all([
      ...['', '/messages', '/context'].map((rest) => acme.get<ErrorAnswer>(path + rest)),
      acme.get<ErrorAnswer>(`/api/v1/crm/conversations/${conversationId}`),
      acme.post<ErrorAnswer>(`${path}/messages`, { role: 'user', content: 'anybody?' }),
      acme.patch<ErrorAnswer>(path, { summary: 'x' }),
      acme.post<ErrorAnswer>(`${path}/close`),
      acme.delete<ErrorAnswer>(path),
    ]);
    return answers.map(({ status, body }) => [status, body.code]);
  };
  const gone = Array.from({ length: 8 }, () => [404, 'CONVERSATION_NOT_FOUND']);

  it.each(Object.keys(PLACES))('takes one that is %s out of both stores with everything that was said', async (place) => {
    const { conversationId, sessionId } = await all.created({ metadata: { note: SECRET }, userId: 'somebody-secret' });
    for (let i = 0; i < 3; i += 1) await all.say(conversationId, `${SECRET} ${String(i)}`, { metadata: { i, SECRET } });
    await patch(conversationId, { summary: SECRET });
    await PLACES[place]!(conversationId);
    await all.page(conversationId);
    await acme.get(`${PATH}/${conversationId}/context`);
    await acme.get(`/api/v1/crm/conversations/${conversationId}`);

    expect(await acme.delete(`${PATH}/${conversationId}`)).toMatchObject({ status: 204 });
    expect(await everywhere(conversationId)).toEqual(gone);
    const listed = await acme.get<{ data: SeenConversation[] }>(`${PATH}?sessionId=${sessionId}`);
    expect(listed.body).toEqual({ data: [], nextCursor: null, total: 0 });
    expect((await acme.get(`/api/v1/sessions/${sessionId}/history`)).body).toMatchObject({ conversationId: null, messages: [], total: 0 });
    expect(await dumpOf(nooble.redis)).not.toContain(SECRET);
    expect(await nooble.database.query('SELECT 1 FROM messages WHERE conversation_id = $1', [conversationId])).toEqual([]);
    expect(JSON.stringify(await nooble.database.query('SELECT * FROM conversations WHERE conversation_id = $1', [conversationId]))).not.toMatch(/xyzzy|secret/);
  });

  it('while its move is under way leaves nothing either', async () => {
    for (let round = 0; round < 10; round += 1) {
      const conversationId = await all.begin();
      for (let i = 0; i < 5; i += 1) await all.say(conversationId, SECRET);
      await all.close(conversationId);
      await Promise.all([all.move(conversationId), acme.delete(`${PATH}/${conversationId}`)]);
      await all.move(conversationId);
      expect(await everywhere(conversationId)).toEqual(gone);
      expect(await nooble.database.query('SELECT 1 FROM messages WHERE conversation_id = $1', [conversationId])).toEqual([]);
    }
    expect(await dumpOf(nooble.redis)).not.toContain(SECRET);
  });

  it('makes room in its session: the next message begins another one', async () => {
    const { conversationId, agentId } = await all.created({ sessionId: 'deleted' });
    await acme.delete(`${PATH}/${conversationId}`);
    const next = await all.created({ sessionId: 'deleted', agentId });
    expect(next.conversationId).not.toBe(conversationId);
  });

  it('is final: the late answer of a run does not bring it back', async () => {
    const agentId = await createAgent(acme, '@think 400');
    const { body } = await acme.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'question', sessionId: 'late' });
    await waitFor('the question', async () => (await all.page(body.conversationId)).total === 1);
    await acme.delete(`${PATH}/${body.conversationId}`);
    // It fails by itself, unless it is stopped before.
    await waitFor('its end', async () => ['failed', 'cancelled'].includes((await acme.get<{ status: string }>(`/api/v1/executions/${body.executionId}`)).body.status));
    expect(await everywhere(body.conversationId)).toEqual(gone);
  });
});

describe('another tenant’s conversation (88)', () => {
  it.each(Object.keys(PLACES))('that is %s is not found, whatever is asked, and nothing happens to it', async (place) => {
    const conversationId = await all.begin({ sessionId: `of-acme-${place}` });
    await all.say(conversationId, 'mine');
    await PLACES[place]!(conversationId);
    const before = await all.get(conversationId);
    const globex = nooble.client('globex');
    const path = `${PATH}/${conversationId}`;
    const answers = await Promise.all([
      ...['', '/messages', '/context'].map((rest) => globex.get<ErrorAnswer>(path + rest)),
      globex.get<ErrorAnswer>(`/api/v1/crm/conversations/${conversationId}`),
      globex.post<ErrorAnswer>(`${path}/messages`, { role: 'user', content: 'mine now' }),
      globex.patch<ErrorAnswer>(path, { status: 'completed' }),
      globex.post<ErrorAnswer>(`${path}/close`),
      globex.delete<ErrorAnswer>(path),
      globex.post<ErrorAnswer>(`/api/v1/agents/${await createAgent(globex)}/executions`, { message: 'hi', conversationId }),
    ]);
    for (const { status, body } of answers) expect([status, body.code]).toEqual([404, 'CONVERSATION_NOT_FOUND']);
    expect((await globex.get(`${PATH}?sessionId=of-acme-${place}`)).body).toMatchObject({ data: [], total: 0 });
    expect(await all.get(conversationId)).toEqual(before);
  });
});
