import { describe, expect, it } from '@jest/globals';
import { CacheSettings } from '../../config/index.js';
import { cacheTypes } from '../cache-registry.js';
import { addressOf, encodeSegment, encodeTenant, entryName, scopeName, scopeNames } from './cache-key.js';

const types = cacheTypes(new CacheSettings());
const IDS = [
  ...['a:b', 'a%3Ab', 'a', 'b', '{t2}', '{', '}', '*', '..', '.', '', ' ', '  ', 'a b', 'a\nb', 'a|b', 'a,b', '(a)', "!'()*", '~', '%', '%25', '=abc', '=', 'é', 'e\u0301', '😀', '\u0000', 'a\u0000'],
  ...['\ud800', '\udc00', '\ud800a', '\ufffd', '__proto__', 'constructor', 'x'.repeat(128), 'x'.repeat(129), 'x'.repeat(10_000), 'x'.repeat(10_001), 'ü'.repeat(128), 'ü'.repeat(129), 'A', 'undefined', 'null', '0'],
];

describe('a segment of a key', () => {
  it('differs for different texts', () => {
    expect(new Set(IDS.map(encodeSegment)).size).toBe(IDS.length);
  });

  it('is no other id, not even the encoded one', () => {
    const hashed = encodeSegment('x'.repeat(10_000));
    expect(hashed).toMatch(/^=[\w-]{43}$/);
    expect(encodeSegment(hashed)).not.toBe(hashed);
    expect(encodeSegment(encodeSegment('a:b'))).not.toBe(encodeSegment('a:b'));
  });

  it.each(IDS)('has nothing that means something in a key, a scope list or a bus message: %j', (id) => {
    expect(encodeSegment(id)).toMatch(/^[!-~]*$/);
    expect(encodeSegment(id)).toMatch(/^[^:{}*\s|,()]*$/);
    expect(encodeSegment(id).length).toBeLessThanOrEqual(128 * 9);
  });

  it('stays readable when it is plain', () => {
    expect(encodeSegment('Agent_1.2~x-y')).toBe('Agent_1.2~x-y');
  });
});

describe('a name of an entry', () => {
  it('tells tuples from joined ids, and from each other', () => {
    const ids = ['a:b', ['a:b'], ['a', 'b'], ['a', 'b', ''], ['', 'a', 'b'], ['a', ''], ['a'], 'a', '(a:b)', '(a)', '', [''], ['', '']];
    expect(new Set(ids.map((id) => entryName('agent_config', id))).size).toBe(ids.length);
  });

  it('needs a tuple of at least one part', () => {
    expect(() => entryName('agent_config', [])).toThrow(expect.objectContaining({ code: 'CACHE_ID_REQUIRED' }));
  });
});

describe('a tenant', () => {
  it.each(['', ' ', '\t\n', '\u00a0', undefined, null, 7])('that is %j is refused', (tenant) => {
    expect(() => encodeTenant(tenant as string)).toThrow(expect.objectContaining({ code: 'TENANT_REQUIRED' }));
  });

  it('is the hash tag of the key, and nothing else is', () => {
    const { key } = addressOf('{t2}:x', types.get('agent_config')!, '{t2}');
    expect(key).toBe('nb:{%7Bt2%7D%3Ax}:cache:e:agent_config:%7Bt2%7D');
  });
});

describe('a scope', () => {
  it('has a name of its kind and its id', () => {
    const scope = { agent: 'a:1', conversation: 'c', message: 'm', collection: 'k' };
    const kinds = ['tenant', 'agents', 'agent', 'conversations', 'conversation', 'message', 'collection'] as const;
    expect(kinds.map((kind) => scopeName(kind, scope))).toEqual(['t', 'as', 'a:a%3A1', 'ca:a%3A1', 'c:c', 'm:m', 'k:k']);
    expect(kinds.map((kind) => scopeName(kind, {}))).toEqual(['t', 'as', undefined, undefined, undefined, undefined, undefined]);
  });

  it('is one of an entry when the type has it and the id is given; the tenant always is', () => {
    expect(scopeNames(types.get('conversation_message')!, { conversation: 'c', collection: 'k' })).toEqual(['t', 'c:c']);
    expect(scopeNames(types.get('embedding')!, { agent: 'a' })).toEqual(['t']);
    expect(scopeNames(types.get('agent_list')!, {})).toEqual(['t', 'as']);
  });
});
