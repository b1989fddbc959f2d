import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

const UNKNOWN_ID = '01a1fd7d-0000-7000-8000-000000000000';

describe('bad input', () => {
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

  const queuedJobs = async (): Promise<number> => nooble.redis.llen('{nb:queues}:execution.agent_run:wait');
  const executions = async (): Promise<number> => (await nooble.redis.keys('nb:{*}:exec:*')).length;

  it.each([
    ['an unknown field', { message: 'hi', mesage: 'hi' }, 'mesage'],
    ['no message', {}, 'message'],
    ['an empty message', { message: '' }, 'message'],
    ['a message of blanks alone', { message: ' \n\t ' }, 'message'],
    ['a message of the wrong type', { message: 5 }, 'message'],
    ['a message of 32 001 characters', { message: 'x'.repeat(32_001) }, 'message'],
    ['a message with a NUL', { message: 'a\u0000b' }, 'message'],
    ['a message with half a surrogate pair', { message: 'a\ud800b' }, 'message'],
    ['a session id that could forge a key', { message: 'hi', sessionId: 'a:b' }, 'sessionId'],
    ['a user id with braces', { message: 'hi', userId: '{t}' }, 'userId'],
    ['a conversation id that is no UUID', { message: 'hi', conversationId: 'mine' }, 'conversationId'],
    ['metadata that is no object', { message: 'hi', metadata: 'x' }, 'metadata'],
    ['no iterations at all', { message: 'hi', maxIterations: 0 }, 'maxIterations'],
    ['a time-out that is no number', { message: 'hi', timeoutMs: 'soon' }, 'timeoutMs'],
  ])('%s is refused by name and nothing is queued', async (_, body, field) => {
    const before = await executions();
    const answer = await acme.post<ErrorAnswer>(`/api/v1/agents/${agentId}/executions`, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(answer.body.details?.fields?.map((fault) => fault.field)).toContain(field);
    expect(answer.body.message).toContain(field);
    expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
    expect([await queuedJobs(), await executions()]).toEqual([0, before]);
  });

  it('a message of 32 000 characters is fine', async () => {
    expect((await acme.post(`/api/v1/agents/${agentId}/executions`, { message: 'x'.repeat(32_000) })).status).toBe(202);
  });

  it.each([
    ['text that is no JSON', '{"message":', 400, 'BAD_REQUEST'],
    ['a JSON array', '[]', 400, 'VALIDATION_FAILED'],
    ['a JSON null', 'null', 400, 'VALIDATION_FAILED'],
    ['a body over 1 MiB', JSON.stringify({ message: 'x'.repeat(1_048_577) }), 413, 'BODY_TOO_LARGE'],
  ])('%s is refused', async (_, body, status, code) => {
    const answer = await acme.call<ErrorAnswer>('POST', `/api/v1/agents/${agentId}/executions`, body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it.each([
    ['an unknown agent', 'POST', `/api/v1/agents/${UNKNOWN_ID}/executions`, [404, 'AGENT_NOT_FOUND']],
    ['an agent id that is no UUID', 'POST', '/api/v1/agents/nobody/executions', [400, 'VALIDATION_FAILED']],
    ['an unknown execution', 'GET', `/api/v1/executions/${UNKNOWN_ID}`, [404, 'EXECUTION_NOT_FOUND']],
    ['events of an unknown execution', 'GET', `/api/v1/executions/${UNKNOWN_ID}/events`, [404, 'EXECUTION_NOT_FOUND']],
    ['a cursor that is no number', 'GET', `/api/v1/executions/${UNKNOWN_ID}/events?after=x`, [400, 'VALIDATION_FAILED']],
    ['an unknown conversation', 'GET', `/api/v1/crm/conversations/${UNKNOWN_ID}`, [404, 'CONVERSATION_NOT_FOUND']],
    ['closing an unknown session', 'POST', '/api/v1/sessions/nobody/close', [404, 'SESSION_NOT_FOUND']],
    ['a route that is not there', 'GET', '/api/v2/agents', [404, 'ROUTE_NOT_FOUND']],
  ])('%s is refused with its code', async (_, method, path, refusal) => {
    const answer = await acme.call<ErrorAnswer>(method, path, method === 'POST' ? (path.endsWith('/close') ? {} : { message: 'hi' }) : undefined);
    expect([answer.status, answer.body.code]).toEqual(refusal);
  });

  it("another tenant's agent, execution and conversation are not found", async () => {
    const { body } = await acme.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'mine' });
    const other = nooble.client('other');
    const ownAgent = await createAgent(other);
    const answers = await Promise.all([
      other.post<ErrorAnswer>(`/api/v1/agents/${agentId}/executions`, { message: 'hi' }),
      other.get<ErrorAnswer>(`/api/v1/agents/${agentId}`),
      other.get<ErrorAnswer>(`/api/v1/executions/${body.executionId}`),
      other.get<ErrorAnswer>(`/api/v1/executions/${body.executionId}/events`),
      other.get<ErrorAnswer>(`/api/v1/crm/conversations/${body.conversationId}`),
      other.post<ErrorAnswer>(`/api/v1/agents/${ownAgent}/executions`, { message: 'hi', conversationId: body.conversationId }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404]);
  });

  it('an agent that needs a better tier is refused, naming both', async () => {
    const premium = await createAgent(acme, '', { minimumTier: 'enterprise' });
    const free = nooble.client('acme', 'free');
    const answer = await free.post<ErrorAnswer>(`/api/v1/agents/${premium}/executions`, { message: 'hi' });
    expect([answer.status, answer.body.code]).toEqual([403, 'AGENT_TIER_TOO_LOW']);
  });

  it.each([
    ['an unknown tool', { name: 'a', tools: ['sudo'] }, 'tools'],
    ['an unknown provider', { name: 'a', provider: 'magic' }, 'provider'],
    ['a temperature out of range', { name: 'a', temperature: 3 }, 'temperature'],
    ['an ill-formed slug', { name: 'a', slug: 'A b' }, 'slug'],
  ])('an agent with %s is refused by name', async (_, body, field) => {
    const answer = await acme.post<ErrorAnswer>('/api/v1/agents', body);
    expect(answer).toMatchObject({ status: 400, body: { details: { fields: [{ field }] } } });
  });

  it('a slug that is taken is a conflict, and temperature 0 stays 0', async () => {
    expect((await acme.post('/api/v1/agents', { name: 'a', slug: 'taken', temperature: 0 })).body).toMatchObject({ temperature: 0 });
    expect(await acme.post('/api/v1/agents', { name: 'b', slug: 'taken' })).toMatchObject({ status: 409, body: { code: 'AGENT_SLUG_TAKEN' } });
  });
});
