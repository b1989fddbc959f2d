import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { createAgent } from '../factories/agent.js';
import { ApiClient, type ErrorAnswer } from '../support/api-client.js';
import { Conversations, NOTHING_BY_ITSELF, type Page, type SeenConversation } from '../support/conversations.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const PATH = '/api/v1/crm/conversations';
const PAST_CACHES = { 'cache-control': 'no-cache' };

type Annotated = SeenConversation & { readonly labels: readonly string[]; readonly assignee: string | null };
type Detail = Annotated & {
  readonly notes: readonly { readonly noteId: string; readonly text: string; readonly author: string }[];
  readonly noteCount: number;
  readonly executions: readonly { readonly executionId: string; readonly status: string }[];
  readonly executionCount: number;
  readonly ledger: readonly unknown[];
  readonly ledgerCount: number;
  readonly messages: readonly { readonly content: string }[];
};

let nooble: TestApp;
let acme: ApiClient;
let all: Conversations;

beforeAll(async () => {
  nooble = await startTestApp(NOTHING_BY_ITSELF);
  acme = nooble.client('acme');
  all = new Conversations(acme);
});
afterAll(() => nooble.close());

const list = async (query = '', client = acme): Promise<Page<Annotated>> => {
  const { status, body } = await client.get<Page<Annotated>>(`${PATH}?${query}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
};
const detail = async (conversationId: string, client = acme): Promise<Detail> => (await client.get<Detail>(`${PATH}/${conversationId}`)).body;
const put = <T = Annotated>(path: string, body?: unknown, client = acme): ReturnType<typeof client.call<T>> => client.call<T>('PUT', `${PATH}/${path}`, body);
const idsOf = (page: Page<Annotated>): string[] => page.data.map(({ conversationId }) => conversationId);

/** Where a conversation can be, and how a test gets one there. */
const PLACES: Readonly<Record<string, (own: Conversations, conversationId: string) => Promise<unknown>>> = {
  hot: async () => undefined,
  both: (own, conversationId) => own.move(conversationId),
  cold: (own, conversationId) => own.rest(conversationId),
};

describe('the operators’ list', () => {
  it('has conversations of both stores by label and assignee, alone and with every other filter, with the real total', async () => {
    const client = nooble.client('filters');
    const own = new Conversations(client);
    const agents = [newId(), newId()];
    const known: Annotated[] = [];
    for (let i = 0; i < 18; i += 1) {
      const id = await own.begin({ agentId: agents[i % 2], userId: `u${String(i % 3)}` });
      await own.say(id, i % 4 === 0 ? 'please refund' : 'hello');
      await PLACES[['hot', 'both', 'cold'][Math.floor(i / 2) % 3]!]!(own, id);
      if (i % 2 === 0) await put(`${id}/labels`, { labels: i % 4 === 0 ? ['urgent', 'vip'] : ['vip'] }, client);
      if (i % 3 !== 0) await put(`${id}/assign`, { assignee: `op${String(i % 3)}` }, client);
      known.unshift((await list(`limit=1&userId=u${String(i % 3)}`, client)).data[0]!);
    }
    const filters: readonly (readonly [string, (one: Annotated) => boolean])[] = [
      ['label=vip', ({ labels }) => labels.includes('vip')],
      ['label=urgent', ({ labels }) => labels.includes('urgent')],
      ['assignee=op1', ({ assignee }) => assignee === 'op1'],
      [`agentId=${agents[0]!}`, ({ agentId }) => agentId === agents[0]],
      ['userId=u2', ({ userId }) => userId === 'u2'],
      ...['active', 'transferred'].map((status) => [`status=${status}`, (one: Annotated) => one.status === status] as const),
      ...['hot', 'both', 'cold'].map((storage) => [`storage=${storage}`, (one: Annotated) => one.storage === storage] as const),
      [`from=${known[12]!.createdAt}`, ({ createdAt }) => createdAt >= known[12]!.createdAt],
      [`to=${known[4]!.createdAt}`, ({ createdAt }) => createdAt < known[4]!.createdAt],
      ['q=refund', (one) => known.toReversed().indexOf(one) % 4 === 0],
    ];
    const pairs = filters.flatMap((a, i) => filters.slice(i).map((b) => [`${a[0]}&${b[0]}`, (one: Annotated) => a[1](one) && b[1](one)] as const)).filter(([query]) => !/(\w+)=.*&\1=/.test(query));
    for (const [query, isWanted] of [['', () => true] as const, ...filters, ...pairs]) {
      const wanted = known.filter((one) => isWanted(one));
      expect([query, await list(`limit=200&${query}`, client)]).toEqual([query, { data: wanted, nextCursor: null, total: wanted.length }]);
      const [first] = [await list(`limit=1&${query}`, client)];
      expect([query, idsOf(first), first.total]).toEqual([query, wanted.slice(0, 1).map(({ conversationId }) => conversationId), wanted.length]);
      if (first.nextCursor !== null) expect(idsOf(await list(`limit=1&${query}&cursor=${first.nextCursor}`, client))).toEqual([wanted[1]?.conversationId]);
    }
  });

  it.each([['limit=201', 'limit'], ['limit=0', 'limit'], ['label=%20x', 'label'], ['label=', 'label'], ['assignee=a:b', 'assignee'], ['status=deleted', 'status'], ['colour=red', 'colour']])('refuses %s by name', async (query, field) => {
    const { status, body } = await acme.get<ErrorAnswer>(`${PATH}?${query}`);
    expect([status, new Set(body.details?.fields?.map((fault) => fault.field))]).toEqual([400, new Set([field])]);
  });
});

describe.each(Object.keys(PLACES))('a conversation that is %s', (place) => {
  let id: string;
  const path = (rest: string): string => `${PATH}/${id}/${rest}`;
  beforeAll(async () => {
    id = await all.begin();
    await all.say(id, 'hello');
    await PLACES[place]!(all, id);
  });

  it('has labels that are set, added and taken away, in alphabetical order, each once', async () => {
    expect((await put(`${id}/labels`, { labels: ['vip', 'angry', 'vip'] })).body).toEqual({ conversationId: id, labels: ['angry', 'vip'], assignee: null });
    expect((await put(`${id}/labels/${encodeURIComponent('über/50 %')}`)).body).toMatchObject({ labels: ['angry', 'vip', 'über/50 %'] });
    expect((await put(`${id}/labels/vip`)).body).toMatchObject({ labels: ['angry', 'vip', 'über/50 %'] });
    expect(await acme.call('DELETE', path('labels/angry'))).toMatchObject({ status: 200, body: { labels: ['vip', 'über/50 %'] } });
    expect(await acme.call('DELETE', path('labels/angry'))).toMatchObject({ status: 200, body: { labels: ['vip', 'über/50 %'] } });
    expect((await detail(id)).labels).toEqual(['vip', 'über/50 %']);
    expect((await put(`${id}/labels`, { labels: [] })).body).toMatchObject({ labels: [] });
  });

  it('has one who looks after it, or nobody', async () => {
    for (const assignee of ['ann', 'bob', null]) {
      expect((await put(`${id}/assign`, { assignee })).body).toMatchObject({ assignee });
      expect((await detail(id)).assignee).toBe(assignee);
    }
  });

  it('has notes, newest first, by those who wrote them, and its own alone', async () => {
    const other = await all.begin();
    await acme.post(`${PATH}/${other}/notes`, { text: 'of another' });
    const notes: string[] = [];
    for (const text of ['one', 'two', 'three']) {
      const { status, body } = await acme.with({ 'x-operator-id': `op-${text}` }).post<{ noteId: string }>(path('notes'), { text });
      expect([status, body]).toEqual([201, { noteId: expect.any(String), text, author: `op-${text}`, createdAt: expect.stringMatching(/Z$/) }]);
      notes.unshift(body.noteId);
    }
    const first = (await acme.get<Page<{ noteId: string }>>(path('notes?limit=2'))).body;
    expect([first.data.map(({ noteId }) => noteId), first.total]).toEqual([notes.slice(0, 2), 3]);
    expect((await acme.get<Page<{ noteId: string }>>(path(`notes?limit=2&cursor=${first.nextCursor!}`))).body).toMatchObject({ data: [{ noteId: notes[2] }], nextCursor: null, total: 3 });
    expect((await detail(id)).notes.map(({ noteId }) => noteId)).toEqual(notes);
    expect((await acme.call('DELETE', path(`notes/${notes[0]!}`))).status).toBe(204);
    expect(await acme.call('DELETE', path(`notes/${notes[0]!}`))).toMatchObject({ status: 404, body: { code: 'NOTE_NOT_FOUND' } });
    expect(await detail(id)).toMatchObject({ noteCount: 2 });
  });

  it('is one note under one Idempotency-Key', async () => {
    const keyed = acme.with({ 'idempotency-key': `note-${place}` });
    const [one, again] = [await keyed.post<{ noteId: string }>(path('notes'), { text: 'once' }), await keyed.post<{ noteId: string }>(path('notes'), { text: 'once' })];
    expect(again.body).toEqual(one.body);
    expect((await detail(id)).notes.filter(({ text }) => text === 'once')).toHaveLength(1);
  });

  it('is none the more used for what is said of it', async () => {
    expect((await all.get(id)).storage).toBe(place);
  });
});

describe('what operators say', () => {
  it('goes with the conversation, and nothing of it is left', async () => {
    const client = nooble.client('leaving');
    const own = new Conversations(client);
    for (const place of Object.keys(PLACES)) {
      const id = await own.begin();
      await own.say(id, 'hello');
      await PLACES[place]!(own, id);
      await put(`${id}/labels/vip`, undefined, client);
      await put(`${id}/assign`, { assignee: 'ann' }, client);
      await client.post(`${PATH}/${id}/notes`, { text: 'a note' });
      expect((await list('label=vip&assignee=ann', client)).total).toBe(1);
      expect((await client.delete(`/api/v1/conversations/${id}`)).status).toBe(204);
      expect(await list('label=vip', client)).toEqual({ data: [], nextCursor: null, total: 0 });
      for (const table of ['conversation_labels', 'conversation_assignments', 'conversation_notes']) expect(await nooble.database.query(`SELECT FROM ${table} WHERE tenant_id = 'leaving'`)).toEqual([]);
    }
  });

  it('is at most 50 labels, also when they come at once', async () => {
    const id = await all.begin();
    expect((await put(`${id}/labels`, { labels: Array.from({ length: 48 }, (_, i) => `l${String(i)}`) })).status).toBe(200);
    const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((label) => put<ErrorAnswer>(`${id}/labels/${label}`)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)!.body).toMatchObject({ code: 'LABELS_TOO_MANY', details: { limit: 50 } });
    expect((await detail(id)).labels).toHaveLength(50);
    expect(await put(`${id}/labels`, { labels: Array.from({ length: 51 }, (_, i) => `l${String(i)}`) })).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'labels' }] } } });
  });

  it.each([
    ['labels', { labels: ['a\u0000b'] }, 400], ['labels', { labels: 'vip' }, 400], ['labels', {}, 400], ['assign', { assignee: '' }, 400], ['assign', {}, 400],
    ['satisfaction', { customerSatisfaction: 6 }, 400], ['satisfaction', {}, 400], ['satisfaction', { customerSatisfaction: 3, status: 'archived' }, 400],
  ])('at %s is refused as %j', async (path, body, status) => {
    expect((await put(`${await all.begin()}/${path}`, body)).status).toBe(status);
  });

  it('names its author well, or is refused', async () => {
    const id = await all.begin();
    expect(await acme.with({ 'x-operator-id': 'not an id' }).post(`${PATH}/${id}/notes`, { text: 'x' })).toMatchObject({ status: 400, body: { code: 'HEADER_INVALID', details: { field: 'X-Operator-ID' } } });
    for (const text of ['', 'x'.repeat(10_001)]) expect((await acme.post(`${PATH}/${id}/notes`, { text })).status).toBe(400);
  });
});

describe('what operators do', () => {
  it('is to rate a conversation for its user, and to take that back', async () => {
    const id = await all.begin();
    await all.rest(id);
    for (const customerSatisfaction of [4, null]) {
      expect((await put(`${id}/satisfaction`, { customerSatisfaction })).body).toMatchObject({ conversationId: id, customerSatisfaction, labels: [] });
      expect((await all.get(id)).customerSatisfaction).toBe(customerSatisfaction);
    }
  });

  it('is to move one now and to bring it back, with its ledger in the detail', async () => {
    const id = await all.begin();
    await all.say(id, 'hello');
    await all.close(id);
    expect(await acme.post(`${PATH}/${id}/migrate`)).toMatchObject({ status: 200, body: { conversationId: id, archivedSeq: 1, movedMessages: 1 } });
    await all.rest(id);
    expect(await detail(id)).toMatchObject({ storage: 'cold', ledger: [{ outcome: 'verified' }], messages: [{ content: 'hello' }] });
    await nooble.database.query("INSERT INTO migration_ledger (tenant_id, ledger_id, conversation_id, from_seq, to_seq, message_count, checksum, duration_ms, attempt, outcome) SELECT 'acme', gen_random_uuid(), $1, i, i, 1, '', 1, 1, 'failed' FROM generate_series(1, 250) AS i", [id]);
    const { ledger, ledgerCount } = await detail(id, acme.with(PAST_CACHES));
    expect([ledger.length, ledgerCount]).toEqual([200, 251]);
    for (let i = 0; i < 2; i += 1) expect(await acme.post(`${PATH}/${id}/reheat`)).toMatchObject({ status: 200, body: { conversationId: id, storage: 'both' } });
  });

  it('is to stop a run of it, which its detail shows, and no other', async () => {
    const agentId = await createAgent(acme, '@hang');
    const { body } = await acme.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello' });
    const { executionId, conversationId } = body;
    await waitFor('the run', async () => (await detail(conversationId, acme.with(PAST_CACHES))).executions[0]?.status === 'running');
    expect(await acme.post(`${PATH}/${await all.begin()}/executions/${executionId}/cancel`, {})).toMatchObject({ status: 404, body: { code: 'EXECUTION_NOT_FOUND' } });
    expect(await acme.post(`${PATH}/${conversationId}/executions/${executionId}/cancel`, {})).toMatchObject({ status: 200, body: { executionId, status: 'cancelled' } });
    expect(await detail(conversationId, acme.with(PAST_CACHES))).toMatchObject({ executionCount: 1, executions: [{ executionId, status: 'cancelled' }] });
  });

  it('is to send again what had failed for good of it, and of nothing else', async () => {
    const [id, other] = [await all.begin(), await all.begin()];
    const failed = async (conversationId: string): Promise<string> => {
      const data = { conversationId, sessionId: 's', message: 'Hello', messageType: 'text', userInfo: {} };
      return (await acme.post<{ actionId: string }>('/api/v1/actions', { actionType: 'execution.agent_run', data })).body.actionId;
    };
    const letters = async (): Promise<{ action: { actionId: string } }[]> => (await acme.get<{ data: { action: { actionId: string } }[] }>('/api/v1/admin/dead-letters')).body.data;
    const [mine, others] = [await failed(id), await failed(other)];
    await waitFor('the dead letters', async () => (await letters()).filter(({ action }) => [mine, others].includes(action.actionId)).length === 2);
    expect(await acme.post(`${PATH}/${id}/retry`)).toMatchObject({ status: 200, body: { retried: [{ actionId: mine, actionType: 'execution.agent_run' }] } });
    expect((await letters()).map(({ action }) => action.actionId)).toContain(others);
    expect((await acme.post(`${PATH}/${newId()}/retry`)).status).toBe(404);
  });
});

describe('the path that names the tenant', () => {
  const ADMIN_KEY = 'an-administrator-of-these-tests-0048';
  let guarded: TestApp;
  let operator: ApiClient;
  let admin: ApiClient;
  beforeAll(async () => {
    guarded = await startTestApp({ ...NOTHING_BY_ITSELF, AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY });
    admin = new ApiClient(guarded.url, { authorization: `Bearer ${ADMIN_KEY}` });
    for (const tenantId of ['acme', 'globex']) await admin.post('/api/v1/admin/tenants', { tenantId, name: tenantId });
    const { body } = await admin.post<{ key: string }>('/api/v1/admin/api-keys', { tenantId: 'acme', name: 'x', scopes: ['user', 'operator'] });
    operator = new ApiClient(guarded.url, { authorization: `Bearer ${body.key}` });
  });
  afterAll(() => guarded.close());

  it('is for operators of that tenant, and for administrators of any', async () => {
    const id = await new Conversations(operator).begin();
    const path = (tenantId: string, rest = 'conversations'): string => `/api/v1/crm/tenants/${tenantId}/${rest}`;
    for (const client of [operator, admin]) expect(await client.get(path('acme'))).toMatchObject({ status: 200, body: { total: 1, data: [{ conversationId: id }] } });
    expect(await admin.get(path('globex'))).toMatchObject({ status: 200, body: { total: 0 } });
    expect(await admin.get(path('acme', `conversations/${id}`))).toMatchObject({ status: 200, body: { conversationId: id } });
    expect(await admin.get(path('globex', `conversations/${id}`))).toMatchObject({ status: 404 });
    expect(await admin.get(path('acme', 'stats'))).toMatchObject({ status: 200, body: { tenantId: 'acme', conversations: 1 } });
    expect(await admin.call('PUT', path('acme', `conversations/${id}/assign`), { assignee: 'ann' })).toMatchObject({ status: 200, body: { assignee: 'ann' } });
    for (const [client, tenantId, status, code] of [[operator, 'globex', 403, 'TENANT_MISMATCH'], [operator, 'nobody', 403, 'TENANT_MISMATCH'], [admin, 'nobody', 404, 'TENANT_NOT_FOUND'], [admin, 'a%00b', 400, 'VALIDATION_FAILED']] as const) {
      expect(await client.get(path(tenantId))).toMatchObject({ status, body: { code } });
    }
    const { body: made } = await admin.post<{ key: string }>('/api/v1/admin/api-keys', { tenantId: 'globex', name: 'y', scopes: ['admin'] });
    for (const key of [ADMIN_KEY, made.key]) {
      const [here, elsewhere] = ['acme', 'globex'].map((tenantId) => new ApiClient(guarded.url, { 'authorization': `Bearer ${key}`, 'x-tenant-id': tenantId }));
      expect(await here!.get(path('acme'))).toMatchObject({ status: 200, body: { total: 1 } });
      expect(await elsewhere!.get(path('acme'))).toMatchObject({ status: 403, body: { code: 'TENANT_MISMATCH', message: expect.stringContaining('X-Tenant-ID') } });
    }
    expect(await admin.get('/api/v1/crm/conversations')).toMatchObject({ status: 400, body: { code: 'TENANT_UNNAMED' } });
    expect((await new ApiClient(guarded.url, {}).get(path('acme'))).status).toBe(401);
  });
});
