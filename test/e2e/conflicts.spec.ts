import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { Orchestrator } from '../../src/modules/execution/orchestrator.service.js';
import { TurnResponder } from '../../src/modules/execution/turn-responder.service.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { numbers } from '../support/hot-store.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

interface Accepted {
  readonly executionId: string;
  readonly conversationId: string;
  readonly queuePosition: number;
}
interface Ended {
  readonly status: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly result: { readonly content: string } | null;
  readonly usage: { readonly outputTokens: number } | null;
  readonly attempt: number;
}

describe('two turns at once in one conversation', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  let slow: string;
  let session: string;

  beforeAll(async () => {
    nooble = await startTestApp();
    acme = nooble.client('acme');
    slow = await createAgent(acme, '@delay 20');
  });
  beforeEach(() => {
    session = newId();
  });
  afterAll(async () => {
    await nooble.close();
  });

  const start = async <T = Accepted>(message: string, more: Record<string, unknown> = {}): Promise<{ readonly status: number; readonly body: T; readonly headers: Headers }> =>
    acme.post<T>(`/api/v1/agents/${slow}/executions`, { message, sessionId: session, ...more });
  /** It goes on until it is stopped. */
  const begun = async (message = '@tokens 3000'): Promise<Accepted> => {
    const { body } = await start(message);
    await waitFor('the first token', async () => (await nooble.redis.hget(`nb:{acme}:exec:${body.executionId}`, 'firstTokenAt')) !== null);
    return body;
  };
  const ended = async (executionId: string): Promise<Ended> => {
    await acme.events(executionId);
    return (await acme.get<Ended>(`/api/v1/executions/${executionId}`)).body;
  };
  const cancel = async (executionId: string, body: object = {}): Promise<Ended> => (await acme.post<Ended>(`/api/v1/executions/${executionId}/cancel`, body)).body;
  const messages = async (conversationId: string): Promise<{ role: string; content: string; metadata: Record<string, unknown> | null }[]> =>
    (await acme.get<{ data: { role: string; content: string; metadata: Record<string, unknown> | null }[] }>(`/api/v1/conversations/${conversationId}/messages?limit=200&after=0`)).body.data;

  it('reject: the second is 409, which says who has it, where its events are and when to come again', async () => {
    const first = await begun();
    const refused = await start<ErrorAnswer & { details: Record<string, unknown> }>('me too', { onConflict: 'reject' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'CONVERSATION_BUSY', details: { executionId: first.executionId, eventsUrl: `/api/v1/executions/${first.executionId}/events`, retryAfterMs: expect.any(Number) } } });
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    await cancel(first.executionId);
    expect((await start('now', { onConflict: 'reject' })).status).toBe(202);
    expect((await messages(first.conversationId)).filter(({ content }) => content === 'me too')).toEqual([]);
  });

  it('enqueue: they run one after the other, in the order in which they came', async () => {
    const first = await begun();
    const others: Accepted[] = [];
    for (const i of numbers(1, 5)) others.push((await start(`number ${String(i)}\n@tokens 1`)).body);
    expect(others.map(({ queuePosition }) => queuePosition)).toEqual([1, 2, 3, 4, 5]);
    await cancel(first.executionId);
    for (const { executionId } of others) expect((await ended(executionId)).status).toBe('completed');
    const said = await messages(first.conversationId);
    expect(said.map(({ role }) => role)).toEqual(numbers(1, 6).flatMap(() => ['user', 'assistant']));
    expect(said.filter(({ role }) => role === 'user').slice(1).map(({ content }) => content.split('\n')[0])).toEqual(numbers(1, 5).map((i) => `number ${String(i)}`));
  });

  it('interrupt: the first ends with what it had said, then the second runs, before those that wait', async () => {
    const first = await begun();
    const waiting = (await start('later\n@tokens 1')).body;
    const second = (await start('at once\n@tokens 1', { onConflict: 'interrupt' })).body;
    expect(await ended(first.executionId)).toMatchObject({ status: 'cancelled', error: { code: 'EXECUTION_CANCELLED', message: expect.stringContaining(second.executionId) }, result: { content: expect.stringMatching(/^word1 /) }, usage: { outputTokens: expect.any(Number) } });
    expect((await ended(waiting.executionId)).status).toBe('completed');
    const said = await messages(first.conversationId);
    expect(said.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user', 'assistant']);
    expect(said[1]?.metadata).toMatchObject({ isPartial: true, finishReason: 'cancelled' });
    expect(said.filter(({ role }) => role === 'user').map(({ content }) => content.split('\n')[0])).toEqual(['@tokens 3000', 'at once', 'later']);
  });

  it('rollback: the first ends as if it had never been, then the second runs, and its model knows nothing of it', async () => {
    const first = await begun('a secret\n@tokens 3000');
    const second = (await start('what do you know?\n@echo-context', { onConflict: 'rollback' })).body;
    expect(await ended(first.executionId)).toMatchObject({ status: 'cancelled', result: null });
    expect((await acme.events(first.executionId)).at(-1)).toMatchObject({ type: 'execution.cancelled', data: { isRollback: true } });
    expect((await ended(second.executionId)).result?.content).not.toContain('secret');
    expect((await messages(first.conversationId)).map(({ role }) => role)).toEqual(['user', 'assistant']);
    const all = await acme.get<{ data: { isWithdrawn?: boolean }[] }>(`/api/v1/conversations/${first.conversationId}/messages?after=0&includeWithdrawn=true`);
    expect(all.body.data.map(({ isWithdrawn = false }) => isWithdrawn)).toEqual([true, false, false]);
  });

  it('does as the agent says, unless the turn says otherwise', async () => {
    const agentId = await createAgent(acme, '@delay 20', { onConflict: 'reject' });
    const send = async (more: object = {}): Promise<{ status: number; body: Accepted }> => acme.post(`/api/v1/agents/${agentId}/executions`, { message: '@tokens 10', sessionId: session, ...more });
    const { body } = await send({ message: '@tokens 3000' });
    expect([(await send()).status, (await send({ onConflict: 'enqueue' })).status]).toEqual([409, 202]);
    await acme.patch(`/api/v1/agents/${agentId}`, { onConflict: 'enqueue' });
    expect((await send()).status).toBe(202);
    await cancel(body.executionId);
  });

  it('interrupt again, while the one that has interrupted still waits: that one ends without a word', async () => {
    const first = await begun();
    const second = (await start('second', { onConflict: 'interrupt' })).body;
    const third = (await start('third', { onConflict: 'interrupt' })).body;
    expect((await ended(third.executionId)).status).toBe('completed');
    expect((await ended(first.executionId)).status).toBe('cancelled');
    // It had begun before the third came, or it had not.
    expect((await ended(second.executionId)).status).toMatch(/^(cancelled|completed)$/);
    expect((await messages(first.conversationId)).filter(({ role }) => role === 'user').at(-1)?.content).toBe('third');
  });

  it('interrupt while the first still waits: the first ends without a word', async () => {
    const running = await begun();
    const waiting = (await start('never')).body;
    expect(await cancel(waiting.executionId, { reason: 'changed my mind' })).toMatchObject({ status: 'cancelled', error: { message: 'changed my mind' }, result: null, attempt: 0 });
    expect(await cancel(running.executionId)).toMatchObject({ status: 'cancelled' });
    expect((await messages(running.conversationId)).map(({ role }) => role)).toEqual(['user', 'assistant']);
  });

  it('cancel answers with the ended run; again changes nothing; another tenant finds nothing', async () => {
    const first = await begun();
    const path = `/api/v1/executions/${first.executionId}/cancel`;
    expect((await nooble.client('other').post(path)).status).toBe(404);
    const once = await cancel(first.executionId, { reason: 'enough' });
    expect(once).toMatchObject({ status: 'cancelled', error: { code: 'EXECUTION_CANCELLED', message: 'enough' }, attempt: 1, result: { content: expect.stringMatching(/^word1 /) } });
    expect(await cancel(first.executionId, { reason: 'again' })).toEqual(once);
    expect((await acme.events(first.executionId)).at(-1)).toMatchObject({ type: 'execution.cancelled', data: { reason: 'enough' } });
  });

  it.each(['@hang', '@think 100000'])('cancel reaches a model that says nothing: %s', async (directive) => {
    const { body } = await start(directive);
    await waitFor('the run', async () => (await nooble.redis.hget(`nb:{acme}:exec:${body.executionId}`, 'status')) === 'running');
    expect(await cancel(body.executionId)).toMatchObject({ status: 'cancelled', result: null });
    expect((await messages(body.conversationId)).map(({ role }) => role)).toEqual(['user']);
  });
});

describe('starting a turn', () => {
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

  const url = (): string => `/api/v1/agents/${agentId}/executions`;
  const part = <T>(type: new (...dependencies: never[]) => T): T => nooble.app.get<T>(type, { strict: false });

  it('with ?wait=true is answered with the ended execution', async () => {
    expect(await acme.post(`${url()}?wait=true`, { message: 'hello' })).toMatchObject({ status: 200, body: { status: 'completed', progress: 100, result: { content: expect.stringContaining('hello') } } });
    expect(await acme.post(`${url()}?wait=true`, { message: '@fail 400' })).toMatchObject({ status: 200, body: { status: 'failed', error: { code: 'PROVIDER_FAILED' } } });
    expect(await acme.post(`${url()}?wiat=true`, { message: 'hello' })).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'wiat' }] } } });
    expect(await acme.post(`${url()}?wait=yes`, { message: 'hello' })).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'wait' }] } } });
  });

  const stream = (body: object, signal?: AbortSignal): Promise<Response> =>
    fetch(nooble.url + url(), { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-tenant-id': 'acme', 'x-tenant-tier': 'enterprise' }, ...(signal && { signal }) });

  it('with Accept: text/event-stream is answered with its events', async () => {
    const response = await stream({ message: 'hello' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    const types = [...(await response.text()).matchAll(/^event: (.*)$/gm)].map(([, type]) => type);
    expect([types[0], types.at(-1)]).toEqual(['execution.queued', 'execution.completed']);
  });

  it.each([
    ['cancel', 'cancelled', 3_000],
    ['continue', 'completed', 40],
  ])('with onDisconnect %s is %s when the caller goes', async (onDisconnect, status, tokens) => {
    const going = new AbortController();
    const response = await stream({ message: `@tokens ${String(tokens)}\n@delay 20`, onDisconnect }, going.signal);
    const reader = response.body!.getReader();
    const { value } = await reader.read();
    let text = new TextDecoder().decode(value);
    while (!text.includes('message.delta')) text += new TextDecoder().decode((await reader.read()).value);
    const executionId = /"executionId":"([^"]+)"/.exec(text)?.[1] ?? '';
    going.abort();
    await waitFor('the end', async () => (await acme.get<{ status: string }>(`/api/v1/executions/${executionId}`)).body.status === status);
  });

  it.each([['its events', '', 'text/event-stream'], ['its end', '?wait=true', '*/*']])('with onDisconnect cancel is cancelled when the caller goes before it is accepted, who wanted %s', async (_, query, accept) => {
    const [going, left, accepted] = [new AbortController(), Promise.withResolvers<void>(), Promise.withResolvers<string>()];
    nooble.app.getHttpServer().once('request', (__: unknown, response: ServerResponse) => response.once('close', left.resolve));
    const real = part(Orchestrator).accept.bind(part(Orchestrator));
    const late = jest.spyOn(part(Orchestrator), 'accept').mockImplementationOnce(async (...args) => {
      going.abort();
      await left.promise;
      const turn = await real(...args);
      accepted.resolve(turn.executionId);
      return turn;
    });
    const headers = { 'content-type': 'application/json', 'x-tenant-id': 'acme', 'x-tenant-tier': 'enterprise', accept };
    await expect(fetch(nooble.url + url() + query, { method: 'POST', body: JSON.stringify({ message: '@hang', onDisconnect: 'cancel' }), headers, signal: going.signal })).rejects.toThrow('abort');
    expect((await acme.events(await accepted.promise)).at(-1)).toMatchObject({ type: 'execution.cancelled', data: { reason: expect.stringContaining('onDisconnect') } });
    expect((Reflect.get(part(TurnResponder), 'open') as Map<unknown, unknown>).size).toBe(0);
    late.mockRestore();
  });

  it('with onDisconnect cancel needs a connection', async () => {
    expect(await acme.post(url(), { message: 'hello', onDisconnect: 'cancel' })).toMatchObject({ status: 400, body: { code: 'ON_DISCONNECT_WITHOUT_CONNECTION', details: { field: 'onDisconnect' } } });
  });

  it.each([
    [{ onConflict: 'fight' }, 'onConflict'],
    [{ onDisconnect: null }, 'onDisconnect'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
  ])('refuses %j by the field', async (more, field) => {
    expect(await acme.post(url(), { message: 'hello', ...more })).toMatchObject({ status: 400, body: { details: { fields: [expect.objectContaining({ field })] } } });
  });

  const lists = async (query: string): Promise<{ data: { executionId: string; status: string }[]; total: number; nextCursor: string | null }> =>
    (await acme.get<{ data: { executionId: string; status: string }[]; total: number; nextCursor: string | null }>(`/api/v1/executions?${query}`)).body;

  it('is listed, while it runs and afterwards, newest first, page by page', async () => {
    const other = await createAgent(acme);
    const ids: string[] = [];
    for (const message of ['one', 'two', '@hang']) ids.push((await acme.post<{ executionId: string }>(`/api/v1/agents/${other}/executions`, { message })).body.executionId);
    await waitFor('the ends', async () => (await nooble.database.query('SELECT 1 FROM executions WHERE agent_id = $1', [other])).length === 2);
    await waitFor('the run', async () => (await lists(`agentId=${other}&status=running`)).total === 1);
    const all = await lists(`agentId=${other}`);
    expect([all.data.map(({ executionId }) => executionId), all.total, all.nextCursor]).toEqual([[...ids].reverse(), 3, null]);
    const first = await lists(`agentId=${other}&limit=1`);
    const second = await lists(`agentId=${other}&limit=1&cursor=${first.nextCursor ?? ''}`);
    const third = await lists(`agentId=${other}&limit=1&cursor=${second.nextCursor ?? ''}`);
    expect([first, second, third].map(({ data, nextCursor, total }) => [data[0]?.executionId, nextCursor === null, total])).toEqual([[ids[2], false, 3], [ids[1], false, 3], [ids[0], true, 3]]);
    expect((await lists(`agentId=${other}&status=completed`)).data.map(({ executionId }) => executionId)).toEqual([ids[1], ids[0]]);
    expect((await lists(`agentId=${other}&from=${new Date(Date.now() + 60_000).toISOString()}`)).total).toBe(0);
    expect((await nooble.client('other').get<{ total: number }>(`/api/v1/executions?agentId=${other}`)).body.total).toBe(0);
    await acme.post(`/api/v1/executions/${ids[2] ?? ''}/cancel`);
  });
});

describe('POST /api/v1/chat/send', () => {
  let nooble: TestApp;
  let agentId: string;

  beforeAll(async () => {
    nooble = await startTestApp();
    agentId = await createAgent(nooble.client('acme'));
  });
  afterAll(async () => {
    await nooble.close();
  });

  const headers = (): Record<string, string> => ({ 'X-Agent-ID': agentId, 'X-Session-ID': 'chat-1', 'x-tenant-tier': 'free' });

  it('starts a turn with everything but the message in headers, in the same session again and again', async () => {
    const chat = nooble.client('acme').with(headers());
    const first = await chat.post<{ conversationId: string; sessionId: string; estimatedSeconds: number }>('/api/v1/chat/send', { message: 'hello', messageType: 'text', userInfo: { name: 'Ada' } });
    expect(first).toMatchObject({ status: 202, body: { sessionId: 'chat-1', estimatedSeconds: 30 } });
    const second = await chat.post<{ conversationId: string; result: { content: string } }>('/api/v1/chat/send?wait=true', { message: 'again' });
    expect(second).toMatchObject({ status: 200, body: { conversationId: first.body.conversationId, result: { content: expect.stringContaining('Turn 2') } } });
  });

  it.each(['X-Agent-ID', 'X-Session-ID', 'x-tenant-tier'])('without %s is refused by its name', async (name) => {
    const { [name]: _, ...rest } = headers();
    const bare = await fetch(`${nooble.url}/api/v1/chat/send`, { method: 'POST', body: '{"message":"hello"}', headers: { 'content-type': 'application/json', 'x-tenant-id': 'acme', ...rest } });
    expect([bare.status, JSON.stringify(await bare.json()).toLowerCase()]).toEqual([400, expect.stringContaining(`"field":"${name.toLowerCase()}"`)]);
  });

  it.each([
    [{ message: '' }, {}, 'message'],
    [{ message: 'x'.repeat(4_001) }, {}, 'message'],
    [{ message: 'x', more: 1 }, {}, 'more'],
    [{ message: 'x' }, { 'X-Agent-ID': 'x' }, 'X-Agent-ID'],
    [{ message: 'x' }, { 'X-Conversation-ID': 'x' }, 'X-Conversation-ID'],
  ])('refuses %j with %j', async (body, more, field) => {
    const { status, body: answer } = await nooble.client('acme').with({ ...headers(), ...more }).post('/api/v1/chat/send', body);
    expect([status, JSON.stringify(answer)]).toEqual([400, expect.stringContaining(field)]);
  });
});
