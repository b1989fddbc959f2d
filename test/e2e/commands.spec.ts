import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CommandEvents } from '../../src/modules/execution/commands/command-events.service.js';
import { Orchestrator } from '../../src/modules/execution/orchestrator.service.js';
import { AppError } from '../../src/shared/errors/index.js';
import { createAgent } from '../factories/agent.js';
import type { Answer, ApiClient, ErrorAnswer } from '../support/api-client.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const COMMANDS = '/api/v1/commands';
const UNKNOWN_ID = '01a1fd7d-0000-7000-8000-000000000000';

interface SeenCommand {
  readonly id: string;
  readonly commandId: string;
  readonly status: string;
  readonly executionId: string;
  readonly conversationId: string;
  readonly updatedAt: string;
  readonly metadata: object;
  readonly agentBackground: string | null;
}

interface SeenPage {
  readonly data: SeenCommand[];
  readonly nextCursor: string | null;
  readonly total: number;
}

describe('commands', () => {
  let nooble: TestApp;
  let beside: TestApp;
  let acme: ApiClient;
  let agentId: string;

  beforeAll(async () => {
    nooble = await startTestApp();
    beside = await startTestApp({ NOOBLE_ROLE: 'api' }, { beside: nooble });
    acme = nooble.client('acme');
    agentId = await createAgent(acme, '', { background: 'You count things.' });
  });
  afterAll(async () => {
    await beside.close();
    await nooble.close();
  });

  const submit = async (fields: object = {}, client = acme): Promise<SeenCommand> => {
    const { status, body } = await client.post<SeenCommand>(COMMANDS, { agentId, task: 'Count to three', ...fields });
    expect(status).toBe(202);
    return body;
  };
  const ended = (id: string, client = acme): Promise<SeenCommand> =>
    waitFor('the end of the command', async () => {
      const { body } = await client.get<SeenCommand>(`${COMMANDS}/${id}`);
      return !['pending', 'running'].includes(body.status) && body;
    });
  const completed = async (fields: object = {}): Promise<SeenCommand> => ended((await submit(fields)).id);

  it('is one command, though it is sent twenty times at once with the same Idempotency-Key', async () => {
    const repeating = acme.with({ 'idempotency-key': 'count-once' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => repeating.post<SeenCommand>(COMMANDS, { agentId, task: 'Count once', sessionId: 'once' })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => `${body.id} ${body.commandId} ${body.executionId}`)).size).toBe(1);
    const { conversationId } = await ended(answers[0]!.body.id);
    expect((await acme.get<{ total: number }>(`/api/v1/conversations/${conversationId}/messages`)).body.total).toBe(2);
  });

  it('that could not be accepted, and was given up, is taken up by the same request', async () => {
    const repeating = acme.with({ 'idempotency-key': 'count-at-last' });
    const send = (): Promise<Answer<SeenCommand>> => repeating.post<SeenCommand>(COMMANDS, { agentId, task: 'Count at last' });
    const away = jest.spyOn(nooble.app.get(Orchestrator, { strict: false }), 'accept').mockRejectedValueOnce(new AppError({ kind: 'unavailable', code: 'HOT_STORE_UNAVAILABLE', message: 'x' }));
    expect((await send()).status).toBe(503);
    away.mockRestore();
    await nooble.database.query("UPDATE commands SET created_at = created_at - interval '2 minutes' WHERE task = 'Count at last'");
    const [{ id, commandId } = {}] = (await acme.get<SeenPage>(COMMANDS)).body.data;
    expect((await acme.get(`${COMMANDS}/${String(id)}`)).body).toMatchObject({ status: 'failed', error: { code: 'COMMAND_NOT_STARTED' } });
    expect(await send()).toMatchObject({ status: 202, body: { commandId, status: 'pending', error: null } });
    expect(await ended(String(id))).toMatchObject({ status: 'completed', error: null });
  });

  it('is answered at once by its temporary id, then completed, and found by either id', async () => {
    const accepted = await submit({ description: 'Slowly.', targets: ['apples', 'pears'], metadata: { ticket: 7 } });
    expect(accepted.id).toMatch(/^cmd_\d{13}_[a-z0-9]{7}$/);
    expect(accepted).toMatchObject({ status: 'pending', agentId, agentBackground: 'You count things.', results: [], error: null, metadata: { ticket: 7 }, conversationId: expect.any(String) });
    const done = await ended(accepted.id);
    expect(done).toMatchObject({
      ...{ id: accepted.id, commandId: accepted.commandId, status: 'completed', executionId: accepted.executionId, conversationId: accepted.conversationId, agentBackground: 'You count things.' },
      ...{ inputTokens: expect.any(Number), outputTokens: expect.any(Number), durationMs: expect.any(Number), error: null },
      results: [{ seq: 2, content: expect.stringContaining('Count to three\n\nSlowly.\n\nTargets:\n- apples\n- pears') }],
    });
    for (const id of [accepted.commandId, accepted.commandId.toUpperCase(), accepted.id.toUpperCase()]) expect((await acme.get(`${COMMANDS}/${id}`)).body).toEqual(done);
    expect((await acme.get<{ status: string }>(`/api/v1/executions/${accepted.executionId}`)).body.status).toBe('completed');
  });

  it('runs while its run does', async () => {
    const slow = await createAgent(acme, '@hang');
    const { id, executionId } = await submit({ agentId: slow });
    await waitFor('it to run', async () => (await acme.get<SeenCommand>(`${COMMANDS}/${id}`)).body.status === 'running');
    const listed = (await acme.get<SeenPage>(`${COMMANDS}?agentId=${slow}&status=pending`)).body.data;
    expect(listed).toMatchObject([{ id, status: 'running' }]);
    await acme.post(`/api/v1/executions/${executionId}/cancel`);
    expect((await ended(id)).status).toBe('cancelled');
  });

  it('fails with the reason of its run', async () => {
    const broken = await createAgent(acme, '@fail 400');
    expect(await completed({ agentId: broken })).toMatchObject({ status: 'failed', results: [], error: { code: 'PROVIDER_FAILED' } });
    const stuck = await createAgent(acme, '@hang');
    expect(await completed({ agentId: stuck, timeoutMs: 100 })).toMatchObject({ status: 'failed', error: { code: 'EXECUTION_TIMED_OUT' } });
  });

  it('is cancelled with its run', async () => {
    const stuck = await createAgent(acme, '@hang');
    const { id, executionId } = await submit({ agentId: stuck });
    expect((await acme.post(`/api/v1/executions/${executionId}/cancel`, { reason: 'enough' })).status).toBe(200);
    expect(await ended(id)).toMatchObject({ status: 'cancelled', results: [] });
    expect((await acme.get<SeenPage>(`${COMMANDS}?agentId=${stuck}&status=cancelled`)).body.total).toBe(1);
  });

  it('is refused while its conversation is busy, if it wants that, and leaves nothing', async () => {
    const stuck = await createAgent(acme, '@hang');
    const { executionId } = await submit({ agentId: stuck, sessionId: 'busy' });
    expect(await acme.post<ErrorAnswer>(COMMANDS, { agentId: stuck, task: 'hi', sessionId: 'busy', onConflict: 'reject' })).toMatchObject({ status: 409, body: { code: 'CONVERSATION_BUSY' } });
    expect((await acme.get<SeenPage>(`${COMMANDS}?agentId=${stuck}`)).body.total).toBe(1);
    await acme.post(`/api/v1/executions/${executionId}/cancel`);
  });

  it('may ask for another model, and goes on with a conversation', async () => {
    const first = await completed({ temperature: 0, maxTokens: 50, model: 'builtin/chat', sessionId: 'counting' });
    expect(first).toMatchObject({ provider: 'builtin', model: 'builtin/chat', temperature: 0, maxTokens: 50 });
    expect(await completed({ sessionId: 'counting' })).toMatchObject({ conversationId: first.conversationId, results: [{ seq: 4 }] });
  });

  it('is changed where that makes sense, and the change is in the table', async () => {
    const { id, commandId } = await completed({ metadata: { a: 1 } });
    const changed = await acme.patch<SeenCommand>(`${COMMANDS}/${commandId}`, { metadata: { b: 2 } });
    expect(changed).toMatchObject({ status: 200, body: { id, status: 'completed', metadata: { b: 2 }, agentBackground: 'You count things.' } });
    await acme.patch(`${COMMANDS}/${id}`, { agentBackground: 'another' });
    const [row] = await nooble.database.query<{ metadata: object; agent_background: string; updated_at: Date }>('SELECT metadata, agent_background, updated_at FROM commands WHERE command_id = $1', [commandId]);
    const { body } = await acme.get<SeenCommand>(`${COMMANDS}/${id}`);
    expect(row).toMatchObject({ metadata: { b: 2 }, agent_background: 'another', updated_at: new Date(body.updatedAt) });
    expect((await acme.patch<SeenCommand>(`${COMMANDS}/${id}`, { agentBackground: null })).body).toMatchObject({ agentBackground: null, metadata: { b: 2 } });
    expect((await beside.client('acme').get<SeenCommand>(`${COMMANDS}/${id}`)).body.agentBackground).toBeNull();
  });

  it('is seen by another process as it is: by either id, after a change, after its deletion', async () => {
    const other = beside.client('acme');
    const { id, commandId } = await submit({}, other);
    const done = await ended(id, other);
    expect([(await other.get(`${COMMANDS}/${commandId}`)).body, (await acme.get(`${COMMANDS}/${id}`)).body]).toEqual([done, done]);
    await acme.patch(`${COMMANDS}/${id}`, { metadata: { from: 'here' } });
    await waitFor('the change to be seen there', async () => JSON.stringify((await other.get<SeenCommand>(`${COMMANDS}/${id}`)).body.metadata) === '{"from":"here"}');
    await acme.patch(`${COMMANDS}/${id}`, { metadata: { from: 'there' } });
    expect((await acme.delete(`${COMMANDS}/${id}`)).status).toBe(204);
    await waitFor('the deletion to be seen there', async () => (await other.get(`${COMMANDS}/${commandId}`)).status === 404);
    expect((await acme.get<ErrorAnswer>(`${COMMANDS}/${commandId}`)).body.code).toBe('COMMAND_NOT_FOUND');
  });

  it('is the same after a restart', async () => {
    const app = await startTestApp({}, { beside: nooble });
    const { id } = await submit({}, app.client('acme'));
    const done = await ended(id, app.client('acme'));
    await app.close();
    const again = await startTestApp({}, { beside: nooble });
    expect((await again.client('acme').get(`${COMMANDS}/${id}`)).body).toEqual(done);
    await again.close();
  });

  it('is deleted while it runs, and its end brings nothing back', async () => {
    const slow = await createAgent(acme, '@tokens 10\n@delay 30');
    const { id, executionId } = await submit({ agentId: slow });
    expect((await acme.delete(`${COMMANDS}/${id}`)).status).toBe(204);
    expect((await acme.events(executionId)).at(-1)?.type).toBe('execution.completed');
    await waitFor('the record of the execution', async () => (await nooble.database.query('SELECT 1 FROM executions WHERE execution_id = $1', [executionId])).length === 1);
    expect((await acme.get(`${COMMANDS}/${id}`)).status).toBe(404);
    expect(await nooble.database.query('SELECT 1 FROM commands WHERE temporary_id = $1', [id])).toEqual([]);
  });

  it('is listed newest first, in pages, by what the filter lets through', async () => {
    const lister = nooble.client('lister');
    const [one, two] = [await createAgent(lister), await createAgent(lister, '@fail 400')];
    const made: string[] = [];
    for (const agent of [one, two, one]) made.push((await submit({ agentId: agent }, lister)).id);
    for (const id of made) await ended(id, lister);
    const list = async (query: string): Promise<SeenPage> => (await lister.get<SeenPage>(`${COMMANDS}?${query}`)).body;
    const ids = ({ data }: SeenPage): string[] => data.map(({ id }) => id);
    const first = await list('limit=2');
    const second = await list(`limit=2&cursor=${String(first.nextCursor)}`);
    expect([ids(first), first.total, ids(second), second.total, second.nextCursor]).toEqual([[made[2], made[1]], 3, [made[0]], 3, null]);
    expect([ids(await list(`agentId=${one}`)), ids(await list('status=failed')), ids(await list('status=cancelled'))]).toEqual([[made[2], made[0]], [made[1]], []]);
  });

  it("of another tenant's is not found, whatever is asked", async () => {
    const { id, commandId } = await completed();
    const other = nooble.client('other');
    for (const one of [id, commandId]) {
      const answers = [await other.get<ErrorAnswer>(`${COMMANDS}/${one}`), await other.patch<ErrorAnswer>(`${COMMANDS}/${one}`, { metadata: {} }), await other.delete<ErrorAnswer>(`${COMMANDS}/${one}`)];
      expect(answers.map(({ status, body }) => [status, body.code])).toEqual(answers.map(() => [404, 'COMMAND_NOT_FOUND']));
    }
    expect((await other.get<SeenPage>(COMMANDS)).body.total).toBe(0);
    expect((await acme.get<SeenCommand>(`${COMMANDS}/${id}`)).status).toBe(200);
  });

  it('tells this process what happens to it: once each', async () => {
    const events = nooble.app.get(CommandEvents, { strict: false });
    const told: unknown[] = [];
    const names = ['commandCreated', 'commandUpdated', 'statusChange', 'commandDeleted', 'commandCacheUpdated', 'commandCacheRemoved'] as const;
    for (const name of names) events.on(name, (payload, tenantId) => told.push(tenantId === 'teller' && { name, id: payload.id, ...('status' in payload && { status: payload.status }) }));
    const teller = nooble.client('teller');
    const { id } = await submit({ agentId: await createAgent(teller) }, teller);
    await ended(id, teller);
    await acme.get(`${COMMANDS}/${id}`);
    await teller.delete(`${COMMANDS}/${id}`);
    const done = { id, status: 'completed' };
    expect(told.filter(Boolean)).toEqual([
      ...[{ name: 'commandCreated', id, status: 'pending' }, { name: 'commandCacheUpdated', ...done }, { name: 'statusChange', ...done }, { name: 'commandUpdated', ...done }],
      ...[{ name: 'commandCacheRemoved', id }, { name: 'commandDeleted', id }],
    ]);
  });

  it.each([
    ['no task', { task: undefined }, 'task'],
    ['an empty task', { task: '' }, 'task'],
    ['a task too long with its description', { task: 'x'.repeat(31_000), description: 'y'.repeat(1_000) }, 'task'],
    ['no agent', { agentId: undefined }, 'agentId'],
    ['an agent id that is no UUID', { agentId: 'nobody' }, 'agentId'],
    ['an unknown field', { priority: 5 }, 'priority'],
    ['a status', { status: 'completed' }, 'status'],
    ['targets that are no list', { targets: 'all' }, 'targets'],
    ['an empty target', { targets: [''] }, 'targets'],
    ['a temperature that is none', { temperature: 3 }, 'temperature'],
    ['metadata that is no object', { metadata: [] }, 'metadata'],
    ['a session id that could forge a key', { sessionId: 'a:b' }, 'sessionId'],
    ['a description that is null', { description: null }, 'description'],
  ])('with %s is refused by name and leaves nothing', async (_, fields, field) => {
    const before = (await acme.get<SeenPage>(COMMANDS)).body.total;
    const answer = await acme.post<ErrorAnswer>(COMMANDS, { agentId, task: 'hi', ...fields });
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(answer.body.details?.fields?.map((fault) => fault.field)).toContain(field);
    expect((await acme.get<SeenPage>(COMMANDS)).body.total).toBe(before);
  });

  it.each([
    ['an unknown agent', { agentId: UNKNOWN_ID }, 404, 'AGENT_NOT_FOUND'],
    ['an unknown conversation', { conversationId: UNKNOWN_ID }, 404, 'CONVERSATION_NOT_FOUND'],
    ['an unknown model', { model: 'builtin/none' }, 400, 'MODEL_UNKNOWN'],
    ['a provider that is not set up', { provider: 'openai-compatible', model: 'x' }, 400, 'MODEL_PROVIDER_NOT_CONFIGURED'],
  ])('for %s is refused and leaves nothing', async (_, fields, status, code) => {
    const before = (await acme.get<SeenPage>(COMMANDS)).body.total;
    const answer = await acme.post<ErrorAnswer>(COMMANDS, { agentId, task: 'hi', ...fields });
    expect([answer.status, answer.body.code, (await acme.get<SeenPage>(COMMANDS)).body.total]).toEqual([status, code, before]);
  });

  it.each([
    ['GET', `${COMMANDS}/cmd_1700000000000_unknown`, undefined, [404, 'COMMAND_NOT_FOUND']],
    ['GET', `${COMMANDS}/${UNKNOWN_ID}`, undefined, [404, 'COMMAND_NOT_FOUND']],
    ['PATCH', `${COMMANDS}/${UNKNOWN_ID}`, { metadata: {} }, [404, 'COMMAND_NOT_FOUND']],
    ['DELETE', `${COMMANDS}/cmd_1700000000000_unknown`, undefined, [404, 'COMMAND_NOT_FOUND']],
    ['GET', `${COMMANDS}/cmd%7Bx%7D`, undefined, [400, 'VALIDATION_FAILED']],
    ['PATCH', `${COMMANDS}/${UNKNOWN_ID}`, {}, [400, 'COMMAND_EDIT_EMPTY']],
    ['PATCH', `${COMMANDS}/${UNKNOWN_ID}`, { status: 'completed' }, [400, 'VALIDATION_FAILED']],
    ['PATCH', `${COMMANDS}/${UNKNOWN_ID}`, { agentBackground: '' }, [400, 'VALIDATION_FAILED']],
    ['GET', `${COMMANDS}?status=running`, undefined, [400, 'VALIDATION_FAILED']],
    ['GET', `${COMMANDS}?limit=0`, undefined, [400, 'VALIDATION_FAILED']],
    ['GET', `${COMMANDS}?cursor=x`, undefined, [400, 'VALIDATION_FAILED']],
  ])('%s %s with %j is refused', async (method, path, body, refusal) => {
    const answer = await acme.call<ErrorAnswer>(method, path, body);
    expect([answer.status, answer.body.code]).toEqual(refusal);
  });
});
