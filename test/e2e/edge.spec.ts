import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { RawSocket } from '../support/raw-socket.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { TestSocket } from '../support/test-socket.js';
import { waitFor } from '../support/wait-for.js';

const PAGE = 'https://app.example.com';

describe('the edge', () => {
  let nooble: TestApp;
  let acme: ApiClient;

  beforeAll(async () => {
    nooble = await startTestApp({ CORS_ALLOWED_ORIGINS: PAGE, BODY_LIMIT_BYTES: '4096', HEADER_LIMIT_BYTES: '8192', URL_LIMIT_CHARACTERS: '1024' });
    acme = nooble.client('acme');
  });
  afterAll(async () => {
    await nooble.close();
  });

  const raw = async (text: string): Promise<RawSocket> => {
    const socket = await RawSocket.connect(nooble.url);
    socket.say(text);
    await socket.closed();
    return socket;
  };
  const request = (head: string, ...headers: string[]): string => [`${head} HTTP/1.1`, 'Host: nooble', ...headers, '', ''].join('\r\n');

  it('tells who has only the address what this is', async () => {
    expect(await (await fetch(nooble.url)).json()).toEqual({ name: 'Nooble', documentation: '/docs', openApi: '/docs-json', health: '/health/ready' });
  });

  describe('for browsers', () => {
    it.each(['/', '/docs', '/api/v1/agents', '/api/v2/nothing'])('every answer has the headers that bind a page: %s', async (path) => {
      const { headers } = await fetch(nooble.url + path);
      expect(headers.get('content-security-policy')).toContain("default-src 'none';script-src 'self';");
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
      expect(headers.get('x-powered-by')).toBeNull();
    });

    it('the documentation needs nothing that its policy forbids', async () => {
      const page = await (await fetch(`${nooble.url}/docs`)).text();
      const sources = [...page.matchAll(/<script([^>]*)>([^<]*)/g)].map(([, attributes = '', text = '']) => ({ src: /src="([^"]+)"/.exec(attributes)?.[1], text: text.trim() }));
      expect(sources.length).toBeGreaterThan(1);
      for (const { src, text } of sources) expect([src?.startsWith('./docs/'), text]).toEqual([true, '']);
      expect(page).not.toMatch(/ on\w+=|https?:\/\/[^"]*\.(js|css)/);
      expect((await fetch(`${nooble.url}/docs/swagger-ui-bundle.js`)).status).toBe(200);
    });

    it('a page that is allowed may call, and read what clients need', async () => {
      const preflight = await fetch(`${nooble.url}/api/v1/agents`, { method: 'OPTIONS', headers: { origin: PAGE, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,idempotency-key' } });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-origin')).toBe(PAGE);
      expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization,idempotency-key');
      expect(preflight.headers.get('access-control-allow-methods')).toContain('PATCH');
      expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
      const answer = await acme.with({ origin: PAGE }).get('/api/v1/agents');
      expect(answer.headers.get('access-control-allow-origin')).toBe(PAGE);
      expect(answer.headers.get('access-control-expose-headers')).toContain('Retry-After');
      expect(answer.headers.get('vary')).toContain('Origin');
    });

    it.each(['https://evil.example', 'http://app.example.com', 'null'])('another page may not: %s', async (origin) => {
      const preflight = await fetch(`${nooble.url}/api/v1/agents`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
      expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
      expect((await acme.with({ origin }).get('/api/v1/agents')).headers.get('access-control-allow-origin')).toBeNull();
    });

    const socketFrom = (origin: string, path = '/ws'): TestSocket => TestSocket.connect(nooble.url.replace('http', 'ws') + path, { 'x-tenant-id': 'acme', origin });

    it.each(['', PAGE])('a socket opens for "%s"', async (origin) => {
      const socket = origin === '' ? await acme.socket('a') : socketFrom(origin);
      await socket.next('connection.ack');
      socket.cut();
    });

    it('a socket opens for a page of the server itself', async () => {
      const socket = socketFrom(nooble.url);
      await socket.next('connection.ack');
      socket.cut();
    });

    it.each([
      ['another page', { path: '/ws', origin: 'https://evil.example' }, 403, 'ORIGIN_NOT_ALLOWED'],
      ['a path where no socket is', { path: '/ws/ws', origin: PAGE }, 404, 'SOCKET_NOT_FOUND'],
      ['an endless query', { path: `/ws?sessionId=${'a'.repeat(1_100)}`, origin: PAGE }, 414, 'URL_TOO_LONG'],
    ])('the handshake of a socket is refused to %s', async (_, { path, origin }, status, code) => {
      const socket = await raw(request(`GET ${path}`, `Origin: ${origin}`, 'X-Request-ID: shake-1', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='));
      expect(socket.answer()).toMatchObject({ status, body: { statusCode: status, code, requestId: 'shake-1' } });
    });
  });

  describe('limits', () => {
    it('a body that is too large is refused with the limit and the way out', async () => {
      const answer = await acme.post<ErrorAnswer>('/api/v1/agents', { name: 'a', systemPrompt: 'x'.repeat(5_000) });
      expect(answer).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE', message: expect.stringMatching(/4096 bytes; .*BODY_LIMIT_BYTES/), details: { limitBytes: 4_096 } } });
    });

    it('a path that is too long is refused with the limit', async () => {
      expect(await acme.get(`/api/v1/agents?tag=${'x'.repeat(1_100)}`)).toMatchObject({ status: 414, body: { code: 'URL_TOO_LONG', message: expect.stringContaining('1024') } });
    });

    it('headers that are too large are refused with the limit, in our form', async () => {
      const socket = await raw(request('GET /', `X-Large: ${'x'.repeat(9_000)}`));
      expect(socket.answer()).toMatchObject({ status: 431, headers: expect.stringMatching(/X-Request-ID: [\w-]{36}/), body: { statusCode: 431, code: 'HEADERS_TOO_LARGE', message: expect.stringContaining('8192'), requestId: expect.any(String) } });
    });

    it('what is no HTTP is refused in our form', async () => {
      expect((await raw('\u0016\u0003\u0001 hello\r\n\r\n')).answer()).toMatchObject({ status: 400, body: { code: 'REQUEST_UNREADABLE' } });
    });
  });

  describe('a wrong turn', () => {
    it.each([
      ['DELETE', '/api/v1/agents', 'GET, HEAD, POST'],
      ['PUT', '/api/v1/executions/01a1fd7d-0000-7000-8000-000000000000', 'GET, HEAD'],
      ['GET', '/api/v1/chat/send', 'POST'],
      ['POST', '/', 'GET, HEAD'],
      ['POST', '/health/live?x=1', 'GET, HEAD'],
    ])('%s %s names the methods that there are', async (method, path, allow) => {
      const answer = await acme.call<ErrorAnswer>(method, path);
      expect(answer).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED', message: expect.stringContaining(allow) } });
      expect(answer.headers.get('allow')).toBe(allow);
    });

    it('a socket asked for over HTTP says so', async () => {
      const answer = await acme.get<ErrorAnswer>('/ws?sessionId=a');
      expect(answer).toMatchObject({ status: 426, body: { code: 'UPGRADE_REQUIRED' } });
      expect(answer.headers.get('upgrade')).toBe('websocket');
    });

    it.each([['/api/v1/agents/%zz', 400, 'URL_INVALID'], [`/api/v1/agents/${'x'.repeat(200)}`, 404, 'ROUTE_NOT_FOUND'], ['/ws/ws', 404, 'ROUTE_NOT_FOUND'], ['/api/v2/agents', 404, 'ROUTE_NOT_FOUND']])('%s is refused with its code', async (path, status, code) => {
      const answer = await acme.get<ErrorAnswer>(path);
      expect([answer.status, answer.body.code, answer.body.requestId]).toEqual([status, code, answer.headers.get('x-request-id')]);
    });
  });

  describe('the id of a request', () => {
    it('is the caller\'s where it can be one', async () => {
      expect((await acme.with({ 'x-request-id': 'mine.1-a_B' }).get('/api/v1/agents')).headers.get('x-request-id')).toBe('mine.1-a_B');
    });

    it.each(['a b', '{t}', 'x'.repeat(129), 'a:b'])('is a new one in place of "%s"', async (id) => {
      const { headers, body } = await acme.with({ 'x-request-id': id }).get<ErrorAnswer>('/api/v1/agents/nobody');
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(body.requestId).toBe(headers.get('x-request-id'));
    });

    it.each(['/', '/docs', '/docs-json', '/metrics', '/health/ready', '/api/v1/agents', '/nothing', '/api/v1/agents/%zz'])('is in the answer of %s', async (path) => {
      const { headers } = await fetch(nooble.url + path, { headers: { 'x-request-id': 'follow-me' } });
      expect(headers.get('x-request-id')).toBe('follow-me');
    });
  });

  it('a stream of events has the headers, too', async () => {
    const agentId = await createAgent(acme);
    const response = await fetch(`${nooble.url}/api/v1/agents/${agentId}/executions`, { method: 'POST', headers: { 'x-tenant-id': 'acme', 'x-tenant-tier': 'enterprise', 'content-type': 'application/json', accept: 'text/event-stream', 'x-request-id': 'stream-1', origin: PAGE }, body: '{"message":"hi"}' });
    expect(await waitFor('the end', async () => (await response.text()).includes('execution.completed'))).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'x-request-id': 'stream-1', 'x-content-type-options': 'nosniff', 'access-control-allow-origin': PAGE });
  });
});

describe('without a list of origins', () => {
  it('no page of another origin may call', async () => {
    const nooble = await startTestApp();
    const { headers, status } = await fetch(`${nooble.url}/api/v1/agents`, { method: 'OPTIONS', headers: { origin: PAGE, 'access-control-request-method': 'POST' } });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([405, null]);
    const socket = TestSocket.connect(`${nooble.url.replace('http', 'ws')}/ws`, { 'x-tenant-id': 'acme', origin: PAGE });
    await waitFor('the refusal', () => socket.closed);
    expect(socket.frames).toEqual([]);
    await nooble.close();
  });
});
