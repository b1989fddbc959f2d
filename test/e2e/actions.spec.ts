import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Bull, { type Queue } from 'bull';
import { ACTION_TYPES, type CallbackAction, newId } from '../../src/contracts/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { createAgent } from '../factories/agent.js';
import { ApiClient, type ErrorAnswer } from '../support/api-client.js';
import { redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const ADMIN_KEY = 'an-administrator-of-these-tests-0001';
const ACTIONS = '/api/v1/actions';

interface Sent {
  readonly actionId: string;
  readonly actionType: string;
  readonly taskId: string;
  readonly correlationId: string;
}

const move = (more: object = {}): object => ({ actionType: 'migration.move', data: { conversationId: newId() }, ...more });
const turn = (agentId: string, more: object = {}): object =>
  ({ actionType: 'execution.agent_run', agentId, data: { conversationId: newId(), sessionId: 's', message: 'Hello', messageType: 'text', userInfo: {} }, ...more });

describe('POST /api/v1/actions', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  beforeAll(async () => {
    nooble = await startTestApp({ MIGRATION_INTERVAL_SECONDS: '86400' });
    acme = nooble.client('acme', 'free');
  });
  afterAll(() => nooble.close());

  const ended = (executionId: string): Promise<unknown> =>
    waitFor('the end', async () => (await acme.get<{ status: string }>(`/api/v1/executions/${executionId}`)).body.status === 'completed');

  it('takes an action with its type and its data alone, and adds the rest', async () => {
    const { status, body } = await acme.post<Sent>(ACTIONS, turn(await createAgent(nooble.client('acme'))));
    expect(status).toBe(202);
    const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect(body).toEqual({ actionId: uuid, actionType: 'execution.agent_run', taskId: uuid, correlationId: uuid });
    await ended(body.taskId);
  });

  it('keeps the ids that the caller gives, and does what it is told once however often it is told', async () => {
    const ids = { actionId: newId(), taskId: newId(), correlationId: newId() };
    const action = turn(await createAgent(nooble.client('acme')), { ...ids, tenantId: 'acme', traceId: 't', metadata: { a: 1 }, createdAt: new Date().toISOString() });
    for (let call = 0; call < 2; call += 1) expect(await acme.post(ACTIONS, action)).toMatchObject({ status: 202, body: ids });
    await ended(ids.taskId);
    const types = (await acme.events(ids.taskId)).map(({ type }) => type);
    expect(types.filter((type) => type === 'message.completed')).toHaveLength(1);
  });

  it('answers with what the handler answers when told to wait', async () => {
    const { body: turnBody } = await acme.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${await createAgent(nooble.client('acme'))}/executions`, { message: 'hi' });
    await acme.events(turnBody.executionId);
    const { status, body } = await acme.post(`${ACTIONS}?wait=true`, { actionType: 'migration.move', data: { conversationId: turnBody.conversationId } });
    expect([status, body]).toEqual([200, { actionId: expect.any(String), actionType: 'migration.move', taskId: expect.any(String), data: { archivedSeq: 2 } }]);
    expect(await acme.post(`${ACTIONS}?wait=true`, move())).toMatchObject({ status: 200, body: { data: { archivedSeq: null } } });
  });

  it('sends the answer to the queue that the caller names', async () => {
    const answers: Queue<CallbackAction<'action.answered'>> = new Bull('acme.answers', redisUrl, { prefix: keys.queues() });
    try {
      const { body } = await acme.post<Sent>(ACTIONS, move({ callbackQueueName: 'acme.answers' }));
      const [job] = await waitFor('the answer', async () => answers.getWaiting().then((jobs) => jobs.length > 0 && jobs));
      expect(job?.data).toMatchObject({ actionType: 'action.answered', correlationId: body.correlationId, taskId: body.taskId, data: { actionId: body.actionId, answered: 'migration.move', success: true } });
    } finally {
      await answers.close();
    }
  });

  it('reads another tier than the caller’s, and takes the caller’s', async () => {
    const queue: Queue = new Bull('migration.move', redisUrl, { prefix: keys.queues() });
    try {
      await queue.pause();
      await acme.post(ACTIONS, move({ tenantTier: 'enterprise' }));
      const [job] = await queue.getWaiting();
      expect(job?.data).toMatchObject({ tenantId: 'acme', tenantTier: 'free' });
    } finally {
      await queue.resume();
      await queue.close();
    }
  });

  it.each<[string, object, string]>([
    ['no type', { data: {} }, 'actionType'],
    ['no data', { actionType: 'migration.move' }, 'data'],
    ['data that is a list', { actionType: 'migration.move', data: [] }, 'data'],
    ['data without a field of its type', { actionType: 'migration.move', data: {} }, 'data.conversationId'],
    ['an unknown field in its data', move({ data: { conversationId: newId(), surprise: 1 } }), 'data.surprise'],
    ['an unknown field beside it', move({ surprise: 1 }), 'surprise'],
    ['a faulty id', move({ actionId: 'x' }), 'actionId'],
    ['text that no store keeps', move({ metadata: { note: '\ud800' } }), 'metadata.note'],
    ['a queue of ours for its answer', move({ callbackQueueName: 'execution.persist' }), 'callbackQueueName'],
    ['the replies of a process for its answer', move({ callbackQueueName: `replies.${newId()}` }), 'callbackQueueName'],
    ['a tenant that is none', move({ tenantId: '~system' }), 'tenantId'],
  ])('with %s is refused by the field’s name', async (_, body, field) => {
    const answer = await acme.post<ErrorAnswer>(ACTIONS, body);
    expect([answer.status, answer.body.code, new Set(answer.body.details?.fields?.map((fault) => fault.field))]).toEqual([400, 'VALIDATION_FAILED', new Set([field])]);
  });

  it('with an unknown type is refused, and told the known ones', async () => {
    const { status, body } = await acme.post<ErrorAnswer>(ACTIONS, { actionType: 'execution.chat.process', data: {} });
    expect([status, body.code, body.details?.fields?.[0]?.field]).toEqual([400, 'VALIDATION_FAILED', 'actionType']);
    for (const type of ACTION_TYPES) expect(body.message).toContain(type);
  });

  it('in the name of another tenant is refused', async () => {
    expect(await acme.post(ACTIONS, move({ tenantId: 'globex' }))).toMatchObject({ status: 403, body: { code: 'TENANT_MISMATCH' } });
  });

  it('of a type that serves every tenant is refused', async () => {
    expect(await acme.post(ACTIONS, { actionType: 'migration.sweep', data: {} })).toMatchObject({ status: 403, body: { code: 'ACTION_SYSTEM_ONLY' } });
  });

  it('cannot be waited for if it answers later, or if its answer goes elsewhere', async () => {
    expect(await acme.post(`${ACTIONS}?wait=true`, turn(newId()))).toMatchObject({ status: 400, body: { code: 'ACTION_ANSWERS_LATER' } });
    for (const more of [{ callbackQueueName: 'x' }, { correlationId: newId() }]) {
      expect(await acme.post(`${ACTIONS}?wait=true`, move(more))).toMatchObject({ status: 400, body: { code: 'ACTION_ANSWER_TWICE' } });
    }
    expect(await acme.post(`${ACTIONS}?wait=maybe`, move())).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  });

  it('that is waited for and fails is an error answer of its kind', async () => {
    const unknown = { actionType: 'conversation.get_history', data: { conversationId: newId() } };
    expect(await acme.post(`${ACTIONS}?wait=true`, unknown)).toMatchObject({ status: 404, body: { code: 'CONVERSATION_NOT_FOUND' } });
  });
});

describe('who may', () => {
  let nooble: TestApp;
  let admin: ApiClient;
  beforeAll(async () => {
    nooble = await startTestApp({ AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY, MIGRATION_INTERVAL_SECONDS: '86400' });
    admin = new ApiClient(nooble.url, { authorization: `Bearer ${ADMIN_KEY}` });
    await admin.post('/api/v1/admin/tenants', { tenantId: 'acme', name: 'Acme' });
  });
  afterAll(() => nooble.close());

  const withScopes = async (...scopes: string[]): Promise<ApiClient> => {
    const { body } = await admin.post<{ key: string }>('/api/v1/admin/api-keys', { tenantId: 'acme', name: 'x', scopes });
    return new ApiClient(nooble.url, { authorization: `Bearer ${body.key}` });
  };

  it('send actions: keys with the scope internal, and administrators who name a tenant', async () => {
    expect((await (await withScopes('internal')).post(ACTIONS, move())).status).toBe(202);
    expect((await admin.with({ 'x-tenant-id': 'acme' }).post(ACTIONS, move({ tenantId: 'acme' }))).status).toBe(202);
    expect(await admin.post(ACTIONS, move())).toMatchObject({ status: 400, body: { code: 'TENANT_UNNAMED' } });
    expect(await (await withScopes('user', 'agent', 'operator')).post(ACTIONS, move())).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING', details: { scope: 'internal' } } });
    expect((await new ApiClient(nooble.url, {}).post(ACTIONS, move())).status).toBe(401);
  });

  it('see, retry and delete dead letters: administrators', async () => {
    const internal = await withScopes('internal', 'operator');
    for (const [method, path] of [['GET', ''], ['POST', '/1-0/retry'], ['DELETE', '/1-0']] as const) {
      expect(await internal.call(method, `/api/v1/admin/dead-letters${path}`)).toMatchObject({ status: 403, body: { details: { scope: 'admin' } } });
    }
    expect(await admin.get('/api/v1/admin/dead-letters')).toEqual(expect.objectContaining({ status: 200, body: { data: [], nextCursor: null, total: 0 } }));
  });
});
