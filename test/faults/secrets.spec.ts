import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { ApiClient } from '../support/api-client.js';
import { HookServer } from '../support/hook-server.js';
import { TestMcpServer } from '../support/mcp-server.js';
import { ModelServer } from '../support/model-server.js';
import { RawSocket } from '../support/raw-socket.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl, templateUrl } from '../support/services.js';
import { TestSocket } from '../support/test-socket.js';
import { waitFor } from '../support/wait-for.js';

const mark = (what: string): string => `${what}-MARK-${randomBytes(12).toString('hex')}`;

/** Settings, and what callers send as credentials. Nobody may find them anywhere. */
const SECRETS = {
  adminKey: mark('admin-key-of-the-system'),
  secretsKey: mark('seal-of-the-headers'),
  webhookSecret: mark('webhooks-are-signed-with'),
  webhookSecretBefore: mark('webhooks-were-signed-with'),
  providerKey: mark('provider'),
  /** That of the tests' own PostgreSQL, whose user may make no other. */
  databasePassword: new URL(templateUrl).password,
  wrongPassword: mark('wrong-database'),
  redisPassword: mark('redis'),
  unknownKey: `nk_${mark('unknown')}`,
  basic: mark('basic'),
  mcpHeader: mark('mcp'),
};
/** What callers say. It is in stores and answers of theirs, and in no log. */
const CONTENT = { body: mark('body'), prompt: mark('prompt'), message: mark('message'), broken: mark('broken') };
const ROLE = `marked_${randomBytes(4).toString('hex')}`;

describe('secrets', () => {
  let database: TestDatabase;
  let redis: Redis;
  let models: ModelServer;
  let tools: TestMcpServer;
  let hooks: HookServer;
  let server: ServerProcess;
  let url: string;
  /** Keys and tickets that were made on the way. */
  const issued: string[] = [];
  /** Error answers, and what the open routes say. */
  const answers: string[] = [];

  const databaseUrl = (password: string): string => Object.assign(new URL(database.url), { password }).href;
  const markedRedis = (password: string): string => Object.assign(new URL(redisUrl), { username: ROLE, password }).href;
  const environment = (): Record<string, string> => ({
    ...{ AUTH_MODE: 'keys', LOG_LEVEL: 'trace', DATABASE_URL: databaseUrl(SECRETS.databasePassword), REDIS_URL: markedRedis(SECRETS.redisPassword) },
    ...{ NOOBLE_ADMIN_KEY: SECRETS.adminKey, NOOBLE_SECRETS_KEY: SECRETS.secretsKey, WEBHOOK_SECRET: SECRETS.webhookSecret, WEBHOOK_SECRET_PREVIOUS: SECRETS.webhookSecretBefore },
    ...{ OPENAI_BASE_URL: models.url, OPENAI_API_KEY: SECRETS.providerKey, OUTBOUND_ALLOWED_PRIVATE: '127.0.0.1', WEBHOOK_ATTEMPTS: '2', WEBHOOK_RETRY_SECONDS: '0.02' },
  });
  const as = (authorization: string): ApiClient => new ApiClient(url, { authorization });
  const say = async (client: ApiClient, method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, string> }> => {
    const answer = await client.call<Record<string, string>>(method, path, body);
    if (answer.status >= 400) answers.push(JSON.stringify(answer.body));
    return answer;
  };
  const expectNone = (where: string, text: string, marks: readonly string[]): void => {
    expect([where, marks.filter((secret) => text.includes(secret))]).toEqual([where, []]);
  };

  beforeAll(async () => {
    [database, redis, models, tools, hooks] = await Promise.all([createDatabase(), emptyRedis(), ModelServer.start(), TestMcpServer.start(), HookServer.start()]);
    await redis.call('ACL', 'SETUSER', ROLE, 'on', `>${SECRETS.redisPassword}`, '~*', '&*', '+@all');
    server = await ServerProcess.start(environment());
    url = await server.url();
  });
  afterAll(async () => {
    await server.end('SIGKILL');
    await Promise.all([models.close(), tools.close(), hooks.close()]);
    await redis.call('ACL', 'DELUSER', ROLE);
    redis.disconnect();
    await database.drop();
  });

  it('are not told by a server that cannot start', async () => {
    const wrong: Record<string, string>[] = [{ DATABASE_URL: databaseUrl(SECRETS.wrongPassword) }, { REDIS_URL: markedRedis(SECRETS.wrongPassword) }, { WEBHOOK_SECRET: 'MARK too short', NOOBLE_ADMIN_KEY: 'MARK short', NOOBLE_SECRETS_KEY: 'MARK' }];
    for (const settings of wrong) {
      const failing = ServerProcess.spawn({ ...environment(), ...settings });
      expect(await failing.exited()).toBe(1);
      expectNone('the output of a start that failed', failing.output, ['MARK']);
    }
  });

  /** A tenant with a key of its own. */
  const newTenant = async (): Promise<ApiClient> => {
    const admin = as(`Bearer ${SECRETS.adminKey}`);
    await say(admin, 'POST', '/api/v1/admin/tenants', { tenantId: 'acme', name: 'acme', tier: 'enterprise' });
    const { body } = await say(admin, 'POST', '/api/v1/admin/api-keys', { tenantId: 'acme', name: 'all', scopes: ['user', 'agent', 'internal', 'operator'] });
    issued.push(body['key']!);
    return as(`Bearer ${body['key']!}`);
  };

  const wrongCredentials = async (): Promise<void> => {
    for (const authorization of [`Bearer ${SECRETS.unknownKey}`, `Basic ${SECRETS.basic}`, `Bearer ${SECRETS.basic} x`]) expect((await say(as(authorization), 'GET', '/api/v1/agents')).status).toBe(401);
    const torn = await RawSocket.connect(url);
    torn.say(`GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${SECRETS.unknownKey}\r\nbroken header\r\n\r\n`);
    answers.push(await torn.closed());
  };

  const runs = async (acme: ApiClient): Promise<void> => {
    models.on(CONTENT.message, (response) => {
      response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message: `Incorrect API key: ${SECRETS.providerKey}, Bearer ${SECRETS.providerKey}` } }));
    });
    const mcpServers = [{ name: 'shop', url: tools.url, headers: { Authorization: `Bearer ${SECRETS.mcpHeader}`, 'X-Shop-Key': SECRETS.mcpHeader } }];
    const agents = [{ mcpServers }, { provider: 'openai-compatible', model: 'marked' }, {}];
    for (const status of [undefined, 401, 500]) {
      tools.status = status;
      for (const agent of agents) {
        const { body } = await say(acme, 'POST', '/api/v1/agents', { name: 'marked', systemPrompt: `${CONTENT.prompt}\n@tool shop_who {}`, ...agent });
        const turn = await acme.with({ 'idempotency-key': mark('idem') }).post<{ executionId: string }>(`/api/v1/agents/${body['agentId']!}/executions`, { message: CONTENT.message, webhookUrl: hooks.on(`/hook-${String(status)}`, (response) => void response.writeHead(status ?? 204).end()) });
        answers.push(JSON.stringify((await acme.events(turn.body.executionId)).filter(({ type }) => type === 'execution.failed')));
      }
    }
  };

  const sockets = async (acme: ApiClient): Promise<void> => {
    const { body } = await say(acme, 'POST', '/api/v1/ws/tickets', {});
    issued.push(body['ticket']!);
    const address = `${url.replace('http', 'ws')}/ws?ticket=${body['ticket']!}`;
    (await TestSocket.open(address, {})).cut();
    const again = TestSocket.connect(address);
    answers.push(JSON.stringify(await again.next('error')));
    answers.push(await (await fetch(`${url}/api/v1/agents?ticket=${body['ticket']!}`)).text());
  };

  const badBodies = async (acme: ApiClient): Promise<void> => {
    const keyed = acme.with({ 'idempotency-key': 'the-same' });
    expect((await say(keyed, 'POST', '/api/v1/agents', { name: CONTENT.body })).status).toBe(201);
    expect((await say(keyed, 'POST', '/api/v1/agents', { name: `${CONTENT.body}!` })).status).toBeGreaterThan(400);
    expect((await say(acme, 'POST', '/api/v1/agents', `{"name":"${CONTENT.broken}`)).status).toBe(400);
    expect((await say(acme, 'POST', '/api/v1/agents', { name: CONTENT.broken.repeat(40_000) })).status).toBe(413);
  };

  /** Tables and keys that are not what they were. */
  const inside = async (acme: ApiClient): Promise<void> => {
    await database.query('ALTER TABLE agents RENAME TO agents_away');
    expect((await say(acme, 'POST', '/api/v1/agents', { name: CONTENT.body, systemPrompt: CONTENT.prompt })).status).toBe(500);
    await database.query('ALTER TABLE agents_away RENAME TO agents');
    await redis.set('nb:{acme}:session:spoilt', CONTENT.broken);
    const { body } = await say(acme, 'POST', '/api/v1/agents', { name: 'a' });
    expect((await say(acme, 'POST', '/api/v1/conversations', { agentId: body['agentId'], sessionId: 'spoilt' })).status).toBe(500);
    await say(acme, 'POST', '/api/v1/actions', { actionType: 'conversation.save_message', agentId: body['agentId'], sessionId: 'spoilt', data: { role: 'user', content: CONTENT.message } });
    await waitFor('the job to fail', () => server.output.includes('A job failed'));
  };

  it('are in no log, dead letter, metric, error or report after all of that', async () => {
    const acme = await newTenant();
    await wrongCredentials();
    await runs(acme);
    await sockets(acme);
    await badBodies(acme);
    await inside(acme);
    const admin = as(`Bearer ${SECRETS.adminKey}`);
    const reports = ['/', '/metrics', '/health/ready', '/internal/status', '/docs-json', '/api/v1/nowhere', '/api/v1/admin/migration', '/api/v1/admin/cache', '/api/v1/admin/dead-letters'];
    for (const path of reports) answers.push(await (await fetch(url + path, { headers: { authorization: `Bearer ${SECRETS.adminKey}` } })).text());
    expect((await say(admin, 'GET', '/api/v1/admin/dead-letters')).status).toBe(200);
    const secrets = [...Object.values(SECRETS), ...issued];
    await redis.xrange('nb:dead-letters', '-', '+').then((letters) => {
      expectNone('a dead letter', JSON.stringify(letters), secrets);
    });
    for (const answer of answers) expectNone('an answer', answer, secrets);
    await server.end('SIGTERM');
    expectNone('the logs', server.output, [...secrets, ...Object.values(CONTENT)]);
    // They were looked for in something, and each can be told from others.
    for (const secret of secrets) expect(secret.length).toBeGreaterThan(11);
    expect(server.output).toMatch(/"statusCode":500/);
    expect(server.output.length).toBeGreaterThan(5_000);
  });

  it('would be found: the same search finds what is there', () => {
    expect(() => {
      expectNone('a text', `x ${SECRETS.adminKey}`, [SECRETS.adminKey]);
    }).toThrow();
  });
});
