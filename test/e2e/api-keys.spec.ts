import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer, ErrorAnswer } from '../support/api-client.js';
import { ADMIN_KEY, Keyring, type ShownKey } from '../support/keyring.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const TENANTS = '/api/v1/admin/tenants';
const KEYS = '/api/v1/admin/api-keys';

interface Tenant {
  readonly tenantId: string;
  readonly isActive: boolean;
}
interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
  readonly total: number;
}

let nooble: TestApp;
let ring: Keyring;
beforeAll(async () => {
  nooble = await startTestApp({ AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY });
  ring = new Keyring(nooble.url);
});
afterAll(async () => {
  await nooble.close();
});

const opens = async (key: string): Promise<number> => (await ring.as(key).get('/api/v1/agents')).status;
const ofTenants = (query: string): Promise<Answer<Page<Tenant>>> => ring.admin.get(`${TENANTS}?${query}`);

describe('tenants', () => {
  it('are listed newest first, in pages, by tier, state and words; the total counts what matches', async () => {
    for (const tier of ['free', 'advance', 'free', 'free']) await ring.tenant(`list-${tier}-${String(Math.random()).slice(2)}`, tier);
    const { body: all } = await ofTenants('q=LIST-');
    expect(all).toMatchObject({ total: 4, nextCursor: null });
    const { body: first } = await ofTenants('q=list-free&limit=2');
    const { body: second } = await ofTenants(`q=list-free&limit=2&cursor=${String(first.nextCursor)}`);
    expect([first.total, second.total, second.nextCursor]).toEqual([3, 3, null]);
    expect([...first.data, ...second.data]).toEqual(all.data.filter(({ tenantId }) => tenantId.startsWith('list-free')));
    expect((await ofTenants('q=list-&tier=advance')).body.total).toBe(1);
    expect((await ofTenants('q=list-&isActive=false')).body.total).toBe(0);
    expect(await ofTenants('cursor=nobody')).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'cursor' }] } } });
    expect(await ofTenants('tier=golden')).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'tier' }] } } });
  });

  it('are read and changed one by one; what is not sent stays', async () => {
    await ring.tenant('one', 'free');
    expect(await ring.admin.get(`${TENANTS}/one`)).toMatchObject({ status: 200, body: { tenantId: 'one', name: 'one', tier: 'free', isActive: true } });
    expect(await ring.admin.patch(`${TENANTS}/one`, { name: 'First' })).toMatchObject({ status: 200, body: { name: 'First', tier: 'free', isActive: true } });
    expect(await ring.admin.patch(`${TENANTS}/one`, {})).toMatchObject({ status: 400, body: { code: 'TENANT_EDIT_EMPTY' } });
    expect(await ring.admin.patch(`${TENANTS}/one`, { tier: null })).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'tier' }] } } });
    for (const call of [ring.admin.get(`${TENANTS}/none`), ring.admin.patch(`${TENANTS}/none`, { name: 'x' }), ring.admin.get(`${KEYS}?tenantId=none`)]) expect(await call).toMatchObject({ status: 404, body: { code: 'TENANT_NOT_FOUND' } });
  });

  it('that are switched off have no keys until they are switched on again', async () => {
    await ring.tenant('off');
    const { key } = await ring.key('off', ['agent']);
    expect(await opens(key)).toBe(200);
    await ring.admin.patch(`${TENANTS}/off`, { isActive: false });
    expect(await opens(key)).toBe(401);
    expect((await ring.admin.get<Page<Tenant>>(`${TENANTS}?isActive=false`)).body.data).toMatchObject([{ tenantId: 'off' }]);
    await ring.admin.patch(`${TENANTS}/off`, { isActive: true });
    expect(await opens(key)).toBe(200);
  });
});

describe('keys', () => {
  it('are listed newest first, by state, and never with a secret', async () => {
    await ring.tenant('listed');
    const [first, second, third] = [await ring.key('listed', ['user']), await ring.key('listed', ['agent'], { expiresAt: '2999-01-01T00:00:00Z' }), await ring.key('listed', ['operator'])];
    await ring.admin.delete(`${KEYS}/${first.keyId}`);
    await nooble.database.query("UPDATE api_keys SET expires_at = now() - interval '1 s' WHERE key_id = $1", [third.keyId]);
    const list = async (query = ''): Promise<Page<ShownKey>> => (await ring.admin.get<Page<ShownKey>>(`${KEYS}?tenantId=listed${query}`)).body;
    const page = await list();
    expect(page).toMatchObject({ total: 3, nextCursor: null, data: [{ keyId: third.keyId, status: 'expired' }, { keyId: second.keyId, status: 'active' }, { keyId: first.keyId, status: 'revoked' }] });
    for (const { key } of [first, second, third]) expect(JSON.stringify(page)).not.toContain(key.slice(3));
    expect(page.data[0]).not.toHaveProperty('key');
    for (const [status, { keyId }] of [['expired', third], ['active', second], ['revoked', first]] as const) expect(await list(`&status=${status}`)).toMatchObject({ total: 1, data: [{ keyId }] });
    const part = await list('&limit=2');
    expect(await list(`&limit=2&cursor=${String(part.nextCursor)}`)).toMatchObject({ data: [{ keyId: first.keyId }], nextCursor: null, total: 3 });
    expect(await ring.admin.get(KEYS)).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'tenantId' }] } } });
  });

  it('that are rotated have another secret and stay what they were', async () => {
    await ring.tenant('rotated');
    const before = await ring.key('rotated', ['agent'], { expiresAt: '2999-01-01T00:00:00Z' });
    expect(await opens(before.key)).toBe(200);
    const { status, body: after } = await ring.admin.post<ShownKey>(`${KEYS}/${before.keyId}/rotate`);
    expect(status).toBe(201);
    expect(after).toMatchObject({ keyId: before.keyId, name: 'test', scopes: ['agent'], expiresAt: '2999-01-01T00:00:00.000Z', previousValidUntil: null, rotatedAt: expect.any(String) });
    expect([await opens(before.key), await opens(after.key)]).toEqual([401, 200]);
  });

  it('may have both secrets for a while, but never three', async () => {
    await ring.tenant('overlap');
    const { keyId, key: first } = await ring.key('overlap', ['agent']);
    expect(await opens(first)).toBe(200);
    const rotate = async (): Promise<string> => (await ring.admin.post<ShownKey>(`${KEYS}/${keyId}/rotate`, { overlapSeconds: 60 })).body.key;
    const second = await rotate();
    expect([await opens(first), await opens(second)]).toEqual([200, 200]);
    const third = await rotate();
    expect([await opens(first), await opens(second), await opens(third)]).toEqual([401, 200, 200]);
    // The overlap's end is looked at with each request, however the holder is cached.
    await nooble.database.query("UPDATE api_keys SET previous_valid_until = now() + interval '1 s' WHERE key_id = $1", [keyId]);
    await ring.admin.post('/api/v1/admin/cache/invalidate', { tenantId: 'overlap' });
    expect(await opens(third)).toBe(200);
    await waitFor('the end of the overlap', async () => (await opens(second)) === 401);
    expect(await opens(third)).toBe(200);
  });

  it('that have ended are not rotated, and those that never were are not found', async () => {
    await ring.tenant('ended');
    const { keyId, key } = await ring.key('ended', ['agent']);
    expect(await ring.admin.delete(`${KEYS}/${keyId}`)).toMatchObject({ status: 204 });
    expect(await opens(key)).toBe(401);
    const { body: revoked } = await ring.admin.get<{ revokedAt: string }>(`${KEYS}/${keyId}`);
    expect(await ring.admin.delete(`${KEYS}/${keyId}`)).toMatchObject({ status: 204 });
    expect((await ring.admin.get<{ revokedAt: string }>(`${KEYS}/${keyId}`)).body).toEqual(revoked);
    expect(await ring.admin.post(`${KEYS}/${keyId}/rotate`)).toMatchObject({ status: 409, body: { code: 'API_KEY_ENDED', details: { status: 'revoked' } } });
    const nobody = `${KEYS}/00000000-0000-7000-8000-000000000000`;
    for (const call of [ring.admin.get(nobody), ring.admin.delete(nobody), ring.admin.post(`${nobody}/rotate`)]) expect(await call).toMatchObject({ status: 404, body: { code: 'API_KEY_NOT_FOUND' } });
    expect(await ring.admin.post(`${KEYS}/${keyId}/rotate`, { overlapSeconds: -1 })).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'overlapSeconds' }] } } });
  });

  it('are not rotated twice by a request that comes twice', async () => {
    await ring.tenant('twice');
    const { keyId } = await ring.key('twice', ['agent']);
    const rotate = (): Promise<Answer<ShownKey & ErrorAnswer>> => ring.admin.with({ 'idempotency-key': 'rotate-1' }).post(`${KEYS}/${keyId}/rotate`);
    const { body } = await rotate();
    expect(await rotate()).toMatchObject({ status: 409, body: { code: 'API_KEY_SHOWN' } });
    expect(await opens(body.key)).toBe(200);
  });

  it('of a tenant and its keys, everything is an administrator’s alone', async () => {
    const user = await ring.client('plain', ['user', 'agent', 'internal', 'operator']);
    for (const path of [TENANTS, `${TENANTS}/plain`, `${KEYS}?tenantId=plain`]) expect(await user.get(path)).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING', details: { scope: 'admin' } } });
  });
});
