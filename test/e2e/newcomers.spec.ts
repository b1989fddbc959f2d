import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { TestSocket } from '../support/test-socket.js';
import { waitFor } from '../support/wait-for.js';

const UNKNOWN_ID = '01a1fd7d-0000-7000-8000-000000000000';

interface OpenApi {
  readonly paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, { schema: { $ref: string } }> }> }>>;
  readonly components: { readonly schemas: Record<string, { readonly required?: readonly string[] }> };
}

describe('who is new here', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  let agentId: string;
  let conversationId: string;

  beforeAll(async () => {
    nooble = await startTestApp();
    acme = nooble.client('acme');
    agentId = await createAgent(acme);
    conversationId = (await acme.post<{ conversationId: string }>('/api/v1/conversations', { agentId })).body.conversationId;
  });
  afterAll(async () => {
    await nooble.close();
  });

  it.each([
    [{ name: 'a', temprature: 1 }, 'temprature is no field here; leave it out, or look for the right name in /docs'],
    [{ name: 5 }, 'name must be a text'],
    [{ name: '' }, 'name must not be empty'],
    [{ name: 'x'.repeat(201) }, 'name must have at most 200 characters'],
    [{ name: 'a', maxTokens: 0 }, 'maxTokens must be at least 1'],
    [{ name: 'a', maxTokens: 1.5 }, 'maxTokens must be a whole number'],
    [{ name: 'a', temperature: 3 }, 'temperature must be at most 2'],
    [{ name: 'a', provider: 'magic' }, 'provider must be one of builtin, openai-compatible'],
    [{ name: 'a', isPublic: 'yes' }, 'isPublic must be true or false'],
    [{ name: 'a', tags: ['a', 'a'] }, 'tags must not have an entry twice'],
    [{ name: 'a', tags: [5] }, 'each entry of tags must be a text'],
    [{ name: 'a', tags: 'a' }, 'tags must be a list'],
    [{ name: 'a', slug: 'A b' }, 'slug must match ^[a-z0-9]+(-[a-z0-9]+)*$'],
    [{ name: 'a', fallbackModel: 'x' }, 'fallbackModel must be a JSON object'],
    [{}, 'name is missing; it must be a text.'],
    [{ name: 'a', memo: 5 }, 'memo must be a JSON object.'],
    [{ name: 'a', memo: { tools: 'calculator' } }, 'memo.tools must be a list of JSON objects.'],
    [{ name: 'a', memo: { tools: ['calculator'] } }, 'each entry of memo.tools must be a JSON object.'],
    [{ name: 'a', mcpServers: [{ name: 'a', url: 5 }] }, 'mcpServers.0.url must'],
    [{ name: 'a', mcpServers: {} }, 'mcpServers must be a list.'],
    [[], 'the body must be a JSON object.'],
  ])('is told of %j what to write', async (body, sentence) => {
    const answer = await acme.post<ErrorAnswer>('/api/v1/agents', body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(sentence);
    expect(answer.body.message).not.toMatch(/regular expression|property |either |following values|conforming|each value in/);
  });

  it('is told how an id of his own may look', async () => {
    expect((await acme.post<ErrorAnswer>(`/api/v1/agents/${agentId}/executions`, { message: 'hi', sessionId: 'a:b' })).body.message).toBe('sessionId must have 1 to 128 of the characters A-Z a-z 0-9 . _ -.');
  });

  it('is told which conversation there is not, whatever he wanted of it', async () => {
    const path = `/api/v1/conversations/${UNKNOWN_ID}`;
    for (const method of ['GET', 'DELETE']) {
      expect(await acme.call(method, path)).toMatchObject({ status: 404, body: { code: 'CONVERSATION_NOT_FOUND', message: expect.stringContaining('GET /api/v1/conversations lists yours') } });
    }
  });

  it('is told what of a conversation can be changed when he changes nothing', async () => {
    const answer = await acme.patch<ErrorAnswer>(`/api/v1/conversations/${conversationId}`, {});
    expect(answer).toMatchObject({ status: 400, body: { code: 'CONVERSATION_EDIT_EMPTY', message: expect.stringContaining('status, metadata, summary or customerSatisfaction') } });
  });

  it.each(['/api/v1/admin/migration/start', '/api/v1/admin/migration/stop', '/api/v1/sessions/a/close', `/api/v1/conversations/${UNKNOWN_ID}/close`])('is refused fields where there is nothing to say: %s', async (path) => {
    expect(await acme.post(path, { tenantId: 'other' })).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', details: { fields: [{ field: 'tenantId' }] } } });
  });

  it('needs no body where there is nothing to say', async () => {
    expect((await acme.call('POST', `/api/v1/conversations/${conversationId}/close`)).status).toBe(200);
    expect((await acme.call('POST', '/api/v1/admin/migration/start')).status).toBe(200);
  });

  it.each([['DELETE', '/api/v1/crm/users/bob'], ['POST', `/api/v1/conversations/${UNKNOWN_ID}/close`]])('is told that a body is empty whose type is named: %s %s', async (method, path) => {
    const answer = await acme.with({ 'content-type': 'application/json' }).call<ErrorAnswer>(method, path);
    expect([answer.status, answer.body.message]).toEqual([400, 'The body is empty; leave out the header Content-Type, or send a JSON object, {} if there is nothing to say.']);
  });

  it.each(['agents', 'agents/:agentId/versions', 'executions', 'commands', 'crm/audit', 'crm/conversations', 'conversations', 'webhooks/deliveries', 'admin/tenants', 'admin/dead-letters'])('is told what a cursor is: %s', async (list) => {
    const answer = await acme.get<ErrorAnswer>(`/api/v1/${list.replace(':agentId', agentId)}?cursor=mine`);
    expect([answer.status, answer.body.message]).toEqual([400, 'cursor must be the nextCursor of the page before, or be left out.']);
  });

  it('is told to name the type of a body', async () => {
    const answer = await fetch(`${nooble.url}/api/v1/agents`, { method: 'POST', headers: { 'x-tenant-id': 'acme' }, body: new Blob(['{}']) });
    expect([answer.status, await answer.json()]).toMatchObject([415, { code: 'CONTENT_TYPE_UNSUPPORTED', message: 'Send the body as JSON with "Content-Type: application/json"; the header is missing.' }]);
  });

  it('is told where executions are listed, and which header has a faulty cursor', async () => {
    expect(await acme.get(`/api/v1/executions/${UNKNOWN_ID}`)).toMatchObject({ status: 404, body: { message: expect.stringContaining('GET /api/v1/executions lists yours') } });
    expect(await acme.with({ 'last-event-id': 'x' }).get(`/api/v1/executions/${UNKNOWN_ID}/events`)).toMatchObject({ status: 400, body: { code: 'CURSOR_INVALID', details: { field: 'Last-Event-ID' } } });
  });

  it.each([
    ['subscribe', {}, 'executionId is missing; it must be a UUID, or sessionId must name a session instead.'],
    ['unsubscribe', { executionId: 'x' }, 'executionId must be a UUID, such as 01a1fd9d-4bb8-747b-a678-9791c7560477.'],
    ['execution.start', 5, 'data must be a JSON object, such as that of {"type":"subscribe","data":{"sessionId":"hers"}}.'],
  ])('is told what is wrong with a frame: %s %j', async (type, data, message) => {
    const socket = TestSocket.connect(`${nooble.url.replace('http', 'ws')}/ws`, { 'x-tenant-id': 'acme' });
    await socket.next('connection.ack');
    socket.send(type, data);
    expect(await socket.next('error')).toMatchObject({ data: { code: 'VALIDATION_FAILED', message } });
    socket.cut();
  });

  it('is refused a parameter that sockets do not know', async () => {
    const socket = TestSocket.connect(`${nooble.url.replace('http', 'ws')}/ws?foo=1`, { 'x-tenant-id': 'acme' });
    expect(await socket.next('error')).toMatchObject({ data: { code: 'QUERY_UNKNOWN', message: expect.stringContaining('"foo"') } });
    expect(await waitFor('the close', () => socket.closed)).toEqual({ code: 1008, reason: 'QUERY_UNKNOWN' });
  });

  it.each(['__proto__', 'constructor'])('cannot slip %s into metadata', async (name) => {
    const answer = await acme.call<ErrorAnswer>('POST', '/api/v1/conversations', `{"agentId":"${agentId}","metadata":{"${name}":{"prototype":{"isAdmin":true}}}}`);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(name);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('is told of a tenant that there is not', async () => {
    expect(await acme.get('/api/v1/admin/migration?tenantId=nosuch')).toMatchObject({ status: 404, body: { code: 'TENANT_NOT_FOUND' } });
  });

  it('leaves no dead letter by asking for what there is not', async () => {
    const before = (await acme.get<{ total: number }>('/api/v1/admin/dead-letters')).body.total;
    expect(await acme.post(`/api/v1/admin/migration/conversations/${UNKNOWN_ID}`)).toMatchObject({ status: 404, body: { code: 'CONVERSATION_NOT_FOUND' } });
    expect((await acme.post('/api/v1/actions?wait=true', { actionType: 'conversation.get_history', data: { conversationId: UNKNOWN_ID } })).status).toBe(404);
    expect((await acme.get<{ total: number }>('/api/v1/admin/dead-letters')).body.total).toBe(before);
  });

  it('reads in the description which errors a call can have', async () => {
    const { paths, components } = (await acme.get<OpenApi>('/docs-json')).body;
    expect(components.schemas['ErrorBody']?.required).toEqual(['statusCode', 'code', 'message', 'requestId']);
    const statuses = (path: string, method: string): string[] => Object.keys(paths[path]?.[method]?.responses ?? {});
    expect(statuses('/api/v1/agents/{agentId}', 'patch')).toEqual(expect.arrayContaining(['200', '400', '401', '403', '404', '409', '413', '415', '429', '503']));
    expect(statuses('/api/v1/agents', 'get')).not.toContain('409');
    expect(statuses('/health/live', 'get')).toEqual(['200']);
    const undescribed = Object.entries(paths).filter(([path]) => path.startsWith('/api/')).flatMap(([path, methods]) => Object.entries(methods).filter(([, { responses }]) => !('401' in responses && '503' in responses)).map(([method]) => `${method} ${path}`));
    expect(undescribed).toEqual([]);
    expect(paths['/api/v1/agents']?.['post']?.responses['400']?.content?.['application/json']?.schema.$ref).toBe('#/components/schemas/ErrorBody');
  });
});
