import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditLogRepository } from '../../src/modules/tenancy/audit/audit-log.repository.js';
import { newId } from '../../src/contracts/index.js';
import { ApiClient, type ErrorAnswer } from '../support/api-client.js';
import { NOTHING_BY_ITSELF } from '../support/conversations.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

const ADMIN_KEY = 'an-administrator-of-these-tests-0003';

interface Entry {
  readonly entryId: string;
  readonly tenantId: string;
  readonly action: string;
  readonly target: string | null;
  readonly outcome: string | null;
  readonly requestId: string;
  readonly at: string;
  readonly endedAt: string | null;
  readonly actor: { readonly kind: string; readonly keyId: string | null; readonly name: string | null };
  readonly details: Record<string, unknown>;
}
interface Page {
  readonly data: Entry[];
  readonly nextCursor: string | null;
}

let nooble: TestApp;
let admin: ApiClient;
let operator: ApiClient;
let operatorKeyId: string;

const as = (key: string, headers: Record<string, string> = {}): ApiClient => new ApiClient(nooble.url, { authorization: `Bearer ${key}`, ...headers });
const log = async (query = '', client = admin): Promise<Page> => (await client.get<Page>(`/api/v1/crm/audit?${query}`)).body;
const newest = async (query = '', client = admin): Promise<Entry> => (await log(`limit=1&${query}`, client)).data[0]!;

beforeAll(async () => {
  nooble = await startTestApp({ ...NOTHING_BY_ITSELF, AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY });
  admin = as(ADMIN_KEY);
  for (const tenantId of ['acme', 'globex']) await admin.post('/api/v1/admin/tenants', { tenantId, name: tenantId });
  const { body } = await admin.post<{ key: string; keyId: string }>('/api/v1/admin/api-keys', { tenantId: 'acme', name: 'desk', scopes: ['operator'] });
  operator = as(body.key);
  operatorKeyId = body.keyId;
});
afterAll(() => nooble.close());

describe('the audit log', () => {
  it('has who did what to whom, with the request and the outcome, and not the key that was made', async () => {
    const { headers, body } = await admin.with({ 'x-request-id': 'req-1' }).post<{ key: string; keyId: string }>('/api/v1/admin/api-keys', { tenantId: 'acme', name: 'second', scopes: ['user', 'agent'] });
    expect(headers.get('x-request-id')).toBe('req-1');
    const entry = await newest('action=api_key.create');
    expect(entry).toMatchObject({
      ...{ tenantId: 'acme', action: 'api_key.create', outcome: 'success', requestId: 'req-1', actor: { kind: 'adminKey', keyId: null, name: 'NOOBLE_ADMIN_KEY' } },
      details: { name: 'second', scopes: ['user', 'agent'], keyId: body.keyId },
    });
    expect(entry.endedAt! >= entry.at).toBe(true);
    expect(JSON.stringify(await nooble.database.query('SELECT * FROM audit_log'))).not.toContain(body.key);
  });

  it('has which label and which note it was about', async () => {
    const conversation = `/api/v1/crm/conversations/${newId()}`;
    await operator.call('PUT', `${conversation}/labels/urgent`);
    expect(await newest('action=conversation.label')).toMatchObject({ outcome: 'CONVERSATION_NOT_FOUND', details: { label: 'urgent' } });
    await operator.delete(`${conversation}/labels/urgent`);
    expect(await newest('action=conversation.unlabel')).toMatchObject({ details: { label: 'urgent' } });
    const noteId = newId();
    await operator.delete(`${conversation}/notes/${noteId}`);
    expect(await newest('action=conversation.unnote')).toMatchObject({ details: { noteId } });
    const executionId = newId();
    await operator.post(`${conversation}/executions/${executionId}/cancel`);
    expect(await newest('action=execution.cancel')).toMatchObject({ outcome: 'EXECUTION_NOT_FOUND', details: { executionId } });
  });

  it('has what failed, by its code', async () => {
    await operator.post(`/api/v1/admin/migration/conversations/${newId()}`);
    expect(await newest('action=migration.move')).toMatchObject({ outcome: 'CONVERSATION_NOT_FOUND', actor: { kind: 'key', keyId: operatorKeyId, name: 'desk' } });
    await admin.post('/api/v1/admin/tenants', { tenantId: 'acme' });
    expect(await newest('action=tenant.create')).toMatchObject({ tenantId: 'acme', outcome: 'VALIDATION_FAILED' });
  });

  it('has no entry of what nobody was allowed to do, nor of what is only read', async () => {
    const before = (await log()).data.length;
    expect((await operator.post('/api/v1/admin/migration/stop')).status).toBe(403);
    expect((await operator.get('/api/v1/crm/stats')).status).toBe(200);
    expect((await log()).data).toHaveLength(before);
  });

  it('has actions that administrators send, under either of their names, and none of those that every program may send', async () => {
    for (const actionType of ['migration.start_migration_loop', 'migration.start']) {
      const { body } = await admin.post<{ actionId: string }>('/api/v1/actions', { actionType, data: {} });
      expect(await newest('action=action.send')).toMatchObject({ details: { actionType, actionId: body.actionId }, outcome: 'success' });
    }
    const { entryId } = await newest('action=action.send');
    await admin.post('/api/v1/actions', { actionType: 'migration.get_migration_stats', data: {} });
    expect((await newest('action=action.send')).entryId).toBe(entryId);
  });

  it('shows an operator what was done to his tenant by whomever, and nothing of others', async () => {
    await admin.post('/api/v1/admin/cache/invalidate', { tenantId: 'globex' });
    await admin.post('/api/v1/admin/cache/invalidate', { tenantId: 'acme' });
    expect((await log('limit=200', operator)).data.every(({ tenantId }) => tenantId === 'acme')).toBe(true);
    expect(await newest('action=cache', operator)).toMatchObject({ action: 'cache.invalidate', actor: { kind: 'adminKey' } });
    expect(await newest('', admin.with({ 'x-tenant-id': 'globex' }))).toMatchObject({ tenantId: 'globex', action: 'cache.invalidate' });
    expect(new Set((await log('limit=200')).data.map(({ tenantId }) => tenantId)).size).toBeGreaterThan(2);
  });

  it('shows an operator what was done to his tenant itself, and to its keys, and what was asked for', async () => {
    const made = await admin.post<{ keyId: string }>('/api/v1/admin/api-keys', { tenantId: 'acme', name: 'short-lived', scopes: ['user'] });
    const seen = (action: string): Promise<Entry> => newest(`action=${action}`, operator);
    await admin.patch('/api/v1/admin/tenants/acme', { tier: 'professional' });
    expect(await seen('tenant.update')).toMatchObject({ tenantId: 'acme', target: 'acme', outcome: 'success', details: { tier: 'professional' } });
    await admin.call('PUT', '/api/v1/admin/tenants/acme/limits', { requestsPerMinute: 7, models: ['builtin/*'] });
    expect(await seen('tenant.limits')).toMatchObject({ tenantId: 'acme', target: 'acme', details: { requestsPerMinute: 7, models: ['builtin/*'] } });
    await admin.post(`/api/v1/admin/api-keys/${made.body.keyId.toUpperCase()}/rotate`, { overlapSeconds: 5 });
    expect(await seen('api_key.rotate')).toMatchObject({ tenantId: 'acme', outcome: 'success', details: { overlapSeconds: 5 } });
    await admin.delete(`/api/v1/admin/api-keys/${made.body.keyId}`);
    expect(await seen('api_key.revoke')).toMatchObject({ tenantId: 'acme', target: made.body.keyId, outcome: 'success' });
    await admin.delete('/api/v1/admin/api-keys/none');
    expect(await newest('action=api_key.revoke')).toMatchObject({ tenantId: '~system', outcome: 'VALIDATION_FAILED' });
  });

  it('is filtered by actor, action, target and time, and read page by page', async () => {
    const conversationId = newId();
    const from = new Date().toISOString();
    for (let i = 0; i < 5; i++) await operator.post(`/api/v1/admin/migration/conversations/${conversationId}`);
    const seen: Entry[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page = await log(`limit=2&actor=desk&target=${conversationId}&from=${from}${cursor && `&cursor=${cursor}`}`);
      expect(page.data.length).toBeLessThanOrEqual(2);
      seen.push(...page.data);
      cursor = page.nextCursor;
    }
    expect(seen).toHaveLength(5);
    expect(seen.map(({ entryId }) => entryId)).toEqual(seen.map(({ entryId }) => entryId).toSorted().reverse());
    expect((await log(`actor=${operatorKeyId}&target=${conversationId}`)).data).toHaveLength(5);
    expect((await log(`target=${conversationId}&to=${from}`)).data).toEqual([]);
    expect((await log('actor=nobody')).data).toEqual([]);
    expect(await admin.get<ErrorAnswer>('/api/v1/crm/audit?cursor=x')).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'cursor' }] } } });
  });

  it('takes no change and no removal, from whomever', async () => {
    for (const sql of ["UPDATE audit_log SET outcome = 'nothing'", 'DELETE FROM audit_log', 'TRUNCATE audit_log']) {
      await expect(nooble.database.query(sql)).rejects.toThrow('append-only');
    }
  });

  it('may only be read and added to by the role that the server works as', async () => {
    const rights = await nooble.database.query<{ right: string }>("SELECT privilege_type AS right FROM information_schema.role_table_grants WHERE grantee = 'nooble_app' AND table_name = 'audit_log' ORDER BY 1");
    expect(rights.map(({ right }) => right)).toEqual(['INSERT', 'SELECT']);
  });

  it('that cannot be written stops the action before it is done, and says so', async () => {
    const entries = nooble.app.get(AuditLogRepository, { strict: false });
    const insertAction = entries.insertAction.bind(entries);
    entries.insertAction = () => Promise.reject(new Error('the disk is full'));
    const refused = await admin.post<ErrorAnswer>('/api/v1/admin/tenants', { tenantId: 'untold', name: 'Untold' });
    entries.insertAction = insertAction;
    expect(refused).toMatchObject({ status: 503, body: { code: 'AUDIT_UNAVAILABLE', message: expect.stringContaining('nothing was done') } });
    expect(await nooble.database.query("SELECT 1 FROM tenants WHERE tenant_id = 'untold'")).toEqual([]);
  });

  it('that has the beginning of an action and not its outcome shows it so, and the caller hears that it was done', async () => {
    const entries = nooble.app.get(AuditLogRepository, { strict: false });
    const insertOutcome = entries.insertOutcome.bind(entries);
    entries.insertOutcome = () => Promise.reject(new Error('the disk is full'));
    const answered = await admin.post<ErrorAnswer>('/api/v1/admin/tenants', { tenantId: 'halftold', name: 'Half' });
    entries.insertOutcome = insertOutcome;
    expect(answered).toMatchObject({ status: 503, body: { code: 'AUDIT_OUTCOME_UNKNOWN', message: expect.stringContaining('was done') } });
    expect(await nooble.database.query("SELECT 1 FROM tenants WHERE tenant_id = 'halftold'")).toHaveLength(1);
    expect(await newest('', admin.with({ 'x-tenant-id': 'halftold' }))).toMatchObject({ action: 'tenant.create', outcome: null, endedAt: null });
  });
});
