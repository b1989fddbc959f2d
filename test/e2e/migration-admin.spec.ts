import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Bull from 'bull';
import { ACTION_ALIASES, type ActionAnsweredData, type ActionType, newId } from '../../src/contracts/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { StrayJobs } from '../../src/shared/actions/stray-jobs.service.js';
import { ApiClient, type ErrorAnswer } from '../support/api-client.js';
import { Conversations, NOTHING_BY_ITSELF } from '../support/conversations.js';
import { Migration } from '../support/migration.js';
import { redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const ADMIN_KEY = 'an-administrator-of-these-tests-0001';

let nooble: TestApp;
const as = (key: string, headers: Record<string, string> = {}): ApiClient => new ApiClient(nooble.url, { authorization: `Bearer ${key}`, ...headers });
const root = (): ApiClient => as(ADMIN_KEY);
const callers = new Map<string, ApiClient>();
const caller = (tenantId: string, scope: string): ApiClient => callers.get(`${tenantId}.${scope}`)!;

beforeAll(async () => {
  nooble = await startTestApp({ ...NOTHING_BY_ITSELF, AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY });
  for (const tenantId of ['acme', 'other']) {
    await root().post('/api/v1/admin/tenants', { tenantId, name: tenantId, tier: 'enterprise' });
    for (const scope of ['user', 'operator', 'internal', 'admin']) {
      const { body } = await root().post<{ key: string }>('/api/v1/admin/api-keys', { tenantId, name: scope, scopes: [scope] });
      callers.set(`${tenantId}.${scope}`, as(body.key));
    }
  }
});
afterAll(async () => {
  await nooble.close();
});

/** @returns a conversation of the tenant with one message */
const begun = async (tenantId = 'acme'): Promise<string> => {
  const all = new Conversations(caller(tenantId, 'user'));
  const conversationId = await all.begin();
  await all.say(conversationId, 'hi');
  return conversationId;
};

describe('the migration over REST', () => {
  it('is started and stopped by administrators alone', async () => {
    for (const verb of ['start', 'stop', 'start']) {
      for (const scope of ['user', 'operator', 'internal']) expect(await caller('acme', scope).post(`/api/v1/admin/migration/${verb}`)).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING' } });
      expect(await caller('acme', 'admin').post(`/api/v1/admin/migration/${verb}`)).toMatchObject({ status: 200, body: { status: verb === 'stop' ? 'stopped' : 'running' } });
      expect(await root().post(`/api/v1/admin/migration/${verb}`)).toMatchObject({ status: 200, body: { changed: false } });
    }
  });

  it('tells an operator of his own tenant, and an administrator of all or of one', async () => {
    await new Migration(caller('acme', 'operator')).migrate(await begun());
    await new Migration(caller('other', 'operator')).migrate(await begun('other'));
    const [acme, other, all] = [caller('acme', 'operator'), caller('other', 'operator'), root()].map((client) => new Migration(client));
    const [ofAcme, ofOther, ofAll] = [await acme!.stats(), await other!.stats(), await all!.stats()];
    expect([ofAcme, ofOther, ofAll].map(({ tenantId }) => tenantId)).toEqual(['acme', 'other', null]);
    expect(ofAll.migrations.completed).toBe(ofAcme.migrations.completed + ofOther.migrations.completed);
    expect(await all!.stats('?tenantId=acme')).toEqual(ofAcme);
    expect(await acme!.stats('?tenantId=acme')).toEqual(ofAcme);
    expect(await caller('acme', 'operator').get('/api/v1/admin/migration?tenantId=other')).toMatchObject({ status: 403, body: { code: 'TENANT_MISMATCH' } });
    expect(await caller('acme', 'user').get('/api/v1/admin/migration')).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING' } });
    expect(await caller('acme', 'admin').get('/api/v1/admin/migration?tenantId=a:b')).toMatchObject({ status: 400 });
  });

  it('moves an operator’s own conversation, and nobody else’s', async () => {
    const conversationId = await begun();
    expect(await new Migration(caller('other', 'operator')).migrate(conversationId)).toMatchObject({ status: 404, body: { code: 'CONVERSATION_NOT_FOUND' } });
    expect(await new Migration(caller('acme', 'user')).migrate(conversationId)).toMatchObject({ status: 403 });
    expect(await new Migration(root()).migrate(conversationId)).toMatchObject({ status: 400, body: { code: 'TENANT_UNNAMED' } });
    expect(await new Migration(as(ADMIN_KEY, { 'x-tenant-id': 'acme' })).migrate(conversationId, { cleanupMemory: false })).toMatchObject({ status: 200, body: { archivedSeq: 1, movedMessages: 1, isMemoryFreed: false } });
    expect(await new Migration(caller('acme', 'operator')).migrate(newId())).toMatchObject({ status: 404 });
    expect(await new Migration(caller('acme', 'operator')).migrate('x')).toMatchObject({ status: 400 });
    expect(await new Migration(caller('acme', 'operator')).migrate(conversationId, { surprise: 1 })).toMatchObject({ status: 400 });
  });
});

describe('the migration by actions', () => {
  const send = (client: ApiClient, actionType: string, data: object = {}): Promise<{ status: number; body: { actionType: string; data: Record<string, unknown> } & ErrorAnswer }> =>
    client.post('/api/v1/actions?wait=true', { actionType, data });

  it.each([
    ['migration.stop_migration_loop', 'migration.start_migration_loop', 'migration.get_migration_stats', 'migration.migrate_conversation_explicitly'],
    ['migration.stop', 'migration.start', 'migration.get_stats', 'migration.migrate_conversation'],
  ])('%s, %s, %s, %s do what REST does', async (stop, start, getStats, migrate) => {
    const [admin, internal] = [caller('acme', 'admin'), caller('acme', 'internal')];
    expect(await send(admin, stop)).toMatchObject({ status: 200, body: { actionType: ACTION_ALIASES[stop as 'migration.stop'] ?? stop, data: { status: 'stopped', changed: true } } });
    const conversationId = await begun();
    expect(await send(internal, migrate, { conversationId })).toMatchObject({ status: 200, body: { data: { conversationId, archivedSeq: 1, movedMessages: 1, isMemoryFreed: true } } });
    expect(await send(internal, migrate, { conversationId: newId() })).toMatchObject({ status: 404, body: { code: 'CONVERSATION_NOT_FOUND' } });
    expect(await send(caller('other', 'internal'), migrate, { conversationId })).toMatchObject({ status: 404 });
    expect(await send(internal, getStats)).toMatchObject({ status: 200, body: { data: { tenantId: 'acme', status: 'stopped' } } });
    expect(await send(root(), getStats)).toMatchObject({ status: 200, body: { data: { tenantId: null, status: 'stopped' } } });
    expect(await send(admin, start)).toMatchObject({ status: 200, body: { data: { status: 'running', changed: true } } });
  });

  it('refuse the loop to all but administrators, and what is a tenant’s to a key without one', async () => {
    for (const type of ['migration.start', 'migration.stop_migration_loop']) expect(await send(caller('acme', 'internal'), type)).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING', details: { scope: 'admin' } } });
    expect(await send(root(), 'migration.migrate_conversation', { conversationId: newId() })).toMatchObject({ status: 400, body: { code: 'TENANT_UNNAMED' } });
    expect(await send(root(), 'migration.sweep')).toMatchObject({ status: 400, body: { code: 'TENANT_UNNAMED' } });
    expect(await send(root(), 'migration.start')).toMatchObject({ status: 200 });
  });

  it.each(Object.entries(ACTION_ALIASES))('%s, put into a queue of its own name or of %s, is done and answered', async (alias, type) => {
    const answers = new Bull<{ correlationId: string; data: ActionAnsweredData }>(`answers.${alias}`, redisUrl, { prefix: keys.queues() });
    const heard = new Map<string, ActionAnsweredData>();
    void answers.process((job) => Promise.resolve(void heard.set(job.data.correlationId, job.data.data)));
    try {
      for (const name of [alias, type]) {
        const correlationId = newId();
        const queue = new Bull(name, redisUrl, { prefix: keys.queues() });
        const envelope = { actionId: newId(), taskId: newId(), tenantId: 'acme', tenantTier: 'enterprise', metadata: {}, createdAt: new Date().toISOString() };
        const data = type === 'migration.migrate_conversation_explicitly' ? { conversationId: await begun() } : {};
        await queue.add({ ...envelope, actionType: alias, correlationId, callbackQueueName: `answers.${alias}`, data });
        await nooble.app.get(StrayJobs, { strict: false }).forwardAliases();
        const answer = await waitFor('the answer', () => heard.get(correlationId));
        expect(answer).toMatchObject({ answered: type satisfies ActionType, success: true, error: null, data: expect.any(Object) });
        // The answer is there before its job is gone.
        await waitFor('the end of its job', async () => {
          const { waiting, active, failed, delayed } = await queue.getJobCounts();
          return waiting + active + failed + delayed === 0;
        });
        await queue.close();
      }
    } finally {
      await answers.close();
    }
  });

  it('take no alias as the queue of an answer', async () => {
    const body = { actionType: 'migration.get_stats', data: {}, callbackQueueName: 'migration.start' };
    expect(await caller('acme', 'internal').post('/api/v1/actions', body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  });
});
