import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MAX_CONTENT_CHARACTERS, MAX_METADATA_BYTES, newId } from '../../src/contracts/index.js';
import { ActionBus } from '../../src/shared/actions/index.js';
import { createAgent } from '../factories/agent.js';
import type { Answer, ApiClient, ErrorAnswer } from '../support/api-client.js';
import { metricOf } from '../support/caches.js';
import { Conversations, NOTHING_BY_ITSELF, type SeenMessage } from '../support/conversations.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

const PATH = '/api/v1/conversations';

let nooble: TestApp;
let acme: ApiClient;
let all: Conversations;
/** One conversation in each place, with some messages. */
const places: Record<string, string> = {};

beforeAll(async () => {
  nooble = await startTestApp({ ...NOTHING_BY_ITSELF, MIGRATION_HOT_TAIL_MESSAGES: '2' });
  acme = nooble.client('acme');
  all = new Conversations(acme);
  for (const place of ['hot', 'both', 'cold']) {
    const conversationId = await all.begin({ sessionId: place });
    for (let i = 0; i < 5; i += 1) await all.say(conversationId, String(i));
    if (place === 'both') await all.move(conversationId);
    if (place === 'cold') await all.rest(conversationId);
    places[place] = conversationId;
  }
});
afterAll(() => nooble.close());

/** No id of ours nor of a client: what could forge a key, what no store keeps, what is no text. */
const FORGED = ['a:b', '{x}', '}{', 'a b', '', 'é', '*', '../x', 'x'.repeat(129), 'a\u0000', 'a\ud800', '\udc00a'];
const NO_TEXT = [5, true, null, [], ['x'], {}, { $gt: '' }];
/** The field that an answer must name. */
const named = ({ status, body }: Answer<ErrorAnswer>): unknown => [status, body.code, [...new Set(body.details?.fields?.map(({ field }) => field.split('.')[0]))]];
const refusedFor = (field: string): unknown => [400, 'VALIDATION_FAILED', [field]];
const nested = (levels: number): object => (levels === 1 ? {} : { in: nested(levels - 1) });
const keyed = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, i) => [`key-${String(i)}`, i]));
const NO_METADATA = [...[5, 'x', null, [], true], nested(40), keyed(10_000), { 'a\u0000': 1 }, { a: { b: ['\ud800'] } }, { text: 'x'.repeat(MAX_METADATA_BYTES) }];

/** Bodies by the field that is wrong, over every call that takes it. */
const BODIES: Readonly<Record<string, { readonly url: () => string; readonly right: () => object; readonly wrong: Readonly<Record<string, readonly unknown[]>> }>> = {
  'POST conversations': {
    url: () => PATH,
    right: () => ({ agentId: newId() }),
    wrong: {
      ...{ agentId: [...FORGED, ...NO_TEXT, undefined], sessionId: [...FORGED, ...NO_TEXT], userId: [...FORGED, ...NO_TEXT], metadata: NO_METADATA },
      ...{ model: ['', 'x'.repeat(201), 'a\u0000', ...NO_TEXT], surprise: [1], conversationId: [newId()], tenantId: ['globex'], status: ['archived'] },
    },
  },
  'POST messages': {
    url: () => `${PATH}/${places['hot']!}/messages`,
    right: () => ({ role: 'user', content: 'hello' }),
    wrong: {
      ...{ messageId: [...FORGED, ...NO_TEXT], role: ['function', 'USER', '', ...NO_TEXT, undefined], content: [...NO_TEXT, undefined, 'a\u0000b', '\ud83d', 'x\udc00'], agentId: [...FORGED, ...NO_TEXT] },
      ...{ expectedSeq: [-1, 1.5, '5', null, [], {}], metadata: NO_METADATA, seq: [1], tokens: [0], tokensEstimate: [1] },
    },
  },
  'POST executions': {
    url: () => `/api/v1/agents/${places['agent']!}/executions`,
    right: () => ({ message: 'hello' }),
    wrong: { conversationId: [...FORGED, ...NO_TEXT], sessionId: [...FORGED, ...NO_TEXT], userId: [...FORGED, ...NO_TEXT], metadata: NO_METADATA },
  },
  'POST actions': {
    url: () => '/api/v1/actions?wait=true',
    right: () => ({ actionType: 'conversation.save_message', data: { role: 'user', content: 'hello' } }),
    wrong: { sessionId: [...FORGED, ...NO_TEXT], agentId: [...FORGED, ...NO_TEXT], userId: [...FORGED, ...NO_TEXT], actionId: [...FORGED, ...NO_TEXT], metadata: NO_METADATA },
  },
};

describe('a message of the greatest length', () => {
  const save = (content: string, conversationId: string): Promise<unknown> => nooble.app.get(ActionBus, { strict: false }).request('conversation.save_message', { tenantId: 'acme', tenantTier: 'enterprise', data: { conversationId, role: 'user', content } });

  it.each(['x', '漢', '\\"', 'word '])('of “%s” is kept exactly in both stores, and one character more is refused by name', async (unit) => {
    const [conversationId, content] = [await all.begin(), unit.repeat(MAX_CONTENT_CHARACTERS).slice(0, MAX_CONTENT_CHARACTERS)];
    await save(content, conversationId);
    await expect(save(`${content}x`, conversationId)).rejects.toMatchObject({ kind: 'invalid', code: 'VALIDATION_FAILED', details: { fields: [{ field: 'data.content' }] } });
    for (const step of [async () => undefined, () => all.move(conversationId), () => all.rest(conversationId)]) {
      await step();
      const { data, total } = await all.page(conversationId);
      expect([total, data[0]?.content.length, data[0]?.content === content]).toEqual([1, MAX_CONTENT_CHARACTERS, true]);
    }
    expect((await acme.get<{ truncationApplied: boolean; totalTokens: number }>(`${PATH}/${conversationId}/context?model=gpt-4`)).body.totalTokens).toBeLessThanOrEqual(19_600);
  });

  it('does not fit into a body: 413, and nothing is kept', async () => {
    const conversationId = await all.begin();
    const answer = await acme.post<ErrorAnswer>(`${PATH}/${conversationId}/messages`, { role: 'user', content: 'x'.repeat(MAX_CONTENT_CHARACTERS) });
    expect([answer.status, answer.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
    expect((await all.get(conversationId)).messageCount).toBe(0);
    const most = 1_048_576 - JSON.stringify({ role: 'user', content: '' }).length;
    expect((await all.say(conversationId, 'x'.repeat(most))).seq).toBe(1);
  });
});

describe('a body', () => {
  beforeAll(async () => {
    places['agent'] = await createAgent(acme);
  });

  const cases = Object.entries(BODIES).flatMap(([call, { wrong }]) => Object.keys(wrong).map((field) => [call, field] as const));
  it.each(cases)('of %s with a wrong %s is refused by its name, and changes nothing', async (call, field) => {
    const { url, right, wrong } = BODIES[call]!;
    const before = await acme.get<{ total: number }>(PATH);
    for (const value of wrong[field]!) expect([value, named(await acme.post<ErrorAnswer>(url(), { ...right(), [field]: value }))]).toEqual([value, refusedFor(field)]);
    expect((await acme.get<{ total: number }>(PATH)).body.total).toBe(before.body.total);
    expect((await all.get(places['hot']!)).messageCount).toBe(5);
  });

  it.each(['[]', '5', '"x"', '{"agentId":', '{}}', '{"__proto__":{"a":1}}', '{"constructor":{"prototype":{}}}'])('%s is refused', async (text) => {
    for (const url of [PATH, `${PATH}/${places['hot']!}/messages`]) expect((await acme.call('POST', url, text)).status).toBe(400);
    expect((await acme.call('PATCH', `${PATH}/${places['hot']!}`, text)).status).toBe(400);
  });

  it.each([['lists', '[', ']'], ['objects', '{"a":', '}']])('with 60 000 %s in each other is refused', async (_, open, close) => {
    const metadata = `${open.repeat(60_000)}1${close.repeat(60_000)}`;
    expect(named(await acme.call('POST', PATH, `{"agentId":"${newId()}","metadata":${metadata}}`))).toEqual(refusedFor('metadata'));
    expect(named(await acme.call('PATCH', `${PATH}/${places['hot']!}`, `{"metadata":${metadata}}`))).toEqual(refusedFor('metadata'));
    expect(named(await acme.call('POST', '/api/v1/actions', `{"actionType":"conversation.save_message","data":{"metadata":${metadata}}}`))).toEqual(refusedFor('data'));
  });

  it.each(['constructor', 'prototype'])('with the name %s, which frameworks take away, is refused, and says so', async (name) => {
    const answer = await acme.post<ErrorAnswer>(PATH, { agentId: newId(), metadata: { deep: { [name]: 1 } } });
    expect(answer.body).toMatchObject({ code: 'VALIDATION_FAILED', message: expect.stringContaining(`must not have a field with the name ${name}`) });
    const save = { actionType: 'conversation.save_message', data: { role: 'user', content: 'x', conversationId: places['hot'], metadata: { [name]: 1 } } };
    expect((await acme.post<ErrorAnswer>('/api/v1/actions', save)).body.message).toContain(`must not have a field with the name ${name}`);
  });

  it('with names that mean something in JavaScript keeps them', async () => {
    const metadata = { toString: null, valueOf: 1, then: true, length: -1, hasOwnProperty: {}, nested: { isPrototypeOf: { name: 'y' }, toJSON: 'no' } };
    const { conversationId } = await all.created({ metadata: {} });
    await acme.patch(`${PATH}/${conversationId}`, { metadata });
    await all.say(conversationId, 'over REST', { metadata });
    await acme.post('/api/v1/actions?wait=true', { actionType: 'conversation.save_message', data: { conversationId, role: 'tool', content: 'by action', metadata } });
    const begun = await all.begin({ metadata });
    const turn = await acme.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${places['agent']!}/executions`, { message: 'hello', metadata });
    await acme.events(turn.body.executionId);
    for (const rested of [false, true]) {
      if (rested) await Promise.all([all.rest(conversationId), all.rest(begun)]);
      for (const id of [conversationId, begun, turn.body.conversationId]) expect((await all.get(id)).metadata).toEqual(metadata);
      expect((await all.page(conversationId)).data).toMatchObject([{ content: 'by action', metadata }, { content: 'over REST', metadata }]);
    }
  });

  it('keeps metadata of just the limit, and of one byte more is refused', async () => {
    const metadata = { text: 'x'.repeat(MAX_METADATA_BYTES - '{"text":""}'.length) };
    const created = await all.created({ metadata });
    await all.rest(created.conversationId);
    expect((await all.get(created.conversationId)).metadata).toEqual(metadata);
    expect(named(await acme.post<ErrorAnswer>(PATH, { agentId: newId(), metadata: { text: `${metadata.text}x` } }))).toEqual(refusedFor('metadata'));
  });
});

describe('a query', () => {
  const NO_LIMIT = ['0', '201', '1e9', 'NaN', '-1', '1.5', 'Infinity', 'x', '', '1&limit=2'];
  const NO_SEQ = ['-1', '1.5', 'NaN', 'x', '2147483648', '1e300', '1&SEQ=2'];
  const urls = (rest: string): string[] => ['hot', 'both', 'cold'].map((place) => `${PATH}/${places[place]!}/${rest}`);
  const QUERIES: Readonly<Record<string, { readonly urls: () => string[]; readonly wrong: Readonly<Record<string, readonly string[]>> }>> = {
    messages: { urls: () => urls('messages'), wrong: { limit: NO_LIMIT, after: NO_SEQ, before: ['0', ...NO_SEQ], role: ['function', '', 'user&role=user'], surprise: ['1'] } },
    context: { urls: () => urls('context'), wrong: { model: ['', 'x'.repeat(201), '%00'], maxTokens: ['0', '-1', 'NaN', '1.5', '10000001'] } },
    history: { urls: () => ['/api/v1/sessions/hot/history', '/api/v1/sessions/nobody/history'], wrong: { limit: NO_LIMIT, agentId: ['x', 'a:b', '%7Bx%7D'], includeSystem: ['yes', '1', ''] } },
    list: { urls: () => [PATH], wrong: { limit: NO_LIMIT, sessionId: ['a:b', '%7B', '%00'], userId: ['a:b', ''], q: ['', 'x'.repeat(501), 'a%00b'], from: ['1', 'NaN', '2030-00-01', '-1'], cursor: ['%00', '%7B%7D'] } },
    record: { urls: () => ['hot', 'cold'].map((place) => `/api/v1/crm/conversations/${places[place]!}`), wrong: { limit: ['0', '1001', 'NaN'], after: ['-1', 'NaN', '2000000001'] } },
  };

  it.each(Object.entries(QUERIES).flatMap(([what, { wrong }]) => Object.keys(wrong).map((field) => [what, field] as const)))('of %s with a wrong %s is refused by its name, wherever the conversation is', async (what, field) => {
    for (const url of QUERIES[what]!.urls()) {
      for (const value of QUERIES[what]!.wrong[field]!) expect([value, named(await acme.get<ErrorAnswer>(`${url}?${field}=${value.replace('SEQ', field)}`))]).toEqual([value, refusedFor(field)]);
    }
  });

  it.each(['after=2147483647', 'before=2147483647', 'after=2147483646&before=2147483647', 'after=2147483647&before=1', 'after=0&before=1', 'before=2147483647&role=tool', 'after=2147483647&role=user&limit=200'])('at the edge, %s, is answered alike wherever the conversation is', async (query) => {
    const answers = await Promise.all(urls(`messages?${query}`).map((url) => acme.get<{ data: SeenMessage[] }>(url)));
    const seqs = query === 'before=2147483647' ? [[5, 4, 3, 2, 1]] : [[]];
    for (const { status, body } of answers) expect([status, body.data.filter(({ seq }) => seq < 6).map(({ seq }) => seq)]).toEqual([200, seqs[0]]);
  });

  it.each(['q=%ED%A0%80', 'q=%FF', `q=${encodeURIComponent('漢'.repeat(500))}`, `q=${'%22'.repeat(500)}`, `q=${'('.repeat(500)}`, 'q=-a', 'q=or%20or%20or', 'from=0000-01-01', 'to=9999-12-31T23:59:59.999999999Z', 'from=2030-01-01T00:00:00%2B14:00'])('that is strange, %.40s, is answered', async (query) => {
    expect((await acme.get(`${PATH}?${query}`)).status).toBe(200);
  });
});

describe('an id in a path', () => {
  it.each(['x', 'a:b', '%7Bx%7D', '%00', '%ED%A0%80', '01a1fd7d-0000-7000-8000-00000000000', '01a1fd7d-0000-7000-8000-000000000000%00', '*', '%2e%2e', "'--"])('that is none, %s, is refused by every call', async (id) => {
    const calls = [['GET', ''], ['PATCH', ''], ['DELETE', ''], ['POST', '/close'], ['GET', '/messages'], ['POST', '/messages'], ['GET', '/context']] as const;
    for (const [method, rest] of calls) {
      const { status } = await acme.call(method, `${PATH}/${id}${rest}`, method === 'POST' || method === 'PATCH' ? { role: 'user', content: 'x' } : undefined);
      expect([400, 404]).toContain(status);
    }
    expect([400, 404]).toContain((await acme.get(`/api/v1/crm/conversations/${id}`)).status);
    expect([400, 404]).toContain((await acme.get(`/api/v1/crm/stats/agents/${id}`)).status);
  });

  it.each(['a:b', '%7Bx%7D', 'a%20b', '%00', '%C3%A9', '*'])('of a session that is none, %s, is refused by name', async (id) => {
    expect(named(await acme.get<ErrorAnswer>(`/api/v1/sessions/${id}/history`))).toEqual(refusedFor('sessionId'));
    expect(named(await acme.post<ErrorAnswer>(`/api/v1/sessions/${id}/close`))).toEqual(refusedFor('sessionId'));
  });

  it('in capitals is the same conversation', async () => {
    expect((await all.get(places['cold']!.toUpperCase())).conversationId).toBe(places['cold']);
  });
});

it('nothing of all this was a failure of ours', async () => {
  for (const type of ['conversation.save_message', 'migration.move']) expect(await metricOf(nooble.url, `nooble_jobs_total{type="${type}",outcome="retried"}`)).toBe(0);
});
