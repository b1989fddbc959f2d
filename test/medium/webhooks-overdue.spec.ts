import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Queue } from 'bull';
import { type DomainAction, newId, SYSTEM_TENANT } from '../../src/contracts/index.js';
import { SweepRunsHandler } from '../../src/modules/execution/actions/sweep-runs.handler.js';
import { QueueRegistry } from '../../src/shared/actions/queue-registry.service.js';
import { DeadLettersStore } from '../../src/shared/actions/dead-letters.store.js';
import { Transactions } from '../../src/shared/database/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { HookServer } from '../support/hook-server.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';
import { endSweeps } from '../support/sweeps.js';

interface Delivery {
  readonly status: string;
  readonly tries: readonly { readonly httpStatus: number | null; readonly error: { readonly code: string } | null }[];
}

const SETTINGS = { WEBHOOK_SECRET: 's'.repeat(40), WEBHOOK_RETRY_SECONDS: '600', OUTBOUND_ALLOWED_PRIVATE: '127.0.0.1' };

describe('a delivery of a webhook whose job Redis has lost', () => {
  let nooble: TestApp;
  let receiver: HookServer;
  let acme: ApiClient;
  let agentId: string;
  let queue: Queue;

  beforeAll(async () => {
    [nooble, receiver] = await Promise.all([startTestApp(SETTINGS), HookServer.start()]);
    acme = nooble.client('acme');
    agentId = await createAgent(acme);
    const queues = nooble.app.get(QueueRegistry, { strict: false });
    queue = queues.get('execution.deliver_webhook');
    // These tests say when somebody looks.
    await endSweeps(nooble, 'execution.sweep');
  });
  afterEach(async () => {
    await queue.resume();
    await nooble.database.query('DELETE FROM webhook_deliveries');
  });
  afterAll(async () => {
    await nooble.close();
    await receiver.close();
  });

  const start = async (webhookUrl: string): Promise<string> => (await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello', webhookUrl })).body.executionId;
  const deliveryOf = async (executionId: string): Promise<Delivery | undefined> => (await acme.get<{ data: Delivery[] }>(`/api/v1/webhooks/deliveries?executionId=${executionId}`)).body.data[0];
  const is = async (executionId: string, status: string, tries: number): Promise<Delivery> =>
    waitFor(`the delivery to be ${status} after ${String(tries)} tries`, async () => {
      const found = await deliveryOf(executionId);
      return found?.status === status && found.tries.length === tries && found;
    });
  const sweep = async (): Promise<void> => nooble.app.get(SweepRunsHandler, { strict: false }).handle({} as DomainAction<'execution.sweep'>, { signal: new AbortController().signal, attempt: 1 });
  const jobs = async (): Promise<string[]> => (await queue.getJobs(['waiting', 'paused', 'delayed', 'active'])).map(({ data }) => (data as DomainAction<'execution.deliver_webhook'>).data.executionId);
  const loseJobs = async (): Promise<void> => {
    for (const job of await queue.getJobs(['waiting', 'paused', 'delayed'])) await job.remove();
    expect(await jobs()).toEqual([]);
  };
  const becomeOverdue = async (interval: string): Promise<unknown> => nooble.database.query('UPDATE webhook_deliveries SET next_try_at = now() - $1::interval', [interval]);

  it('before its first try is made after a sweep', async () => {
    await queue.pause();
    const executionId = await start(receiver.on('/first'));
    await is(executionId, 'pending', 0);
    await waitFor('its job', async () => (await jobs()).includes(executionId));
    await loseJobs();
    await becomeOverdue('10 minutes');
    await sweep();
    await queue.resume();
    await is(executionId, 'delivered', 1);
    expect(receiver.at('/first')).toHaveLength(1);
  });

  it('between two tries is made after a sweep, once it is overdue and not before', async () => {
    const executionId = await start(receiver.on('/second', (response, calls) => void response.writeHead(calls === 1 ? 503 : 200).end()));
    await is(executionId, 'pending', 1);
    await waitFor('its next job', async () => (await jobs()).includes(executionId));
    await loseJobs();
    await sweep();
    await becomeOverdue('4 minutes');
    await sweep();
    expect(await jobs()).toEqual([]);
    await becomeOverdue('6 minutes');
    await sweep();
    expect((await is(executionId, 'delivered', 2)).tries.map(({ httpStatus }) => httpStatus)).toEqual([503, 200]);
  });

  it('has one job, however often somebody looks, and none if it has ended', async () => {
    await queue.pause();
    const executionId = await start(receiver.on('/once'));
    await waitFor('its job', async () => (await jobs()).includes(executionId));
    await loseJobs();
    await becomeOverdue('10 minutes');
    await Promise.all([sweep(), sweep(), sweep()]);
    await sweep();
    expect(await jobs()).toEqual([executionId]);
    await queue.resume();
    await is(executionId, 'delivered', 1);
    await sweep();
    expect([await jobs(), receiver.at('/once').length]).toEqual([[], 1]);
  });

  it('is found in batches, of all tenants, by an index', async () => {
    await queue.pause();
    const row = "'execution.completed', 'http://127.0.0.1:1/', 'pending', 1, timestamptz '2026-01-01' + (i % 7) * interval '1 second'";
    await nooble.database.query(`INSERT INTO webhook_deliveries (tenant_id, delivery_id, type, url, status, tries_left, next_try_at) SELECT 'tenant-' || i % 3, gen_random_uuid(), ${row} FROM generate_series(1, 450) i`);
    await sweep();
    const found = await jobs();
    expect([found.length, new Set(found).size]).toEqual([450, 450]);
    await loseJobs();
    await nooble.database.query(`INSERT INTO webhook_deliveries (tenant_id, delivery_id, type, url, status, tries_left) SELECT 'tenant', gen_random_uuid(), 'execution.completed', 'x', 'delivered', 0 FROM generate_series(1, 20000)`);
    await nooble.database.query('ANALYZE webhook_deliveries');
    const sql = "EXPLAIN SELECT delivery_id FROM webhook_deliveries WHERE status = 'pending' AND next_try_at < now() AND (next_try_at, tenant_id, delivery_id) > (timestamptz 'epoch', '', $1::uuid) ORDER BY next_try_at, tenant_id, delivery_id LIMIT 200";
    const asSystem = nooble.app.get(Transactions, { strict: false }).within(SYSTEM_TENANT, undefined, (manager) => manager.query<object[]>(sql, [newId()]));
    expect(JSON.stringify(await asSystem)).toContain('webhook_deliveries_due');
  });

  it('that no try can make is given up with the reason, so it is one dead letter', async () => {
    const executionId = newId();
    const letters = nooble.app.get(DeadLettersStore, { strict: false });
    await nooble.database.query("INSERT INTO webhook_deliveries (tenant_id, delivery_id, type, url, status, tries_left, next_try_at) VALUES ('acme', $1, 'execution.completed', 'http://127.0.0.1:1/', 'pending', 5, '2026-01-01')", [executionId]);
    await sweep();
    expect((await is(executionId, 'failed', 1)).tries[0]).toMatchObject({ httpStatus: null, error: { code: 'EXECUTION_NOT_FOUND' } });
    await sweep();
    expect(await jobs()).toEqual([]);
    expect((await letters.page(10)).data.map(({ code }) => code)).toEqual(['EXECUTION_NOT_FOUND']);
  });
});
