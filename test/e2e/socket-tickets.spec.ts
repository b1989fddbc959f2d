import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import { ApiClient } from '../support/api-client.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { TestSocket } from '../support/test-socket.js';
import { waitFor } from '../support/wait-for.js';

const ADMIN_KEY = 'an-administrator-of-these-tests-0001';

interface Ticket {
  readonly ticket: string;
  readonly expiresAt: string;
  readonly url: string;
}

describe('a ticket for a socket', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  const open: TestSocket[] = [];

  beforeAll(async () => {
    nooble = await startTestApp({ AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY });
    acme = await clientOf('acme', ['user', 'agent']);
  });
  afterEach(() => {
    open.splice(0).forEach((socket) => {
      socket.cut();
    });
  });
  afterAll(async () => {
    await nooble.close();
  });

  const as = (key: string): ApiClient => new ApiClient(nooble.url, { authorization: `Bearer ${key}` });
  const clientOf = async (tenantId: string, scopes: string[]): Promise<ApiClient> => {
    const admin = as(ADMIN_KEY);
    await admin.post('/api/v1/admin/tenants', { tenantId, name: tenantId, tier: 'enterprise' });
    return as((await admin.post<{ key: string }>('/api/v1/admin/api-keys', { tenantId, name: 'test', scopes })).body.key);
  };
  const ticketFor = async (sessionId?: string): Promise<Ticket> => {
    const { status, body } = await acme.post<Ticket>('/api/v1/ws/tickets', sessionId === undefined ? {} : { sessionId });
    expect(status).toBe(201);
    return body;
  };
  const connect = (path: string, headers: Record<string, string> = {}): TestSocket => {
    const socket = TestSocket.connect(nooble.url.replace('http', 'ws') + path, headers);
    open.push(socket);
    return socket;
  };
  const enter = async (path: string): Promise<TestSocket> => {
    const socket = connect(path);
    await socket.next('connection.ack');
    return socket;
  };
  const refusal = async (socket: TestSocket): Promise<unknown> => waitFor('the close', () => socket.closed);
  const refused = (code: string): unknown => ({ code: 1008, reason: code });
  /** Sends a frame and waits for the error that it brings. */
  const faultOf = async (socket: TestSocket, type: string, data: object): Promise<unknown> => {
    socket.frames.length = 0;
    socket.send(type, data);
    return (await socket.next('error')).data['code'];
  };

  it('opens a socket of its tenant without any header', async () => {
    const { url, expiresAt } = await ticketFor();
    expect(new Date(expiresAt).getTime()).toBeGreaterThan(Date.now());
    const { frames } = await enter(`${url}&sessionId=mine`);
    expect(frames[0]).toMatchObject({ type: 'connection.ack', data: { tenantId: 'acme', tier: 'enterprise', sessionId: 'mine' } });
  });

  it('opens one socket and no other, also when two come at once', async () => {
    const { url } = await ticketFor();
    const both = [connect(url), connect(url)];
    await waitFor('both', () => both.every(({ frames }) => frames.length > 0));
    expect(both.map(({ frames }) => frames[0]?.type).sort()).toEqual(['connection.ack', 'error']);
    expect(await refusal(connect(url))).toEqual(refused('TICKET_INVALID'));
  });

  it('that has expired, or never was, opens none', async () => {
    const { url } = await ticketFor();
    const [key = ''] = await nooble.redis.keys('nb:{~tickets}:*');
    expect(await nooble.redis.ttl(key)).toBeLessThanOrEqual(30);
    await nooble.redis.pexpire(key, 1);
    await waitFor('its end', async () => (await nooble.redis.exists(key)) === 0);
    for (const path of [url, '/ws?ticket=nonsense', '/ws?ticket=']) expect(await refusal(connect(path))).toEqual(refused('TICKET_INVALID'));
  });

  it('is kept by its hash alone', async () => {
    const { ticket } = await ticketFor();
    const [key = ''] = await nooble.redis.keys('nb:{~tickets}:*');
    expect(key).toMatch(/:[0-9a-f]{64}$/);
    expect(key + String(await nooble.redis.get(key))).not.toContain(ticket);
  });

  it('does not open a socket of another tenant', async () => {
    const { url } = await ticketFor();
    expect(await refusal(connect(url, { 'x-tenant-id': 'other' }))).toEqual(refused('TENANT_MISMATCH'));
  });

  it('needs a key with the scope user, and a session id that is one', async () => {
    expect(await (await clientOf('agents-only', ['agent'])).post('/api/v1/ws/tickets')).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING' } });
    expect(await acme.post('/api/v1/ws/tickets', { sessionId: 'a:b' })).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'sessionId' }] } } });
    expect(await new ApiClient(nooble.url, {}).post('/api/v1/ws/tickets')).toMatchObject({ status: 401 });
  });

  it('for a session opens a socket of that session, which may touch no other one', async () => {
    const agentId = await createAgent(acme);
    const { body: foreign } = await acme.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'secret', sessionId: 'hers' });
    expect(await refusal(connect(`${(await ticketFor('his')).url}&sessionId=hers`))).toEqual(refused('SESSION_MISMATCH'));
    const his = await enter((await ticketFor('his')).url);
    expect(his.frames[0]?.data).toMatchObject({ sessionId: 'his' });
    const { executionId, conversationId } = foreign;
    expect(await faultOf(his, 'subscribe', { sessionId: 'hers' })).toBe('SESSION_MISMATCH');
    expect(await faultOf(his, 'subscribe', { executionId })).toBe('EXECUTION_NOT_FOUND');
    expect(await faultOf(his, 'execution.cancel', { executionId })).toBe('EXECUTION_NOT_FOUND');
    expect(await faultOf(his, 'execution.start', { agentId, message: 'hi', sessionId: 'hers' })).toBe('SESSION_MISMATCH');
    expect(await faultOf(his, 'execution.start', { agentId, message: 'hi', conversationId })).toBe('CONVERSATION_NOT_FOUND');
    his.send('execution.start', { agentId, message: 'hi' });
    const own = await his.next('execution.completed');
    his.frames.length = 0;
    his.send('execution.start', { agentId, message: 'hi', conversationId: own.conversationId, sessionId: 'his' });
    expect((await his.next('execution.completed')).conversationId).toBe(own.conversationId);
  });
});
