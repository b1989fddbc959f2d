import { describe, expect, it } from '@jest/globals';
import type { Fetch } from './agent-tool.js';
import { httpRequest } from './http-request.js';

const { signal } = new AbortController();

/** What the tool asked for, and what it made of the answer. */
async function run(input: unknown, answer: Response = new Response('ok')): Promise<{ asked: Request; result: unknown }> {
  let asked: Request | undefined;
  const fetch: Fetch = (url, init) => {
    asked = new Request(url, init);
    return Promise.resolve(answer);
  };
  const result = await httpRequest.execute(input, signal, fetch);
  return { asked: asked!, result };
}

describe('the tool http_request', () => {
  it('asks for a URL with GET, and answers with status, headers and body', async () => {
    const { asked, result } = await run({ url: 'https://example.com/a?b' }, new Response('{"a":1}', { status: 404, headers: { 'content-type': 'application/json; charset=utf-8', 'x-noise': 'n', etag: '"e"' } }));
    expect([asked.method, asked.url]).toEqual(['GET', 'https://example.com/a?b']);
    expect(result).toEqual({ status: 404, headers: { 'content-type': 'application/json; charset=utf-8', etag: '"e"' }, body: '{"a":1}' });
  });

  it.each([
    ['a text as it is', 'a=b', 'a=b', 'text/plain;charset=UTF-8'],
    ['an object as JSON', { a: [1] }, '{"a":[1]}', 'application/json'],
  ])('sends %s', async (_, body, sent, type) => {
    const { asked } = await run({ url: 'https://example.com', method: 'post', headers: { 'x-a': 'b' }, body });
    expect([asked.method, await asked.text(), asked.headers.get('content-type'), asked.headers.get('x-a')]).toEqual(['POST', sent, type, 'b']);
  });

  it('leaves the type of an object to whoever names one', async () => {
    const { asked } = await run({ url: 'https://example.com', method: 'PUT', headers: { 'Content-Type': 'application/ld+json' }, body: {} });
    expect(asked.headers.get('content-type')).toBe('application/ld+json');
  });

  it.each([
    ['nothing', undefined, 'url'],
    ['another url than a text', { url: 7 }, 'url'],
    ['a method that is none', { url: 'https://a.b', method: 'TRACE' }, 'method'],
    ['headers that are none', { url: 'https://a.b', headers: ['a'] }, 'headers'],
    ['a header that is no text', { url: 'https://a.b', headers: { a: 1 } }, 'headers'],
    ['a header with a line break', { url: 'https://a.b', headers: { a: 'b\r\nc: d' } }, 'headers'],
    ['a body of a GET', { url: 'https://a.b', body: 'x' }, 'GET'],
    ['a body that is too long', { url: 'https://a.b', method: 'POST', body: 'x'.repeat(65_537) }, 'body'],
  ])('says what is wrong with %s', async (_, input, what) => {
    await expect(run(input)).rejects.toMatchObject({ kind: 'invalid', code: 'TOOL_INPUT_INVALID', message: expect.stringContaining(what) });
  });

  it('cuts a long body, and says so', async () => {
    const { result } = await run({ url: 'https://a.b' }, new Response('x'.repeat(32_769)));
    expect(result).toMatchObject({ body: 'x'.repeat(32_768), note: expect.stringContaining('longer') });
    expect((await run({ url: 'https://a.b' }, new Response('x'.repeat(32_768)))).result).not.toHaveProperty('note');
  });

  it('leaves out what is no text, and says so', async () => {
    const { result } = await run({ url: 'https://a.b' }, new Response('\u0000\u0001', { headers: { 'content-type': 'image/png' } }));
    expect(result).toMatchObject({ body: '', note: expect.stringContaining('image/png') });
  });

  it('has no character that no store can keep', async () => {
    expect((await run({ url: 'https://a.b' }, new Response('a\0b'))).result).toMatchObject({ body: 'a\uFFFDb' });
  });

  it('has no body where there is none', async () => {
    expect((await run({ url: 'https://a.b', method: 'DELETE' }, new Response(null, { status: 204 }))).result).toEqual({ status: 204, headers: {}, body: '' });
  });
});
