import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { type Frame, TestSocket } from '../support/test-socket.js';
import { waitFor } from '../support/wait-for.js';

const ID = '01a1fd7d-0000-7000-8000-000000000000';

describe('the socket', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  let agentId: string;
  const open: TestSocket[] = [];

  beforeAll(async () => {
    nooble = await startTestApp();
    acme = nooble.client('acme');
    agentId = await createAgent(acme);
  });
  afterEach(() => {
    open.splice(0).forEach((socket) => {
      socket.cut();
    });
  });
  afterAll(async () => {
    await nooble.close();
  });

  const socket = async (sessionId = `s-${newId()}`): Promise<TestSocket> => {
    const opened = await acme.socket(sessionId);
    open.push(opened);
    return opened;
  };
  const agentOf = (systemPrompt: string) => async (): Promise<string> => createAgent(acme, systemPrompt);
  const connect = (path: string, headers: Record<string, string> = {}): TestSocket => {
    const connected = TestSocket.connect(nooble.url.replace('http', 'ws') + path, headers);
    open.push(connected);
    return connected;
  };
  const errors = (of: TestSocket): unknown[] => of.frames.filter(({ type }) => type === 'error').map(({ data }) => data['code']);
  const seqs = (of: TestSocket, executionId: string | undefined): (number | undefined)[] => of.frames.filter((frame: Frame) => frame.executionId === executionId).map(({ seq }) => seq);

  const newConversation = async (agent: string): Promise<string> =>
    (await acme.post<{ conversationId: string }>('/api/v1/conversations', { agentId: agent, sessionId: `c-${newId()}` })).body.conversationId;

  it('begins with an acknowledgement that says who is connected', async () => {
    const { frames } = await socket('mine');
    expect(frames[0]).toMatchObject({ type: 'connection.ack', data: { sessionId: 'mine', tenantId: 'acme', tier: 'enterprise' } });
  });

  it.each([
    ['no credentials', '/ws', {}, 'CREDENTIALS_MISSING'],
    ['an unknown key', '/ws', { authorization: 'Bearer nk_nobody' }, 'API_KEY_INVALID'],
    ['an ill-formed session id', '/ws?sessionId=a:b', { 'x-tenant-id': 'acme' }, 'SESSION_ID_INVALID'],
  ])('closes with 1008 on %s, and says why', async (_, path, headers, code) => {
    const refused = connect(path, headers);
    expect(await waitFor('the close', () => refused.closed)).toEqual({ code: 1008, reason: code });
    expect(errors(refused)).toEqual([code]);
  });

  it('answers ping with pong, also to frames sent before the acknowledgement', async () => {
    const eager = connect('/ws', { 'x-tenant-id': 'acme' });
    eager.socket.on('open', () => {
      eager.send('ping');
    });
    await eager.next('pong');
  });

  it.each([
    ['{"type":', 'INVALID_JSON'],
    ['[1]', 'INVALID_FRAME'],
    ['{"type":5}', 'INVALID_FRAME'],
    ['{"type":"dance"}', 'UNKNOWN_FRAME_TYPE'],
    ['{"type":"execution.start","data":{"message":"hi"}}', 'VALIDATION_FAILED'],
    ['{"type":"execution.start","data":5}', 'VALIDATION_FAILED'],
    ['{"type":"subscribe","data":{"executionId":"01a1fd7d-0000-7000-8000-000000000000"}}', 'EXECUTION_NOT_FOUND'],
    ['{"type":"execution.cancel","data":{"executionId":"01a1fd7d-0000-7000-8000-000000000000"}}', 'EXECUTION_NOT_FOUND'],
    ['', 'INVALID_JSON'],
    ['{"data":{}}', 'INVALID_FRAME'],
    ['{"type":"toString"}', 'UNKNOWN_FRAME_TYPE'],
  ])('answers %s with %s and stays open', async (text, code) => {
    const alive = await socket();
    alive.socket.send(text);
    await alive.next('error');
    alive.send('ping');
    await alive.next('pong');
    expect(errors(alive)).toEqual([code]);
  });

  it.each([
    ['execution.start', { message: '' }, ['agentId', 'message']],
    ['execution.start', { agentId: ID, message: 'hi', timeoutMs: 0 }, ['timeoutMs']],
    ['execution.start', { agentId: ID, message: 'hi', onConflict: 'queue' }, ['onConflict']],
    ['execution.start', { agentId: ID, message: 'hi', onDisconnect: 'stop' }, ['onDisconnect']],
    ['execution.start', { agentId: ID, message: 'hi', sessionId: 'a:b', surprise: 1 }, ['surprise', 'sessionId']],
    ['execution.cancel', { executionId: 'x' }, ['executionId']],
    ['execution.cancel', { executionId: ID, reason: '' }, ['reason']],
    ['subscribe', {}, ['executionId']],
    ['subscribe', { executionId: ID, sessionId: 's' }, ['sessionId']],
    ['subscribe', { sessionId: 's', after: 1 }, ['sessionId']],
    ['subscribe', { sessionId: 'a:b' }, ['sessionId']],
    ['subscribe', { executionId: ID, after: -1 }, ['after']],
    ['unsubscribe', {}, ['executionId']],
    ['unsubscribe', { executionId: ID, sessionId: 's' }, ['sessionId']],
    ['ping', { requestId: '' }, ['requestId']],
    ['ping', { requestId: 'r'.repeat(129) }, ['requestId']],
  ])('%s with %j is refused by the names of its fields', async (type, data, fields) => {
    const alive = await socket();
    alive.send(type, data);
    const { data: fault } = await alive.next('error');
    expect(fault).toMatchObject({ code: 'VALIDATION_FAILED', frameType: type });
    const named = (fault['details'] as { fields: { field: string }[] }).fields.map(({ field }) => field);
    expect(named.sort()).toEqual([...fields].sort());
  });

  it('answers with the requestId of the frame, to errors too', async () => {
    const asking = await socket();
    asking.send('ping', { requestId: 'p' });
    expect((await asking.next('pong')).data['requestId']).toBe('p');
    asking.send('subscribe', { executionId: ID, requestId: 's' });
    expect((await asking.next('error')).data).toMatchObject({ requestId: 's', frameType: 'subscribe', code: 'EXECUTION_NOT_FOUND' });
    asking.frames.length = 0;
    asking.send('dance', { requestId: 'd' });
    expect((await asking.next('error')).data).toMatchObject({ requestId: 'd', frameType: 'dance', code: 'UNKNOWN_FRAME_TYPE' });
    asking.send('execution.start', { agentId, message: 'hi', requestId: 'x', metadata: { channel: 'test' }, userId: 'me', maxIterations: 1, timeoutMs: 5_000, onConflict: 'enqueue', onDisconnect: 'continue' });
    const accepted = await asking.next('execution.accepted');
    expect(accepted.data).toMatchObject({ requestId: 'x', queuePosition: expect.any(Number) });
    expect((await asking.next('execution.completed')).executionId).toBe(accepted.data['executionId']);
  });

  it('cancels a run, and its events say so', async () => {
    const slow = await createAgent(acme, '@tokens 2000\n@delay 20');
    const impatient = await socket();
    impatient.send('execution.start', { agentId: slow, message: 'hi' });
    const { executionId } = await impatient.next('message.delta');
    impatient.send('execution.cancel', { executionId, reason: 'enough' });
    expect(await impatient.next('execution.cancelled')).toMatchObject({ executionId, data: { reason: 'enough' } });
    expect(await impatient.next('execution.ended')).toMatchObject({ data: { executionId, status: 'cancelled' } });
  });

  it.each([['completed', agentOf('')], ['failed', agentOf('@fail 400')], ['timedOut', agentOf('@hang')], ['cancelled', agentOf('@hang')]])('answers whoever cancels a run that has %s with how it ended, also one that follows nothing', async (status, create) => {
    const { body: run } = await acme.post<{ executionId: string; conversationId: string; sessionId: string }>(`/api/v1/agents/${await create()}/executions`, { message: 'hi', ...(status === 'timedOut' && { timeoutMs: 50 }) });
    if (status !== 'cancelled') await acme.events(run.executionId);
    const late = await socket();
    for (const requestId of ['1', '2']) {
      late.frames.length = 0;
      late.send('execution.cancel', { executionId: run.executionId, requestId });
      const { data } = await late.next('execution.ended');
      expect(data).toEqual({ executionId: run.executionId, conversationId: run.conversationId, sessionId: run.sessionId, status, requestId });
    }
    expect((await acme.events(run.executionId)).filter(({ type }) => type === `execution.${status}`)).toHaveLength(1);
  });

  it('answers every subscribe and unsubscribe, the first before the events', async () => {
    const { body: run } = await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hi' });
    await acme.events(run.executionId);
    const asking = await socket();
    const { executionId } = run;
    const frames = [['subscribe', { executionId, after: 2 }], ['subscribe', { executionId }], ['subscribe', { sessionId: 'other' }], ['subscribe', { sessionId: 'other' }], ['unsubscribe', { executionId }], ['unsubscribe', { sessionId: 'other' }], ['unsubscribe', { sessionId: 'other' }]] as const;
    for (const [i, [type, data]] of frames.entries()) asking.send(type, { ...data, requestId: String(i) });
    await waitFor('all answers', () => asking.frames.filter(({ data }) => data['requestId'] !== undefined).length === frames.length);
    const answers = asking.frames.filter(({ data }) => data['requestId'] !== undefined).sort((a, b) => Number(a.data['requestId']) - Number(b.data['requestId']));
    const expected = frames.map(([type, data], i) => ({ type: `${type}d`, data: { ...(type === 'subscribe' && 'executionId' in data && { after: 0 }), ...data, requestId: String(i) } }));
    expect(answers).toEqual(expected);
    const reading = await socket();
    reading.send('subscribe', { executionId });
    await reading.next('execution.completed');
    const types = reading.frames.map(({ type }) => type);
    expect(types.findIndex((type) => type.startsWith('execution.'))).toBeGreaterThan(types.indexOf('subscribed'));
  });

  it('goes on with a run of a session that was left, if it was subscribed to by its id as well', async () => {
    const slow = await createAgent(acme, '@tokens 150\n@delay 20');
    const both = await socket();
    both.send('execution.start', { agentId: slow, message: 'hi', sessionId: 'left' });
    const { executionId = '', sessionId } = await both.next('message.delta');
    const watcher = await socket();
    watcher.send('subscribe', { sessionId });
    await waitFor('the run', () => watcher.frames.some((frame) => frame.executionId === executionId));
    watcher.send('subscribe', { executionId });
    watcher.send('unsubscribe', { sessionId });
    await watcher.next('unsubscribed');
    await watcher.next('execution.completed');
  });

  it('refuses to cancel another tenant’s run', async () => {
    const slow = await createAgent(acme, '@tokens 20\n@delay 20');
    const [mine, theirs] = [await socket(), await nooble.client('other').socket('theirs')];
    open.push(theirs);
    mine.send('execution.start', { agentId: slow, message: 'hi' });
    const { executionId } = await mine.next('message.delta');
    theirs.send('execution.cancel', { executionId });
    expect((await theirs.next('error')).data['code']).toBe('EXECUTION_NOT_FOUND');
    await mine.next('execution.completed');
  });

  it.each([['closed', true], ['cut', false]])('that is %s cancels the runs that it started with onDisconnect cancel, and no other', async (_, isClosed) => {
    const slow = await createAgent(acme, '@delay 20');
    const leaving = await socket(`leaving-${String(isClosed)}`);
    const ids: string[] = [];
    for (const [onDisconnect, message] of [['cancel', '@tokens 3000'], ['continue', '@tokens 60']]) {
      const before = leaving.frames.filter(({ type }) => type !== 'execution.accepted');
      leaving.frames.splice(0, leaving.frames.length, ...before);
      leaving.send('execution.start', { agentId: slow, message, onDisconnect, conversationId: await newConversation(slow) });
      ids.push(String((await leaving.next('execution.accepted')).data['executionId']));
    }
    await waitFor('both to speak', () => ids.every((id) => leaving.frames.some(({ type, executionId }) => type === 'message.delta' && executionId === id)));
    if (isClosed) leaving.socket.close();
    else leaving.cut();
    const last = await Promise.all(ids.map(async (id) => (await acme.events(id)).at(-1)));
    expect(last).toMatchObject([{ type: 'execution.cancelled', data: { reason: expect.stringContaining('onDisconnect') } }, { type: 'execution.completed' }]);
  });

  it('a server that stops cancels nothing', async () => {
    const slow = await createAgent(acme, '@tokens 50\n@delay 20');
    const leaving = await startTestApp({ NOOBLE_ROLE: 'api' }, { beside: nooble });
    const client = await leaving.client('acme').socket('stopped');
    client.send('execution.start', { agentId: slow, message: 'hi', onDisconnect: 'cancel' });
    const { executionId = '' } = await client.next('message.delta');
    await leaving.close();
    expect(await waitFor('the close', () => client.closed)).toMatchObject({ code: 1001 });
    expect((await acme.events(executionId)).at(-1)?.type).toBe('execution.completed');
  });

  it('does not start another tenant’s agent', async () => {
    const other = await nooble.client('other').socket('theirs');
    open.push(other);
    other.send('execution.start', { agentId, message: 'hi' });
    await other.next('error');
    expect(errors(other)).toEqual(['AGENT_NOT_FOUND']);
  });

  it('replays from any cursor, and sends an event once however often a run is subscribed', async () => {
    const first = await socket();
    first.send('execution.start', { agentId, message: 'hi' });
    const { executionId } = await first.next('execution.completed');
    const all = seqs(first, executionId);
    for (const after of [0, 2, all.length - 1]) {
      const late = await socket();
      late.send('subscribe', { executionId, after });
      await late.next('execution.completed');
      expect(seqs(late, executionId)).toEqual(all.slice(after));
    }
    const slow = await createAgent(acme, '@delay 20');
    const twice = await socket();
    twice.send('execution.start', { agentId: slow, message: 'hi' });
    const running = await twice.next('execution.queued');
    twice.send('subscribe', { executionId: running.executionId, after: 0 });
    await twice.next('execution.completed');
    expect(seqs(twice, running.executionId)).toEqual(seqs(twice, running.executionId).map((_, i) => i + 1));
  });

  it('stops sending after unsubscribe; the run goes on', async () => {
    const slow = await createAgent(acme, '@tokens 30\n@delay 20');
    const quitter = await socket();
    quitter.send('execution.start', { agentId: slow, message: 'hi' });
    const { executionId = '' } = await quitter.next('message.delta');
    quitter.send('unsubscribe', { executionId });
    await quitter.next('unsubscribed');
    const seen = seqs(quitter, executionId).length;
    expect((await acme.events(executionId)).at(-1)?.type).toBe('execution.completed');
    expect(seqs(quitter, executionId).length).toBe(seen);
  });

  it('refuses a frame over 1 MiB by closing with 1009', async () => {
    const big = await socket();
    big.socket.send('x'.repeat(1_048_577));
    expect(await waitFor('the close', () => big.closed)).toMatchObject({ code: 1009 });
  });

  it('says when the server stops, so that the client comes back', async () => {
    const leaving = await startTestApp();
    const witness = await leaving.client('acme').socket('s');
    await leaving.close();
    expect(await waitFor('the close', () => witness.closed)).toMatchObject({ code: 1001 });
  });
});
