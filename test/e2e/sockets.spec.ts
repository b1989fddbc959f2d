import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { type Frame, TestSocket } from '../support/test-socket.js';
import { waitFor } from '../support/wait-for.js';

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

  const socket = async (sessionId = 'socket'): Promise<TestSocket> => {
    const opened = await acme.socket(sessionId);
    open.push(opened);
    return opened;
  };
  const connect = (path: string, headers: Record<string, string> = {}): TestSocket => {
    const connected = TestSocket.connect(nooble.url.replace('http', 'ws') + path, headers);
    open.push(connected);
    return connected;
  };
  const errors = (of: TestSocket): unknown[] => of.frames.filter(({ type }) => type === 'error').map(({ data }) => data['code']);
  const seqs = (of: TestSocket, executionId: string | undefined): (number | undefined)[] => of.frames.filter((frame: Frame) => frame.executionId === executionId).map(({ seq }) => seq);

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
  ])('answers %s with %s and stays open', async (text, code) => {
    const alive = await socket();
    alive.socket.send(text);
    await alive.next('error');
    alive.send('ping');
    await alive.next('pong');
    expect(errors(alive)).toEqual([code]);
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
    quitter.send('ping');
    await quitter.next('pong');
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
