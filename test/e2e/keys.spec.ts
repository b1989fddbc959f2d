import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, type ErrorAnswer } from '../support/api-client.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const ADMIN_KEY = 'an-administrator-of-these-tests-0001';

interface Key {
  readonly keyId: string;
  readonly key: string;
}

describe('keys', () => {
  let nooble: TestApp;
  let admin: ApiClient;

  beforeAll(async () => {
    nooble = await startTestApp({ AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY });
    admin = as(ADMIN_KEY);
  });
  afterAll(async () => {
    await nooble.close();
  });

  const as = (key: string, headers: Record<string, string> = {}): ApiClient => new ApiClient(nooble.url, { authorization: `Bearer ${key}`, ...headers });
  const newKey = async (tenantId: string, body: object): Promise<Key> => (await admin.post<Key>('/api/v1/admin/api-keys', { tenantId, name: 'test', ...body })).body;

  it('the administrator’s key makes a tenant and its key, and the key decides the tenant and its tier', async () => {
    const { status, body: tenant } = await admin.post<{ tenantId: string }>('/api/v1/admin/tenants', { tenantId: 'acme', name: 'Acme', tier: 'professional' });
    expect(status).toBe(201);
    const { key } = await newKey(tenant.tenantId, { scopes: ['user', 'agent'] });
    expect(key).toMatch(/^nk_[A-Za-z0-9_-]{43}$/);
    const socket = await as(key).socket('s');
    expect(socket.frames[0]?.data).toMatchObject({ tenantId: 'acme', tier: 'professional' });
    socket.cut();
    const hashes = await nooble.database.query<{ stored: string }>("SELECT encode(key_hash, 'escape') || api_keys::text AS stored FROM api_keys");
    expect(hashes.some(({ stored }) => stored.includes(key))).toBe(false);
  });

  it('a second tenant of the same id is a conflict; a key for a tenant that is not there is refused', async () => {
    await admin.post('/api/v1/admin/tenants', { tenantId: 'twice', name: 'Twice' });
    expect(await admin.post('/api/v1/admin/tenants', { tenantId: 'twice', name: 'Twice' })).toMatchObject({ status: 409, body: { code: 'TENANT_EXISTS' } });
    expect(await admin.post('/api/v1/admin/api-keys', { tenantId: 'nobody', name: 'x', scopes: ['user'] })).toMatchObject({ status: 404, body: { code: 'TENANT_NOT_FOUND' } });
  });

  it.each([
    ['no credentials', {}],
    ['a tenant header alone', { 'x-tenant-id': 'acme' }],
    ['an unknown key', { authorization: 'Bearer nk_nobody' }],
    ['another scheme', { authorization: 'Basic abc' }],
  ])('%s: 401 with the way on', async (_, headers) => {
    const { status, body } = await new ApiClient(nooble.url, headers).get<ErrorAnswer>('/api/v1/agents');
    expect(status).toBe(401);
    expect(body.message).toMatch(/Authorization: Bearer|administrator/);
  });

  it('a key cannot do what its scopes do not say', async () => {
    await admin.post('/api/v1/admin/tenants', { tenantId: 'scopes', name: 'Scopes' });
    const user = as((await newKey('scopes', { scopes: ['user'] })).key);
    expect(await user.post('/api/v1/agents', { name: 'a' })).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING', details: { scope: 'agent' } } });
    expect(await user.post('/api/v1/admin/tenants', { name: 'a' })).toMatchObject({ status: 403, body: { details: { scope: 'admin' } } });
  });

  it('a revoked or expired key, and a key of a tenant that is switched off, is no key', async () => {
    await admin.post('/api/v1/admin/tenants', { tenantId: 'ended', name: 'Ended' });
    const expired = await newKey('ended', { scopes: ['agent'], expiresAt: '2999-01-01T00:00:00Z' });
    const revoked = await newKey('ended', { scopes: ['agent'] });
    const orphaned = await newKey('ended', { scopes: ['agent'] });
    // By hand in SQL, so the caches have to be told by hand, too.
    const forget = (): Promise<unknown> => admin.post('/api/v1/admin/cache/invalidate', { tenantId: 'ended' });
    expect((await as(revoked.key).get('/api/v1/agents')).status).toBe(200);
    expect((await as(orphaned.key).get('/api/v1/agents')).status).toBe(200);
    await nooble.database.query('UPDATE api_keys SET expires_at = now() WHERE key_id = $1', [expired.keyId]);
    await nooble.database.query('UPDATE api_keys SET revoked_at = now() WHERE key_id = $1', [revoked.keyId]);
    await forget();
    expect(await as(expired.key).get('/api/v1/agents')).toMatchObject({ status: 401, body: { code: 'API_KEY_INVALID' } });
    expect((await as(revoked.key).get('/api/v1/agents')).status).toBe(401);
    await nooble.database.query("UPDATE tenants SET is_active = false WHERE tenant_id = 'ended'");
    await forget();
    expect((await as(orphaned.key).get('/api/v1/agents')).status).toBe(401);
  });

  it('naming another tenant is forbidden, except to an administrator, who must name one', async () => {
    await admin.post('/api/v1/admin/tenants', { tenantId: 'one', name: 'One' });
    const { key } = await newKey('one', { scopes: ['agent'] });
    expect(await as(key, { 'x-tenant-id': 'acme' }).get('/api/v1/agents')).toMatchObject({ status: 403, body: { code: 'TENANT_MISMATCH' } });
    expect((await as(key, { 'x-tenant-id': 'one' }).get('/api/v1/agents')).status).toBe(200);
    expect(await admin.get('/api/v1/agents')).toMatchObject({ status: 400, body: { code: 'TENANT_UNNAMED' } });
    expect((await as(ADMIN_KEY, { 'x-tenant-id': 'one' }).get('/api/v1/agents')).status).toBe(200);
    expect((await as(ADMIN_KEY, { 'x-tenant-id': 'nowhere' }).get('/api/v1/agents')).status).toBe(404);
  });

  it('the same holds for a body; an administrator names a tenant once', async () => {
    for (const tenantId of ['body-1', 'body-2']) await admin.post('/api/v1/admin/tenants', { tenantId, name: tenantId });
    const stats = (tenantId: string): object => ({ actionType: 'migration.get_migration_stats', tenantId, data: {} });
    const internal = as((await newKey('body-1', { scopes: ['internal'] })).key);
    expect(await internal.post('/api/v1/actions', stats('body-2'))).toMatchObject({ status: 403, body: { code: 'TENANT_MISMATCH' } });
    expect(await internal.post('/api/v1/actions', stats('body-1'))).toMatchObject({ status: 202 });
    expect(await admin.post('/api/v1/actions?wait=true', stats('body-2'))).toMatchObject({ status: 200, body: { data: { tenantId: 'body-2' } } });
    expect(await admin.post('/api/v1/actions', stats('nobody'))).toMatchObject({ status: 404, body: { code: 'TENANT_NOT_FOUND' } });
    expect(await as(ADMIN_KEY, { 'x-tenant-id': 'body-1' }).post('/api/v1/actions', stats('body-2'))).toMatchObject({ status: 403, body: { code: 'TENANT_MISMATCH' } });
  });

  it('a tenant that is switched off is refused in the development mode, too', async () => {
    const development = await startTestApp({ NOOBLE_ADMIN_KEY: ADMIN_KEY }, { beside: nooble });
    const acme = development.client('dev-tenant');
    expect((await acme.get('/api/v1/agents')).status).toBe(200);
    await admin.patch('/api/v1/admin/tenants/dev-tenant', { isActive: false });
    await waitFor('its end', async () => (await acme.get<ErrorAnswer>('/api/v1/agents')).body.code === 'TENANT_INACTIVE');
    await development.close();
  });
});
