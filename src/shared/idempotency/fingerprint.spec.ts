import { describe, expect, it } from '@jest/globals';
import { type RequestFacts, fingerprintOf } from './fingerprint.js';

const REQUEST: RequestFacts = { method: 'POST', url: '/api/v1/things?wait=true&limit=2', headers: { 'x-llm-model': 'gpt-4' }, body: { name: 'a', parts: [{ size: 1, colour: 'red' }, 2] } };
const of = (change: Partial<RequestFacts> = {}): string => fingerprintOf({ ...REQUEST, ...change });

describe('the fingerprint of a request', () => {
  it.each<[string, Partial<RequestFacts>]>([
    ['fields in another order', { body: { parts: [{ colour: 'red', size: 1 }, 2], name: 'a' } }],
    ['parameters in another order', { url: '/api/v1/things?limit=2&wait=true' }],
    ['headers in another order and others besides', { headers: { 'x-request-id': 'r', 'user-agent': 'curl', authorization: 'Bearer b', 'idempotency-key': 'k', 'x-llm-model': 'gpt-4', 'x-tenant-tier': 'free' } }],
    ['another form of the answer', { url: '/api/v1/things?limit=2' }],
    ['an event stream', { headers: { ...REQUEST.headers, accept: 'text/event-stream' } }],
    ['another way to ask for JSON', { headers: { ...REQUEST.headers, accept: 'application/json' } }],
  ])('is the same for %s', (_, change) => {
    expect(of(change)).toBe(of());
  });

  it.each<[string, Partial<RequestFacts>]>([
    ['another method', { method: 'PUT' }],
    ['another path', { url: '/api/v1/other?wait=true&limit=2' }],
    ['another parameter', { url: '/api/v1/things?limit=3&wait=true' }],
    ['another value', { body: { ...(REQUEST.body as object), name: 'b' } }],
    ['a number for a text', { body: { ...(REQUEST.body as object), name: 1 } }],
    ['a list in another order', { body: { name: 'a', parts: [2, { size: 1, colour: 'red' }] } }],
    ['a field more', { body: { ...(REQUEST.body as object), __proto__x: null } }],
    ['no body', { body: undefined }],
    ...['x-llm-model', 'x-llm-temperature', 'x-embedding-model', 'x-rag-collections', 'x-agent-id', 'x-session-id', 'x-conversation-id', 'x-user-id'].map((name): [string, Partial<RequestFacts>] => [`another ${name}`, { headers: { ...REQUEST.headers, [name]: 'other' } }]),
  ])('is another one for %s', (_, change) => {
    expect(of(change)).not.toBe(of());
  });
});
