import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import { OutboundSettings } from '../../src/shared/config/index.js';
import { guardedAgent } from '../../src/shared/outbound/guarded-agent.js';
import { OutboundHttp, readTextStart, type Resolve } from '../../src/shared/outbound/index.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const refused = (code: string, kind = 'forbidden'): Error => expect.objectContaining({ code, kind }) as unknown as Error;

/** Answers from a table of names; each look-up of a name takes its next row, and the last one for ever. */
function resolver(names: Record<string, readonly (readonly string[])[]>): Resolve {
  const asked = new Map<string, number>();
  return (host, _, done) => {
    const rows = names[host] ?? [];
    const row = rows[Math.min(asked.get(host) ?? 0, rows.length - 1)];
    asked.set(host, (asked.get(host) ?? 0) + 1);
    if (row) done(null, row.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
    else done(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }), []);
  };
}

let server: Server;
let outbound: OutboundHttp;
let [handler, base, port] = [(() => undefined) as Handler, '', 0];
const seen: IncomingMessage[] = [];

function open(settings: Partial<OutboundSettings> = {}, names: Parameters<typeof resolver>[0] = {}): OutboundHttp {
  outbound = new OutboundHttp({ ...new OutboundSettings(), allowedPrivate: '127.0.0.1', ...settings }, resolver(names));
  return outbound;
}

beforeEach(async () => {
  seen.length = 0;
  // On every address of this machine: what is not reached is kept away by the guard alone.
  server = createServer((request, response) => {
    seen.push(request);
    handler(request, response);
  }).listen(0);
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  base = `http://127.0.0.1:${port}`;
});
afterEach(async () => {
  await outbound.onApplicationShutdown();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

describe('a request to what a tenant named', () => {
  it('is sent as it was given, and answered', async () => {
    handler = (request, response) => {
      response.writeHead(201, { 'x-a': 'b', 'set-cookie': ['c=1', 'd=2'] });
      request.pipe(response);
    };
    const answer = await open().fetch(new URL(`${base}/p?q`), { method: 'PUT', headers: { 'x-h': '1', host: 'other.example' }, body: 'hello' });
    expect([answer.status, answer.url, answer.headers.get('x-a'), answer.headers.getSetCookie(), await answer.text()]).toEqual([201, `${base}/p?q`, 'b', ['c=1', 'd=2'], 'hello']);
    expect(seen[0]).toMatchObject({ method: 'PUT', url: '/p?q', headers: expect.objectContaining({ 'x-h': '1', host: `127.0.0.1:${port}` }) });
  });

  it('may be a Request, a form, and answered without a body', async () => {
    handler = (_, response) => response.writeHead(204).end();
    const form = new FormData();
    form.set('a', 'b');
    const answer = await open().fetch(new Request(base, { method: 'POST', body: form }));
    expect([answer.status, answer.body]).toEqual([204, null]);
    expect(seen[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
  });

  it.each([['10.0.0.1'], ['127.0.0.2'], ['0.0.0.0'], ['::1'], ['::ffff:127.0.0.2'], ['169.254.169.254'], ['100.64.0.1'], ['fd00::1']])('does not dial %s, however public its name', async (address) => {
    await expect(open({}, { 'public.test': [[address]] }).fetch(`http://public.test:${port}/`)).rejects.toThrow(refused('OUTBOUND_BLOCKED'));
    expect(seen).toEqual([]);
  });

  it.each([['http://0.0.0.0'], ['http://127.0.0.2'], ['http://[::1]'], ['http://0'], ['http://2130706434']])('does not dial %s', async (url) => {
    await expect(open().fetch(`${url}:${port}/`)).rejects.toThrow(refused('OUTBOUND_BLOCKED'));
    expect(seen).toEqual([]);
  });

  it('dials the allowed ones of a host’s addresses', async () => {
    handler = (_, response) => response.end('here');
    const answer = await open({}, { 'both.test': [['127.0.0.2', '127.0.0.1']] }).fetch(`http://both.test:${port}/`);
    expect(await answer.text()).toBe('here');
    expect(seen[0]?.socket.localAddress).toMatch(/127\.0\.0\.1$/);
  });

  it('checks the address that is dialled, each time: a name that changes its mind is refused', async () => {
    handler = (_, response) => response.setHeader('connection', 'close').end('here');
    const { fetch } = open({}, { 'rebind.test': [['127.0.0.1'], ['127.0.0.2']] });
    expect(await (await fetch(`http://rebind.test:${port}/`)).text()).toBe('here');
    await expect(fetch(`http://rebind.test:${port}/`)).rejects.toThrow(refused('OUTBOUND_BLOCKED'));
    expect(seen).toHaveLength(1);
  });

  it('reaches listed hosts only, if any are listed', async () => {
    handler = (_, response) => response.end();
    const { fetch } = open({ allowedHosts: '*.ok.test' }, { 'a.ok.test': [['127.0.0.1']], 'b.test': [['127.0.0.1']] });
    expect((await fetch(`http://a.ok.test:${port}/`)).status).toBe(200);
    await expect(fetch(`http://b.test:${port}/`)).rejects.toThrow(refused('OUTBOUND_HOST_NOT_ALLOWED'));
  });

  it('knows no proxy of the environment', async () => {
    handler = (_, response) => response.end('direct');
    const before = { ...process.env };
    Object.assign(process.env, { HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1', NODE_USE_ENV_PROXY: '1' });
    try {
      expect(await (await open().fetch(base)).text()).toBe('direct');
    } finally {
      for (const name of ['HTTP_PROXY', 'http_proxy', 'NODE_USE_ENV_PROXY']) delete process.env[name];
      Object.assign(process.env, before);
    }
  });

  it.each([['a host that nobody knows', 'http://nowhere.test/', 'ENOTFOUND'], ['a port that nobody listens on', 'http://127.0.0.1:1/', 'CONNECTION_FAILED']])('fails for %s in a way that may pass', async (_, url, reason) => {
    const error: unknown = await open().fetch(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'unavailable', code: 'OUTBOUND_FAILED', details: { host: new URL(url).host } });
    if (reason === 'ENOTFOUND') expect(error).toMatchObject({ details: { reason } });
  });
});

describe('a connection of the guard', () => {
  it.each([['127.0.0.1'], ['[::1]'], ['[::ffff:127.0.0.1]'], ['private.test']])('is not made to %s, whoever has let the URL pass', async (host) => {
    open();
    const agent = guardedAgent(() => false, resolver({ 'private.test': [['127.0.0.1']] }));
    const sent = request(`http://${host}:${port}/`, { dispatcher: agent });
    await expect(sent).rejects.toThrow(refused('OUTBOUND_BLOCKED'));
    expect(seen).toEqual([]);
    await agent.destroy();
  });
});

describe('a redirect of a request to what a tenant named', () => {
  const to = (location: string, status = 302): Handler => (request, response) => {
    if (request.url === '/end') request.pipe(response);
    else response.writeHead(status, { location }).end();
  };

  it('is followed, with its body where that is meant', async () => {
    handler = to('/end', 307);
    const answer = await open().fetch(base, { method: 'POST', body: 'again' });
    expect([answer.url, await answer.text()]).toEqual([`${base}/end`, 'again']);
  });

  it.each([['http://0.0.0.0'], ['http://127.0.0.2'], ['http://[::1]'], ['http://2130706434'], ['http://inside.test']])('to %s is not followed', async (target) => {
    handler = to(`${target}:${port}/end`);
    await expect(open({}, { 'inside.test': [['127.0.0.2']] }).fetch(base)).rejects.toThrow(refused('OUTBOUND_BLOCKED'));
    expect(seen).toHaveLength(1);
  });

  it.each([['file:///etc/passwd'], ['http://user:pass@127.0.0.1/'], ['http://']])('to %s is refused', async (target) => {
    handler = to(target);
    await expect(open().fetch(base)).rejects.toThrow(refused('OUTBOUND_URL_INVALID', 'invalid'));
  });

  it('to a host that is not listed is not followed', async () => {
    handler = to(`http://b.test:${port}/end`);
    await expect(open({ allowedHosts: '127.0.0.1' }, { 'b.test': [['127.0.0.1']] }).fetch(base)).rejects.toThrow(refused('OUTBOUND_HOST_NOT_ALLOWED'));
  });

  it('ends after a few, and at once if the caller wants none', async () => {
    handler = to('/again');
    const { fetch } = open();
    await expect(fetch(base)).rejects.toThrow(refused('OUTBOUND_TOO_MANY_REDIRECTS', 'invalid'));
    expect(seen).toHaveLength(6);
    await expect(fetch(base, { redirect: 'error' })).rejects.toThrow(refused('OUTBOUND_TOO_MANY_REDIRECTS', 'invalid'));
    expect(seen).toHaveLength(7);
    expect((await fetch(base, { redirect: 'manual' })).status).toBe(302);
  });
});

describe('the answer to a request to what a tenant named', () => {
  it('is read no further than the bound', async () => {
    handler = (_, response) => response.end('x'.repeat(5_000));
    const { fetch } = open({ maxBodyBytes: 4_999 });
    await expect((await fetch(base)).text()).rejects.toThrow(refused('OUTBOUND_BODY_TOO_LARGE', 'tooLarge'));
    expect(await (await outbound.withBounds({ maxBodyBytes: 5_000 })(base)).text()).toHaveLength(5_000);
  });

  it('is bounded by what it unpacks to', async () => {
    handler = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(1_000_000)));
    await expect((await open({ maxBodyBytes: 10_000 }).fetch(base)).text()).rejects.toThrow(refused('OUTBOUND_BODY_TOO_LARGE', 'tooLarge'));
  });

  it('that never ends is let go of', async () => {
    handler = (_, response) => {
      const more = setInterval(() => response.write('x'.repeat(10_000)), 1);
      response.on('close', () => clearInterval(more));
    };
    await expect((await open({ maxBodyBytes: 50_000 }).fetch(base)).text()).rejects.toThrow(refused('OUTBOUND_BODY_TOO_LARGE', 'tooLarge'));
    if (!seen[0]?.socket.destroyed) await once(seen[0]!.socket, 'close');
  });

  it('can be read in part, without half a character', async () => {
    handler = (_, response) => response.end('ab€cd');
    const { fetch } = open();
    expect(await readTextStart((await fetch(base)).body, 4)).toEqual({ text: 'ab', isCut: true });
    expect(await readTextStart((await fetch(base)).body, 7)).toEqual({ text: 'ab€cd', isCut: false });
    expect(await readTextStart(null, 7)).toEqual({ text: '', isCut: false });
  });

  it('that does not come is given up', async () => {
    handler = () => undefined;
    await expect(open({ timeoutMs: 100 }).fetch(base)).rejects.toThrow(refused('OUTBOUND_TIMED_OUT', 'unavailable'));
  });

  it('that drips is given up, too', async () => {
    handler = (_, response) => {
      const drip = setInterval(() => response.write('.'), 10);
      response.on('close', () => clearInterval(drip));
    };
    await expect((await open({ timeoutMs: 200 }).fetch(base)).text()).rejects.toThrow(refused('OUTBOUND_TIMED_OUT', 'unavailable'));
  });

  it('may take as long as it wants with a time-out of 0', async () => {
    handler = (_, response) => void setTimeout(() => response.end('late'), 300);
    expect(await (await open({ timeoutMs: 100 }).withBounds({ timeoutMs: 0 })(base)).text()).toBe('late');
  });

  it('is waited for no longer than the caller wants', async () => {
    const controller = new AbortController();
    handler = () => controller.abort(new Error('enough'));
    await expect(open().fetch(base, { signal: controller.signal })).rejects.toThrow('enough');
    await expect(outbound.fetch(base, { signal: controller.signal })).rejects.toThrow('enough');
  });
});
