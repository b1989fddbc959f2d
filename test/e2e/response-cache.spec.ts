import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { Answer, ApiClient, ErrorAnswer } from '../support/api-client.js';
import { cachesAreUp, isHeard, keysIn } from '../support/caches.js';
import { AGENTS, type SeenAgent, type SeenAgents, UNKNOWN_ID } from '../support/edited-agent.js';
import { ServerProcess } from '../support/server-process.js';
import { redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

const ENVIRONMENT = { MIGRATION_INTERVAL_SECONDS: '86400', MIGRATION_CLOSE_GRACE_SECONDS: '3600', CACHE_TTL_CRM_READ_SECONDS: '60' };

describe('answers through the cache', () => {
  let nooble: TestApp;
  let other: TestApp;

  beforeAll(async () => {
    nooble = await startTestApp(ENVIRONMENT);
    other = await startTestApp(ENVIRONMENT, { beside: nooble });
    await cachesAreUp(nooble.url, other.url);
  });
  afterAll(async () => {
    await other.close();
    await nooble.close();
  });

  /** A tenant's clients at both processes. */
  const clients = (tenantId: string): [ApiClient, ApiClient] => [nooble.client(tenantId), other.client(tenantId)];
  /** Asks whether an answer is still the same; without a word on caching, fetch would add `no-cache`. */
  const asking = (client: ApiClient, etag: string): ApiClient => client.with({ 'if-none-match': etag, 'cache-control': 'max-age=0' });
  const seen = ({ headers }: Answer<unknown>): string | null => headers.get('x-cache');

  it.each(['one', 'list'])('the first read is a MISS, the next a HIT-L1, and the first of another process a HIT-L2 (%s)', async (what) => {
    const [here, there] = clients(`levels-${what}`);
    const agentId = await createAgent(here);
    const path = what === 'one' ? `${AGENTS}/${agentId}` : AGENTS;
    const answers = [await here.get(path), await here.get(path), await there.get(path), await there.get(path)];
    expect(answers.map(seen)).toEqual(['MISS', 'HIT-L1', 'HIT-L2', 'HIT-L1']);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(new Set(answers.map(({ headers }) => headers.get('etag'))).size).toBe(1);
    expect(answers.map(({ headers }) => [headers.get('content-type'), headers.get('cache-control'), headers.get('vary')])).toEqual(
      answers.map(() => ['application/json; charset=utf-8', 'private, no-cache', 'Authorization, X-Tenant-ID, Origin']),
    );
  });

  it('whoever has the answer already is told so, without a body', async () => {
    const [here] = clients('etag');
    const path = `${AGENTS}/${await createAgent(here)}`;
    const etag = (await here.get(path)).headers.get('etag')!;
    expect(etag).toMatch(/^"[\w-]+"$/);
    for (const wanted of [etag, `W/${etag}`, `"other", ${etag}`, `"other" , W/${etag}`, '*']) {
      const answer = await asking(here, wanted).get(path);
      expect([wanted, answer.status, answer.body, answer.headers.get('etag'), seen(answer)]).toEqual([wanted, 304, undefined, etag, 'HIT-L1']);
    }
    for (const wanted of ['"other"', etag.slice(1, -1), 'W/"other", "more"']) {
      expect((await asking(here, wanted).get(path)).status).toBe(200);
    }
    await here.patch(path, { name: 'Changed' });
    const changed = await asking(here, etag).get<SeenAgent>(path);
    expect([changed.status, changed.body.name]).toEqual([200, 'Changed']);
  });

  it.each(['no-cache', 'max-age=0, no-cache', 'No-Store'])('Cache-Control: %s reads past every cache, and what it reads is then cached', async (cacheControl) => {
    const [here, there] = clients('bypass');
    const agentId = await createAgent(here);
    const path = `${AGENTS}/${agentId}`;
    await Promise.all([here.get(path), here.get(AGENTS), there.get(path)]);
    // Behind the back of the application, so that no cache has heard of it.
    await nooble.database.query("UPDATE agents SET name = 'Behind' WHERE agent_id = $1", [agentId]);
    expect((await here.get<SeenAgent>(path)).body.name).toBe('Test agent');
    const past = here.with({ 'cache-control': cacheControl });
    const [one, list] = [await past.get<SeenAgent>(path), await past.get<SeenAgents>(AGENTS)];
    expect([seen(one), one.body.name]).toEqual(['BYPASS', 'Behind']);
    expect([seen(list), list.body.data[0]?.name]).toEqual(['BYPASS', 'Behind']);
    const after = await here.get<SeenAgent>(path);
    expect([seen(after), after.body.name]).toEqual(['HIT-L1', 'Behind']);
    const unchanged = await past.with({ 'if-none-match': after.headers.get('etag')! }).get(path);
    expect([unchanged.status, seen(unchanged)]).toEqual([304, 'BYPASS']);
  });

  it.each([
    ['an unknown agent', `${AGENTS}/${UNKNOWN_ID}`, 404, 'AGENT_NOT_FOUND'],
    ['an id that is none', `${AGENTS}/not-an-id`, 400, 'VALIDATION_FAILED'],
    ['a bad limit', `${AGENTS}?limit=0`, 400, 'VALIDATION_FAILED'],
    ['an unknown parameter', `${AGENTS}?colour=red`, 400, 'VALIDATION_FAILED'],
    ['an unknown conversation', `/api/v1/crm/conversations/${UNKNOWN_ID}`, 404, 'CONVERSATION_NOT_FOUND'],
  ])('the error of %s is as ever, and not cached', async (_, path, status, code) => {
    const [here] = clients('errors');
    for (let i = 0; i < 2; i++) {
      const answer = await here.get<ErrorAnswer>(path);
      expect(answer).toMatchObject({ status, body: { statusCode: status, code } });
      expect([seen(answer), answer.headers.get('etag'), answer.headers.get('cache-control')]).toEqual([null, null, null]);
      expect(answer.headers.get('x-request-id')).toBe(answer.body.requestId);
    }
    const kept = await keysIn(nooble.redis, 'nb:{errors}:cache:e:*');
    expect(kept.filter((key) => !key.endsWith(':tenant:tenant'))).toEqual([]);
  });

  it('an agent that was not there a moment ago is found as soon as it is', async () => {
    const [here, there] = clients('born');
    expect((await here.get<SeenAgents>(AGENTS)).body.total).toBe(0);
    expect((await there.get<SeenAgents>(AGENTS)).body.total).toBe(0);
    const agentId = await createAgent(here);
    await isHeard(nooble, other);
    for (const client of [here, there]) {
      const list = await client.get<SeenAgents>(AGENTS);
      expect(list.body.data.map((agent) => agent.agentId)).toEqual([agentId]);
      expect((await client.get(`${AGENTS}/${agentId}`)).status).toBe(200);
    }
  });

  it.each([
    ['PATCH', (client: ApiClient, path: string) => client.patch(path, { name: 'Third' }), { name: 'Third', version: 3 }],
    ['activate', (client: ApiClient, path: string) => client.post(`${path}/versions/1/activate`), { name: 'Test agent', version: 3 }],
  ])('%s is seen at once, in the agent and in the list, in this process and in the other', async (name, write, expected) => {
    const [here, there] = clients(`write-${name}`);
    const path = `${AGENTS}/${await createAgent(here)}`;
    await here.patch(path, { name: 'Second' });
    for (const client of [here, there, here, there]) await Promise.all([client.get(path), client.get(AGENTS), client.get(`${AGENTS}?limit=1`)]);
    const written = await write(there, path);
    expect(written.status).toBe(200);
    await isHeard(other, nooble);
    for (const client of [here, there]) {
      expect((await client.get(path)).body).toEqual(written.body);
      expect((await client.get<SeenAgents>(AGENTS)).body.data).toEqual([expect.objectContaining(expected)]);
      expect((await client.get<SeenAgents>(`${AGENTS}?limit=1`)).body.data).toEqual([written.body]);
    }
  });

  it('DELETE is seen at once, in this process and in the other', async () => {
    const [here, there] = clients('deleted');
    const path = `${AGENTS}/${await createAgent(here)}`;
    for (const client of [here, there]) await Promise.all([client.get(path), client.get(AGENTS)]);
    expect((await here.delete(path)).status).toBe(204);
    await isHeard(nooble, other);
    for (const client of [here, there]) {
      expect(await client.get(path)).toMatchObject({ status: 404, body: { code: 'AGENT_NOT_FOUND' } });
      expect((await client.get<SeenAgents>(AGENTS)).body).toEqual({ data: [], nextCursor: null, total: 0 });
    }
  });

  it('a write that is refused leaves the cached answer', async () => {
    const [here] = clients('refused');
    const path = `${AGENTS}/${await createAgent(here)}`;
    await here.get(path);
    expect((await here.patch(path, {})).status).toBe(400);
    expect(seen(await here.get(path))).toBe('HIT-L1');
  });

  it('an edit of one agent leaves the answers of its sibling', async () => {
    const [here] = clients('sibling');
    const [edited, sibling] = [await createAgent(here), await createAgent(here)];
    await here.get(`${AGENTS}/${sibling}`);
    await here.patch(`${AGENTS}/${edited}`, { name: 'Edited' });
    expect(seen(await here.get(`${AGENTS}/${sibling}`))).toBe('HIT-L1');
  });

  it('two tenants with the same agent id, slug and query never see each other’s answer', async () => {
    const [acme] = clients('same-acme');
    const [globex, globexThere] = clients('same-globex');
    const agentId = await createAgent(acme, '', { name: 'of Acme', slug: 'same' });
    const twin = await createAgent(globex, '', { name: 'of Globex', slug: 'same' });
    await nooble.database.query('DELETE FROM agent_versions WHERE agent_id = $1', [twin]);
    await nooble.database.query('UPDATE agents SET agent_id = $1 WHERE agent_id = $2', [agentId, twin]);
    const path = `${AGENTS}/${agentId}`;
    for (let i = 0; i < 2; i++) {
      expect((await acme.get<SeenAgent>(path)).body.name).toBe('of Acme');
      expect((await acme.get<SeenAgents>(`${AGENTS}?limit=5`)).body.data.map(({ name }) => name)).toEqual(['of Acme']);
      for (const client of [globex, globexThere]) {
        expect((await client.get<SeenAgent>(path)).body.name).toBe('of Globex');
        expect((await client.get<SeenAgents>(`${AGENTS}?limit=5`)).body.data.map(({ name }) => name)).toEqual(['of Globex']);
      }
    }
    await globex.post(`${path}/invalidate`);
    expect(seen(await acme.get(path))).toBe('HIT-L1');
    expect(seen(await globex.get(path))).toBe('MISS');
    expect((await keysIn(nooble.redis, '*same-acme*')).filter((key) => key.replace('{same-acme}', '').includes('same-acme'))).toEqual([]);
  });

  it('the order of the query’s parameters does not matter, their values do', async () => {
    const [here] = clients('order');
    await createAgent(here, '', { tags: ['x'] });
    expect(seen(await here.get(`${AGENTS}?limit=5&tag=x&isActive=true`))).toBe('MISS');
    expect(seen(await here.get(`${AGENTS}?isActive=true&limit=5&tag=x`))).toBe('HIT-L1');
    expect(seen(await here.get(`${AGENTS}?isActive=false&limit=5&tag=x`))).toBe('MISS');
    expect(seen(await here.get(`${AGENTS}?isActive=true&limit=5&tag=y`))).toBe('MISS');
  });

  it('an id in capitals is the same agent, and as void after an edit', async () => {
    const [here] = clients('capitals');
    const agentId = await createAgent(here);
    await here.get(`${AGENTS}/${agentId}`);
    expect(seen(await here.get(`${AGENTS}/${agentId.toUpperCase()}`))).toBe('HIT-L1');
    await here.patch(`${AGENTS}/${agentId.toUpperCase()}`, { name: 'Changed' });
    expect((await here.get<SeenAgent>(`${AGENTS}/${agentId}`)).body.name).toBe('Changed');
  });

  it('HEAD says what GET says, without the body', async () => {
    const [here] = clients('head');
    const path = `${AGENTS}/${await createAgent(here)}`;
    const { headers } = await here.get(path);
    const head = await here.call('HEAD', path);
    expect([head.status, head.body, head.headers.get('etag'), seen(head)]).toEqual([200, undefined, headers.get('etag'), 'HIT-L1']);
  });

  it('the API’s description is still made, and says what callers may send', async () => {
    const server = await ServerProcess.start({ DATABASE_URL: nooble.database.url, REDIS_URL: redisUrl, NOOBLE_ROLE: 'api' });
    const here = await server.client('docs');
    expect((await here.call('HEAD', '/docs-json')).status).toBe(200);
    const { body } = await here.get<{ paths: Record<string, Record<string, { parameters: { name: string }[]; responses: Record<string, unknown> }>> }>('/docs-json');
    const routes = Object.entries(body.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
    expect(routes).toEqual(expect.arrayContaining([
      ...['get /api/v1/agents', 'get /api/v1/agents/{agentId}', 'patch /api/v1/agents/{agentId}', 'post /api/v1/agents/{agentId}/invalidate'],
      ...['get /api/v1/admin/cache', 'post /api/v1/admin/cache/invalidate', 'get /api/v1/crm/conversations/{conversationId}', 'post /api/v1/conversations/{conversationId}/close'],
    ]));
    for (const path of ['/api/v1/agents', '/api/v1/agents/{agentId}', '/api/v1/crm/conversations/{conversationId}']) {
      const { parameters, responses } = body.paths[path]!['get']!;
      expect(parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(['If-None-Match', 'Cache-Control']));
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '304']));
    }
    expect(JSON.stringify(body.paths['/api/v1/agents/{agentId}']?.['get']?.responses['200'])).toContain('#/components/schemas/AgentDto');
    await server.end('SIGTERM');
  });
});
