import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { createAgent } from '../factories/agent.js';
import type { Answer, ApiClient, ErrorAnswer } from '../support/api-client.js';
import { Conversations, NOTHING_BY_ITSELF } from '../support/conversations.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

/** What makes nothing that there can be one of too many. */
const NOT_CREATING: Readonly<Record<string, string>> = {
  '/api/v1/agents/{agentId}/invalidate': 'forgets',
  '/api/v1/conversations/{conversationId}/close': 'closes what is open',
  '/api/v1/sessions/{sessionId}/close': 'closes what is open',
  '/api/v1/executions/{executionId}/cancel': 'stops what runs',
  '/api/v1/embeddings': 'computes',
  '/api/v1/ws/tickets': 'a ticket is kept nowhere, so an answer cannot be given again; a second one expires by itself',
  '/api/v1/webhooks/deliveries/{deliveryId}/retry': 'tells again under the same webhook-id, by which the receiver knows it',
  '/api/v1/admin/cache/invalidate': 'forgets',
  '/api/v1/admin/dead-letters/{deadLetterId}/retry': 'sends an action with its own ids, once',
  '/api/v1/admin/migration/start': 'switches',
  '/api/v1/admin/migration/stop': 'switches',
  '/api/v1/admin/migration/conversations/{conversationId}': 'moves what is not moved',
};

/** The routes of the CRM are there twice. */
for (const [path, reason] of Object.entries({ migrate: 'moves what is not moved', reheat: 'brings back what is not there', retry: 'sends actions with their own ids, once', 'executions/{executionId}/cancel': 'stops what runs' })) {
  for (const base of ['crm', 'crm/tenants/{tenantId}']) Object.assign(NOT_CREATING, { [`/api/v1/${base}/conversations/{conversationId}/${path}`]: reason });
}

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
}

type Any = Record<string, unknown>;

describe('Idempotency-Key', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  let said: Conversations;
  let agentId: string;

  beforeAll(async () => {
    nooble = await startTestApp(NOTHING_BY_ITSELF);
    acme = nooble.client('acme');
    said = new Conversations(acme);
    agentId = await createAgent(acme);
  });
  afterAll(async () => {
    await nooble.close();
  });

  const keyed = (key: string, client = acme): ApiClient => client.with({ 'idempotency-key': key });
  const statusAndBody = ({ status, body }: Answer<unknown>): unknown => [status, body];
  /** As if the process had died before it kept the answer. */
  const forgetAnswers = async (): Promise<void> => {
    for (const name of await nooble.redis.keys('nb:{acme}:idem:*')) {
      const { fingerprint, seed } = JSON.parse((await nooble.redis.get(name))!) as Any;
      await nooble.redis.set(name, JSON.stringify({ fingerprint, seed }), 'KEEPTTL');
    }
  };

  it('is taken by every POST that makes something', async () => {
    const { body } = await acme.get<{ paths: Record<string, { post?: Operation }> }>('/docs-json');
    const posts = Object.entries(body.paths).flatMap(([path, { post }]) => (post ? [[path, post] as const] : []));
    const without = posts.filter(([, { parameters = [] }]) => !parameters.some(({ in: where, name }) => where === 'header' && name === 'Idempotency-Key')).map(([path]) => path);
    expect(without.filter((path) => NOT_CREATING[path] === undefined)).toEqual([]);
    expect(Object.keys(NOT_CREATING).filter((path) => !without.includes(path))).toEqual([]);
    expect(posts.length - without.length).toBeGreaterThanOrEqual(7);
  });

  describe.each<[string, () => Promise<{ path: string; body: object; count: () => Promise<number> }>]>([
    ['an agent', async () => {
      const tag = newId();
      return { path: '/api/v1/agents', body: { name: 'Guide', systemPrompt: '', tags: [tag] }, count: async () => (await acme.get<{ total: number }>(`/api/v1/agents?tag=${tag}`)).body.total };
    }],
    ['an agent with a slug', async () => {
      const slug = `guide-${newId()}`;
      return { path: '/api/v1/agents', body: { name: 'Guide', systemPrompt: '', slug, tags: [slug] }, count: async () => (await acme.get<{ total: number }>(`/api/v1/agents?tag=${slug}`)).body.total };
    }],
    ['a conversation', async () => {
      const userId = newId();
      return { path: '/api/v1/conversations', body: { agentId, userId }, count: async () => (await acme.get<{ total: number }>(`/api/v1/conversations?userId=${userId}`)).body.total };
    }],
    ['a conversation of a session', async () => {
      const sessionId = newId();
      return { path: '/api/v1/conversations', body: { agentId, sessionId }, count: async () => (await acme.get<{ total: number }>(`/api/v1/conversations?sessionId=${sessionId}`)).body.total };
    }],
    ['a message', async () => {
      const conversationId = await said.begin();
      return { path: `/api/v1/conversations/${conversationId}/messages`, body: { role: 'user', content: 'hello' }, count: async () => (await said.page(conversationId)).total };
    }],
    ['a version of an agent', async () => {
      const edited = await createAgent(acme);
      const count = async (): Promise<number> => (await acme.get<{ total: number }>(`/api/v1/agents/${edited}/versions`)).body.total - 2;
      await acme.patch(`/api/v1/agents/${edited}`, { name: 'Other' });
      return { path: `/api/v1/agents/${edited}/versions/1/activate`, body: {}, count };
    }],
    ['an action', async () => {
      const conversationId = await said.begin();
      return { path: '/api/v1/actions?wait=true', body: { actionType: 'conversation.save_message', data: { conversationId, role: 'user', content: 'hello' } }, count: async () => (await said.page(conversationId)).total };
    }],
  ])('of %s', (_, prepare) => {
    it('makes one, whatever comes between, and answers the same', async () => {
      const { path, body, count } = await prepare();
      const key = newId();
      const first = await keyed(key).post<Any>(path, body);
      const again = await keyed(key).post<Any>(path, body);
      await forgetAnswers();
      const afterCrash = await keyed(key).post<Any>(path, body);
      expect(first.status).toBeGreaterThanOrEqual(200);
      expect(first.status).toBeLessThan(300);
      expect([statusAndBody(again), statusAndBody(afterCrash)]).toEqual([statusAndBody(first), statusAndBody(first)]);
      expect([first, again, afterCrash].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true', 'true']);
      expect(await count()).toBe(1);
      expect((await keyed(key).post(path, { ...body, metadata: { other: true }, name: 'other' })).status).toBe(409);
      expect((await keyed(newId()).post(path, { ...body, slug: undefined, sessionId: undefined })).status).toBe(first.status);
    });

    it('makes one of a hundred at once', async () => {
      const { path, body, count } = await prepare();
      const key = newId();
      const answers = await Promise.all(Array.from({ length: 100 }, () => keyed(key).post<Any>(path, body)));
      expect(new Set(answers.map(({ status }) => status)).size).toBe(1);
      expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
      expect(await count()).toBe(1);
    });
  });

  it('of a turn has the same ids each time', async () => {
    const key = newId();
    const start = (client = keyed(key), path = `/api/v1/agents/${agentId}/executions`): Promise<Answer<Any>> => client.post(path, { message: 'hello' });
    const first = await start();
    const again = await start();
    expect([first.status, first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([202, null, 'true']);
    expect(statusAndBody(again)).toEqual(statusAndBody(first));
    expect(await start(keyed(key).with({ 'x-llm-temperature': '1' }))).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_MISMATCH' } });
    expect(await start(keyed(key), `/api/v1/agents/${await createAgent(acme)}/executions`)).toMatchObject({ status: 409 });
    await acme.events(first.body['executionId'] as string);
    const { executionId, conversationId, sessionId } = first.body;
    await forgetAnswers();
    expect((await start()).body).toMatchObject({ executionId, conversationId, sessionId });
  });

  it.each(['api/v1/agents/:agentId/executions', 'api/v1/chat/send'])('of a turn makes one of a hundred at once, in one conversation: %s', async (route) => {
    const own = await createAgent(acme);
    const tenantTier = { 'x-tenant-tier': 'enterprise' };
    const client = keyed(newId()).with(route.includes('chat') ? { ...tenantTier, 'x-agent-id': own, 'x-session-id': newId() } : tenantTier);
    const path = `/${route.replace(':agentId', own)}`;
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.post<Any>(path, { message: 'hello' })));
    expect(new Set(answers.map(({ status, body }) => `${String(status)} ${body['executionId'] as string} ${body['conversationId'] as string}`)).size).toBe(1);
    const { executionId, conversationId } = answers[0]!.body as { executionId: string; conversationId: string };
    const events = await acme.events(executionId);
    expect(events.filter(({ type }) => type === 'execution.queued' || type === 'execution.completed')).toHaveLength(2);
    expect((await acme.get<{ total: number }>(`/api/v1/executions?agentId=${own}`)).body.total).toBe(1);
    expect((await said.page(conversationId)).total).toBe(2);
    await forgetAnswers();
    expect((await client.post<Any>(path, { message: 'hello' })).body).toMatchObject({ executionId, conversationId, status: 'completed' });
    expect((await said.page(conversationId)).total).toBe(2);
  });

  it('of a turn whose end is awaited, or whose events are followed, has the same end again', async () => {
    const path = `/api/v1/agents/${agentId}/executions`;
    const waiting = keyed(newId());
    const [first, again] = [await waiting.post<Any>(`${path}?wait=true`, { message: 'hello' }), await waiting.post<Any>(`${path}?wait=true`, { message: 'hello' })];
    expect([again.status, again.body['executionId'], again.body['result']]).toEqual([200, first.body['executionId'], first.body['result']]);
    const key = newId();
    const follow = async (): Promise<[string | null, string]> => {
      const headers = { 'x-tenant-id': 'acme', 'x-tenant-tier': 'enterprise', 'content-type': 'application/json', accept: 'text/event-stream', 'idempotency-key': key };
      const answer = await fetch(nooble.url + path, { method: 'POST', headers, body: '{"message":"hello"}' });
      return [answer.headers.get('idempotency-replayed'), await answer.text()];
    };
    const [[none, events], [replay, eventsAgain]] = [await follow(), await follow()];
    expect([none, replay]).toEqual([null, 'true']);
    expect(events).toContain('execution.completed');
    expect(eventsAgain).toBe(events);
  });

  it('of a turn may ask for another form of the answer: accepted, ended and its events are one turn', async () => {
    const path = `/api/v1/agents/${agentId}/executions`;
    const key = newId();
    const accepted = await keyed(key).post<Any>(path, { message: 'hello' });
    const ended = await keyed(key).post<Any>(`${path}?wait=true`, { message: 'hello' });
    expect([ended.status, ended.body['executionId'], ended.body['status']]).toEqual([200, accepted.body['executionId'], 'completed']);
    const headers = { 'x-tenant-id': 'acme', 'x-tenant-tier': 'enterprise', 'content-type': 'application/json', accept: 'text/event-stream', 'idempotency-key': key };
    const events = await (await fetch(nooble.url + path, { method: 'POST', headers, body: '{"message":"hello"}' })).text();
    expect([...events.matchAll(/"executionId":"([^"]+)"/g)].every(([, id]) => id === accepted.body['executionId'])).toBe(true);
    expect(await keyed(key).post(path, { message: 'hello' })).toMatchObject({ status: 202, body: accepted.body });
  });

  it('of a turn without the header is another turn', async () => {
    const known = await nooble.redis.keys('nb:{acme}:idem:*');
    const [one, other] = [await acme.post<Any>(`/api/v1/agents/${agentId}/executions`, { message: 'hello' }), await acme.post<Any>(`/api/v1/agents/${agentId}/executions`, { message: 'hello' })];
    expect(one.body['executionId']).not.toBe(other.body['executionId']);
    expect((await nooble.redis.keys('nb:{acme}:idem:*')).length).toBe(known.length);
  });

  describe('of a conversation whose answer was lost', () => {
    it.each<[string, (conversationId: string) => Promise<unknown>, string]>([
      ['closed', (id) => said.close(id), 'completed'],
      ['at rest', (id) => said.rest(id), 'transferred'],
    ])('finds it when it is %s by now', async (_, then, status) => {
      const [key, body] = [newId(), { agentId, userId: newId() }];
      const first = await keyed(key).post<Any>('/api/v1/conversations', body);
      const conversationId = first.body['conversationId'] as string;
      await said.say(conversationId, 'hello');
      await then(conversationId);
      await forgetAnswers();
      expect(await keyed(key).post('/api/v1/conversations', body)).toMatchObject({ status: 201, body: { conversationId, status, messageCount: 1 } });
      expect((await acme.get<{ total: number }>(`/api/v1/conversations?userId=${body.userId}`)).body.total).toBe(1);
    });

    it('does not begin it again when it was deleted', async () => {
      const [key, body] = [newId(), { agentId }];
      const { body: begun } = await keyed(key).post<Any>('/api/v1/conversations', body);
      await acme.delete(`/api/v1/conversations/${begun['conversationId'] as string}`);
      await forgetAnswers();
      expect(await keyed(key).post('/api/v1/conversations', body)).toMatchObject({ status: 404, body: { code: 'CONVERSATION_NOT_FOUND' } });
    });
  });

  it('of an agent that was deleted since does not make it again', async () => {
    const key = newId();
    const body = { name: 'Gone', systemPrompt: '', slug: 'gone' };
    const { body: agent } = await keyed(key).post<Any>('/api/v1/agents', body);
    await acme.delete(`/api/v1/agents/${agent['agentId'] as string}`);
    expect(await keyed(key).post('/api/v1/agents', body)).toMatchObject({ status: 201, body: agent });
    await forgetAnswers();
    expect(await keyed(key).post('/api/v1/agents', body)).toMatchObject({ status: 404, body: { code: 'AGENT_NOT_FOUND' } });
  });

  it('of a version of an agent that was edited since does not take the edit back', async () => {
    const [edited, client] = [await createAgent(acme), keyed(newId())];
    const path = `/api/v1/agents/${edited}/versions/1/activate`;
    expect((await client.post<Any>(path)).body).toMatchObject({ version: 2 });
    await acme.patch(`/api/v1/agents/${edited}`, { name: 'Since' });
    await forgetAnswers();
    expect(await client.post(path)).toMatchObject({ status: 200, body: { version: 3, name: 'Since' } });
    expect((await acme.post<Any>(path)).body).toMatchObject({ version: 4 });
  });

  it('of two tenants is two keys', async () => {
    const key = newId();
    const other = nooble.client('other');
    const body = { agentId, sessionId: 'shared' };
    const [ours, theirs] = [await keyed(key).post<Any>('/api/v1/conversations', body), await keyed(key, other).post<Any>('/api/v1/conversations', { ...body, userId: 'u' })];
    expect([ours.status, theirs.status]).toEqual([201, 201]);
    expect(ours.body['conversationId']).not.toBe(theirs.body['conversationId']);
  });

  it('of a tenant makes one', async () => {
    const key = newId();
    const create = (): Promise<Answer<Any>> => keyed(key).post('/api/v1/admin/tenants', { name: 'New', tier: 'free' });
    const first = await create();
    await forgetAnswers();
    expect(statusAndBody(await create())).toEqual(statusAndBody(first));
    expect(await nooble.database.query("SELECT 1 FROM tenants WHERE name = 'New'")).toHaveLength(1);
  });

  it('of an API key makes one, and shows it once', async () => {
    const key = newId();
    const create = (): Promise<Answer<Any & ErrorAnswer>> => keyed(key).post('/api/v1/admin/api-keys', { tenantId: 'acme', name: 'backend', scopes: ['user'] });
    const first = await create();
    expect(first).toMatchObject({ status: 201, body: { key: expect.stringMatching(/^nk_/) } });
    expect(await create()).toMatchObject({ status: 409, body: { code: 'API_KEY_SHOWN', message: expect.stringContaining('under a new Idempotency-Key'), details: { keyId: first.body['keyId'] } } });
    expect(await nooble.database.query("SELECT 1 FROM api_keys WHERE name = 'backend'")).toHaveLength(1);
    const kept = await Promise.all((await nooble.redis.keys('nb:*:idem:*')).map((name) => nooble.redis.get(name)));
    expect(kept.join()).not.toContain(first.body['key']);
  });
});
