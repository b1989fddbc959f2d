import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

interface Started {
  readonly executionId: string;
  readonly conversationId: string;
}

describe('ids and values at the border', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  let agentId: string;

  beforeAll(async () => {
    nooble = await startTestApp();
    acme = nooble.client('acme');
    agentId = await createAgent(acme);
  });
  afterAll(async () => {
    await nooble.close();
  });

  it('a UUID in capitals is the same id, in paths, bodies and frames', async () => {
    const { body: first } = await acme.post<Started>(`/api/v1/agents/${agentId.toUpperCase()}/executions`, { message: 'one' });
    await acme.events(first.executionId.toUpperCase());
    const { body: second } = await acme.post<Started>(`/api/v1/agents/${agentId}/executions`, { message: 'two', conversationId: first.conversationId.toUpperCase() });
    expect(second.conversationId).toBe(first.conversationId);
    await acme.events(second.executionId);
    const socket = await acme.socket('capitals');
    socket.send('execution.start', { agentId: agentId.toUpperCase(), message: 'three', conversationId: first.conversationId.toUpperCase() });
    expect((await socket.next('execution.completed')).conversationId).toBe(first.conversationId);
    socket.cut();
    expect(await nooble.redis.keys('nb:{acme}:conv:*-*:messages')).toHaveLength(1);
    const { body } = await acme.get<{ messageCount: number }>(`/api/v1/crm/conversations/${first.conversationId.toUpperCase()}`);
    expect(body.messageCount).toBe(6);
  });

  it.each(['conversationId', 'sessionId', 'userId', 'metadata', 'maxIterations', 'timeoutMs'])('null is no %s', async (field) => {
    const answer = await acme.post<ErrorAnswer>(`/api/v1/agents/${agentId}/executions`, { message: 'hi', [field]: null });
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(new Set(answer.body.details?.fields?.map((fault) => fault.field))).toEqual(new Set([field]));
  });

  it.each(['漢', '😀', 'a'])('the longest message, all "%s", is counted at once and answered', async (character) => {
    const message = character.repeat(32_000 / character.length);
    const { status, body } = await acme.post<Started>(`/api/v1/agents/${agentId}/executions`, { message });
    expect(status).toBe(202);
    expect((await acme.events(body.executionId)).at(-1)?.type).toBe('execution.completed');
  });

  it('a session id of 128 characters can be closed', async () => {
    const sessionId = 's'.repeat(128);
    await acme.post(`/api/v1/agents/${agentId}/executions`, { message: 'hi', sessionId });
    expect((await acme.post(`/api/v1/sessions/${sessionId}/close`)).status).toBe(200);
  });

  it.each([
    ['GET', '/api/v1/agents/%zz', 400, 'URL_INVALID'],
    ['GET', '/api/v1/crm/conversations/01a1fd7d-0000-7000-8000-000000000000?after=1e300', 400, 'VALIDATION_FAILED'],
    ['GET', '/api/v1/crm/conversations/01a1fd7d-0000-7000-8000-000000000000?limit=1&limit=2', 400, 'VALIDATION_FAILED'],
  ])('%s %s is %i', async (method, path, status, code) => {
    expect(await acme.call<ErrorAnswer>(method, path)).toMatchObject({ status, body: { code, requestId: expect.any(String) } });
  });

  it('a body that is no JSON by its type is 415, and says what to send', async () => {
    const response = await fetch(`${nooble.url}/api/v1/agents`, { method: 'POST', headers: { 'x-tenant-id': 'acme', 'content-type': 'text/plain' }, body: '{}' });
    expect([response.status, await response.json()]).toMatchObject([415, { code: 'CONTENT_TYPE_UNSUPPORTED', message: expect.stringContaining('application/json') }]);
  });

  it.each(['2020-01-01T00:00:00Z', '2030-W05', '2030-02-30', null])('a key that expires at %s is refused', async (expiresAt) => {
    expect((await acme.post('/api/v1/admin/api-keys', { tenantId: 'acme', name: 'x', scopes: ['user'], expiresAt })).status).toBe(400);
  });

  it('a subscription that was given up can be made again', async () => {
    const slow = await createAgent(acme, '@tokens 20\n@delay 20');
    const socket = await acme.socket('again');
    socket.send('execution.start', { agentId: slow, message: 'hi' });
    const { executionId } = await socket.next('message.delta');
    for (let i = 0; i < 5; i++) {
      socket.send('unsubscribe', { executionId });
      socket.send('subscribe', { executionId, after: 0 });
    }
    await socket.next('execution.completed');
    socket.cut();
  });
});
