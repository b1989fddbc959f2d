import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import { ApiClient } from '../support/api-client.js';
import { cachesAreUp } from '../support/caches.js';
import { ServerProcess } from '../support/server-process.js';
import { createDatabase, emptyRedis, redisUrl, templateUrl } from '../support/services.js';
import { SqlCounter } from '../support/sql-counter.js';
import { endSweeps } from '../support/sweeps.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { startTestApp } from '../support/test-app.js';

const ADMIN_KEY = 'an-administrator-of-these-tests-0001';
/** No sweep comes in between: it asks for all tenants. */
const QUIET = { MIGRATION_INTERVAL_SECONDS: '86400', NOOBLE_ADMIN_KEY: ADMIN_KEY };
const CONFIGURATION = ['agents', 'agent_versions', 'tenants', 'api_keys'];
const TURNS = 10;

describe('what the turns of one conversation ask of PostgreSQL', () => {
  let postgres: TcpProxy;
  let sql: SqlCounter;

  beforeAll(async () => {
    postgres = await TcpProxy.inFrontOf(Number(new URL(templateUrl).port));
    sql = new SqlCounter(postgres);
  });
  beforeEach(() => {
    sql.clear();
  });
  afterAll(async () => {
    await postgres.close();
  });

  /** One turn to its end, by two requests. @returns the statements that asked for configuration */
  const turn = async (client: ApiClient, agentId: string, sessionId: string): Promise<string[]> => {
    sql.clear();
    const { status, body } = await client.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello', sessionId });
    expect(status).toBe(202);
    expect((await client.events(body.executionId)).at(-1)?.type).toBe('execution.completed');
    // A sweep asks for all tenants; a turn asks for one of something.
    return sql.naming(...CONFIGURATION).filter((statement) => statement.includes('WHERE'));
  };

  const turns = async (what: string, client: ApiClient, agentId: string): Promise<string[][]> => {
    const seen: string[][] = [];
    for (let i = 0; i < TURNS; i++) seen.push(await turn(client, agentId, 'one-session'));
    const [first = [], ...warm] = seen;
    const without = `without the cache ${String(2 * TURNS)} reads of the agent${what.includes('keys') ? ` and ${String(2 * TURNS)} of the key` : ''}`;
    process.stdout.write(`zero-query: ${what}: ${String(TURNS)} turns, ${String(seen.flat().length)} statements for configuration (first turn ${String(first.length)}, each warm turn ${String(Math.max(...warm.map(({ length }) => length)))}); ${without}\n`);
    return seen;
  };

  const keyed = async (url: string): Promise<ApiClient> => {
    const admin = new ApiClient(url, { authorization: `Bearer ${ADMIN_KEY}` });
    await admin.post('/api/v1/admin/tenants', { tenantId: 'acme', name: 'Acme', tier: 'enterprise' });
    const { body } = await admin.post<{ key: string }>('/api/v1/admin/api-keys', { tenantId: 'acme', name: 'test', scopes: ['user', 'agent'] });
    return new ApiClient(url, { authorization: `Bearer ${body.key}` });
  };

  it.each(['headers', 'keys'] as const)('in one process, AUTH_MODE=%s: ten turns read the agent once, and a warm turn asks for nothing', async (AUTH_MODE) => {
    const nooble = await startTestApp({ ...QUIET, AUTH_MODE }, { databasePort: postgres.port });
    try {
      await endSweeps(nooble);
      await cachesAreUp(nooble.url);
      const client = AUTH_MODE === 'keys' ? await keyed(nooble.url) : nooble.client('acme');
      const agentId = await createAgent(client);
      const [first, ...warm] = await turns(`one process, ${AUTH_MODE}`, client, agentId);
      expect(first).toEqual([expect.stringMatching(/FROM "agents"/)]);
      expect(warm).toEqual(warm.map(() => []));
      const [edited] = [await client.patch(`/api/v1/agents/${agentId}`, { name: 'Edited' })];
      expect(edited.status).toBe(200);
      expect(await turn(client, agentId, 'one-session')).toEqual([expect.stringMatching(/FROM "agents"/)]);
    } finally {
      await nooble.close();
    }
  });

  it.each(['headers', 'keys'] as const)('in two processes, api and worker, AUTH_MODE=%s: ten turns read the agent once, and a warm turn asks for nothing', async (AUTH_MODE) => {
    const database = await createDatabase();
    const redis = await emptyRedis();
    const url = new URL(database.url);
    url.port = String(postgres.port);
    const environment = { ...QUIET, AUTH_MODE, DATABASE_URL: url.href, REDIS_URL: redisUrl };
    const servers = await Promise.all([ServerProcess.start({ ...environment, NOOBLE_ROLE: 'api' }), ServerProcess.start({ ...environment, NOOBLE_ROLE: 'worker' })]);
    try {
      const [api, worker] = await Promise.all(servers.map((server) => server.url()));
      await cachesAreUp(api!, worker!);
      const client = AUTH_MODE === 'keys' ? await keyed(api!) : await servers[0].client('acme');
      const [first, ...warm] = await turns(`two processes, ${AUTH_MODE}`, client, await createAgent(client));
      expect(first).toEqual([expect.stringMatching(/FROM "agents"/)]);
      expect(warm).toEqual(warm.map(() => []));
    } finally {
      await Promise.all(servers.map((server) => server.end('SIGTERM')));
      redis.disconnect();
      await database.drop();
    }
  });
});
