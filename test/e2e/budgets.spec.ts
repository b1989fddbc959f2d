import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { keys, type Redis } from '../../src/shared/redis/index.js';
import { createAgent } from '../factories/agent.js';
import { type Answer, ApiClient, type ErrorAnswer } from '../support/api-client.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const ADMIN_KEY = 'an-administrator-of-these-tests-0001';
const CROWD = 200;
const CROWD_MS = 90_000;

interface Turn extends ErrorAnswer {
  readonly executionId?: string;
}
interface Standing {
  readonly used: number;
  readonly reserved: number;
  readonly left: number | null;
}

/** Two processes that take requests, and one that runs turns. */
describe(`${String(CROWD)} requests at once on one key, by two processes`, () => {
  let database: TestDatabase;
  let redis: Redis;
  let servers: ServerProcess[];
  let urls: string[];
  const environment = (): Record<string, string> => ({ AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY, DATABASE_URL: database.url, REDIS_URL: redisUrl, MIGRATION_INTERVAL_SECONDS: '86400', MODEL_PRICES: 'builtin/chat=3/7' });

  beforeAll(async () => {
    database = await createDatabase();
    redis = await emptyRedis();
    servers = await Promise.all(['api', 'api', 'worker'].map((NOOBLE_ROLE) => ServerProcess.start({ ...environment(), NOOBLE_ROLE })));
    urls = await Promise.all(servers.slice(0, 2).map((server) => server.url()));
  }, CROWD_MS);
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.end('SIGTERM')));
    redis.disconnect();
    await database.drop();
  });

  const admin = (): ApiClient => new ApiClient(urls[0]!, { authorization: `Bearer ${ADMIN_KEY}` });
  const limited = async (limits: object): Promise<{ tenantId: string; clients: ApiClient[]; agentId: string }> => {
    const tenantId = `t-${newId()}`;
    await admin().post('/api/v1/admin/tenants', { tenantId, name: tenantId, tier: 'enterprise' });
    await admin().call('PUT', `/api/v1/admin/tenants/${tenantId}/limits`, limits);
    const { body } = await admin().post<{ key: string }>('/api/v1/admin/api-keys', { tenantId, name: 'one', scopes: ['user', 'agent'] });
    const clients = urls.map((url) => new ApiClient(url, { authorization: `Bearer ${body.key}` }));
    return { tenantId, clients, agentId: await createAgent(clients[0]!, '@delay 2', { maxTokens: 40 }) };
  };
  const crowd = (clients: readonly ApiClient[], agentId: string): Promise<Answer<Turn>[]> =>
    Promise.all(Array.from({ length: CROWD }, (_, i) => clients[i % 2]!.post<Turn>(`/api/v1/agents/${agentId}/executions`, { message: `number ${String(i)}`, sessionId: newId() })));
  const standing = async (client: ApiClient, name: string): Promise<Standing> => (await client.get<{ standings: Record<string, Standing> }>('/api/v1/usage')).body.standings[name]!;
  const inPostgres = async (tenantId: string): Promise<{ tokens: number; cost: number; runs: number }> => {
    const [row] = await database.query<{ tokens: string; cost: string; runs: string }>("SELECT coalesce(sum((usage->>'totalTokens')::int), 0) tokens, coalesce(sum(cost_micros), 0) cost, count(*) runs FROM executions WHERE tenant_id = $1", [tenantId]);
    return { tokens: Number(row!.tokens), cost: Number(row!.cost), runs: Number(row!.runs) };
  };
  const ended = (tenantId: string): Promise<unknown> => waitFor('every run to be in PostgreSQL', async () => (await redis.zcard(keys.runs(tenantId))) === 0, CROWD_MS);

  it.each([['tokensPerDay', 2_500], ['tokensPerMonth', 1_500], ['costMicrosPerDay', 5_000]] as const)('never spend more than %s, and are told what is left', async (name, budget) => {
    const { tenantId, clients, agentId } = await limited({ [name]: budget });
    const spent = ({ tokens, cost }: { tokens: number; cost: number }): number => (name.startsWith('tokens') ? tokens : cost);
    let [accepted, refused] = [0, [] as Answer<Turn>[]];
    // Until nothing more is let in: what is reserved and not used is given back each time.
    for (let before = -1; before !== accepted; ) {
      before = accepted;
      const answers = await crowd(clients, agentId);
      expect(new Set(answers.map(({ status, body }) => `${String(status)} ${body.code ?? ''}`))).toEqual(new Set([...(answers.some(({ status }) => status === 202) ? ['202 '] : []), '429 BUDGET_EXHAUSTED']));
      accepted += answers.filter(({ status }) => status === 202).length;
      refused = answers.filter(({ status }) => status === 429);
      const { used, reserved } = await standing(clients[1]!, name);
      expect(used + reserved).toBeLessThanOrEqual(budget);
      await ended(tenantId);
    }
    const { used, reserved, left } = await standing(clients[0]!, name);
    const kept = await inPostgres(tenantId);
    expect([kept.runs, spent(kept), reserved, left]).toEqual([accepted, used, 0, budget - used]);
    const { needed } = refused[0]!.body.details as { needed: number };
    expect(used + needed).toBeGreaterThan(budget);
    expect(used).toBeLessThanOrEqual(budget);
    expect(refused[0]!.body).toMatchObject({ code: 'BUDGET_EXHAUSTED', details: { limit: name, [name]: budget, left: budget - used, renewedAt: expect.stringMatching(/T00:00:00\.000Z$/), retryAfterMs: expect.any(Number) } });
  }, CROWD_MS);

  it('are let in exactly as often as a minute allows', async () => {
    const { clients, agentId } = await limited({ requestsPerMinute: 37 });
    const answers = await crowd(clients, agentId);
    expect([answers.filter(({ status }) => status === 202).length, answers.filter(({ body }) => body.code === 'RATE_LIMITED').length]).toEqual([37, CROWD - 37]);
  }, CROWD_MS);

  it('find the usage of the day again after Redis has lost it', async () => {
    const { tenantId, clients, agentId } = await limited({ tokensPerDay: 100_000 });
    await clients[0]!.post(`/api/v1/agents/${agentId}/executions?wait=true`, { message: 'hello' });
    await ended(tenantId);
    const before = await standing(clients[0]!, 'tokensPerDay');
    expect(before.used).toBeGreaterThan(0);
    await redis.del(keys.usage(tenantId), keys.reservations(tenantId));
    expect(await standing(clients[1]!, 'tokensPerDay')).toEqual(before);
    await redis.del(keys.usage(tenantId));
    await admin().call('PUT', `/api/v1/admin/tenants/${tenantId}/limits`, { tokensPerDay: before.used });
    expect(await clients[0]!.post(`/api/v1/agents/${agentId}/executions`, { message: 'hello' })).toMatchObject({ status: 429, body: { code: 'BUDGET_EXHAUSTED', details: { used: before.used } } });
  }, CROWD_MS);
});
