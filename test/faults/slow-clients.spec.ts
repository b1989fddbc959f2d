import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { RawSocket } from '../support/raw-socket.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

/** All time-outs are 1 s; this is far longer, and what must live has to live through it. */
const LONG_RUN = '@tokens 60\n@delay 60';

describe('clients that are slow on purpose', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  const open: RawSocket[] = [];

  beforeAll(async () => {
    nooble = await startTestApp({ HEADERS_TIMEOUT_SECONDS: '1', REQUEST_TIMEOUT_SECONDS: '2', KEEP_ALIVE_SECONDS: '1' });
    acme = nooble.client('acme');
  });
  afterEach(() => {
    open.splice(0).forEach((socket) => {
      socket.end();
    });
  });
  afterAll(async () => {
    await nooble.close();
  });

  const connect = async (): Promise<RawSocket> => {
    const socket = await RawSocket.connect(nooble.url);
    open.push(socket);
    return socket;
  };
  const tooSlow = { status: 408, body: { statusCode: 408, code: 'REQUEST_TOO_SLOW', message: expect.stringContaining('connect again'), requestId: expect.any(String) } };

  it('whoever drips headers for ever is answered 408 and cut off', async () => {
    const socket = await connect();
    socket.say('GET /health/live HTTP/1.1\r\nHost: nooble\r\n');
    socket.drip('X-More: 1\r\n', 100);
    await socket.closed();
    expect(socket.answer()).toMatchObject(tooSlow);
  });

  it('whoever says nothing at all is cut off', async () => {
    const socket = await connect();
    await socket.closed();
    expect(socket.answer()).toMatchObject(tooSlow);
  });

  it('whoever drips a body for ever is answered 408 and cut off', async () => {
    const socket = await connect();
    socket.say('POST /api/v1/agents HTTP/1.1\r\nHost: nooble\r\nX-Tenant-ID: acme\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"name":"');
    socket.drip('a', 100);
    await socket.closed();
    expect(socket.answer()).toMatchObject(tooSlow);
  });

  it('a hundred of them keep nobody from being answered', async () => {
    const slow = await Promise.all(Array.from({ length: 100 }, connect));
    for (const socket of slow) {
      socket.say('POST /api/v1/agents HTTP/1.1\r\nHost: nooble\r\n');
      socket.drip('X-More: 1\r\n', 300);
    }
    expect((await acme.get('/api/v1/agents')).status).toBe(200);
    await Promise.all(slow.map((socket) => socket.closed()));
  });

  it('a connection without a next request is closed', async () => {
    const socket = await connect();
    socket.say('GET /health/live HTTP/1.1\r\nHost: nooble\r\n\r\n');
    expect(await socket.closed()).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  it('long runs over SSE, over a socket and waited for are none of it', async () => {
    const agentId = await createAgent(acme);
    const socket = await acme.socket('long');
    socket.send('execution.start', { agentId, message: LONG_RUN });
    const start = async (): Promise<string> => (await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: LONG_RUN })).body.executionId;
    const streamed = start().then(async (executionId) => acme.events(executionId));
    const waited = acme.post<{ status: string }>(`/api/v1/agents/${agentId}/executions?wait=true`, { message: LONG_RUN });
    expect((await streamed).at(-1)).toMatchObject({ type: 'execution.completed' });
    expect((await waited).body).toMatchObject({ status: 'completed' });
    await socket.next('execution.completed');
    expect(socket.closed).toBeUndefined();
    socket.cut();
  });
});
