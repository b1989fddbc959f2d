import { describe, expect, it } from '@jest/globals';
import { SYSTEM_TENANT } from '../../../contracts/index.js';
import { actionOf, factsOf, keyIdOf } from './audit-facts.js';
import type { AuditedRule, CallerRequest } from './audited.js';

const RULE: AuditedRule = { action: 'thing.change', target: 'thingId', tenant: 'tenantId', says: ['name', 'scopes', 'at', 'nested'], answers: ['keyId'] };
const NOW = new Date(0);

const requestOf = (fields: Record<string, unknown> = {}): CallerRequest =>
  ({ id: 'r', params: { thingId: 't' }, query: {}, body: {}, principal: { tenantId: 'acme', tier: 'free', scopes: ['operator'], key: { keyId: 'k', hash: 'h' }, keyName: 'desk' }, ...fields }) as unknown as CallerRequest;

describe('what is written down of a request', () => {
  it('is who, what, to what, and the fields that are named, of body and query', () => {
    expect(actionOf(RULE, requestOf({ query: { name: 'of the query' }, body: { scopes: ['user'], secret: 'nk_1' } }), NOW)).toEqual({
      ...{ tenantId: 'acme', entryId: expect.any(String), at: NOW, actorKind: 'key', actorId: 'k', actorName: 'desk', action: 'thing.change', target: 't', requestId: 'r' },
      details: { name: 'of the query', scopes: ['user'] },
    });
  });

  it('names its target as the answers do, however the path writes the id', () => {
    const thingId = '01A1FD9C-762E-73EF-A157-017F98EC29B3';
    expect(actionOf(RULE, requestOf({ params: { thingId } }), NOW).target).toBe(thingId.toLowerCase());
    expect(actionOf(RULE, requestOf({ params: { thingId: 'Acme' } }), NOW).target).toBe('Acme');
  });

  it('is under the tenant that the body names, if that can be one', () => {
    expect(actionOf(RULE, requestOf({ body: { tenantId: 'globex' } }), NOW).tenantId).toBe('globex');
    for (const tenantId of ['a b', '', SYSTEM_TENANT, 7, null]) expect(actionOf(RULE, requestOf({ body: { tenantId } }), NOW).tenantId).toBe('acme');
  });

  it('is under the tenant of the path before that of the body, and under the one that is known besides before both', () => {
    const request = requestOf({ params: { tenantId: 'initech' }, body: { tenantId: 'globex' } });
    expect(actionOf(RULE, request, NOW).tenantId).toBe('initech');
    expect(actionOf(RULE, request, NOW, 'umbrella').tenantId).toBe('umbrella');
  });

  it.each([
    ['text that PostgreSQL has no place for', 'a\u0000b\uD800', 'a\uFFFDb\uFFFD'],
    ['a long text', 'x'.repeat(1_000), 'x'.repeat(200)],
    ['an object', { password: 'p' }, null],
    ['a list of objects', [{ a: 1 }], ['[object Object]']],
    ['nothing', null, null],
  ])('holds %s as it can', (_, nested, kept) => {
    expect(actionOf(RULE, requestOf({ body: { nested } }), NOW).details).toEqual({ nested: kept });
  });

  it('has no target where there is none, and is written whatever the body is', () => {
    for (const body of [undefined, null, 'text', [1]]) expect(actionOf({ action: 'thing.stop' }, requestOf({ body, params: undefined, query: undefined }), NOW)).toMatchObject({ target: null, details: {} });
  });

  it.each([
    [{ tenantId: SYSTEM_TENANT, keyName: 'NOOBLE_ADMIN_KEY' }, 'adminKey'],
    [{ tenantId: 'acme' }, 'headers'],
  ])('says how far %j is known', (principal, actorKind) => {
    expect(actionOf(RULE, requestOf({ principal }), NOW)).toMatchObject({ actorKind, actorId: null });
  });
});

it('an API key is named by its id alone', () => {
  const keyId = '01A1fd9c-762e-73ef-a157-017f98ec29b3';
  expect(keyIdOf({ ...RULE, ofKey: 'keyId' }, requestOf({ params: { keyId } }))).toBe(keyId);
  for (const params of [{ keyId: 'x' }, {}, undefined]) expect(keyIdOf({ ...RULE, ofKey: 'keyId' }, requestOf({ params }))).toBeNull();
  expect(keyIdOf(RULE, requestOf({ params: { keyId } }))).toBeNull();
});

it('of an answer the fields that are named are written down, and nothing else', () => {
  expect(factsOf(RULE, { keyId: 'k', key: 'nk_secret' })).toEqual({ keyId: 'k' });
  expect(factsOf(RULE, undefined)).toEqual({});
});
