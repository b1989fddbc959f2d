import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { freePort } from '../support/free-port.js';
import { HookServer } from '../support/hook-server.js';
import { OwnRedis } from '../support/own-redis.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl, templateUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

/** A lost worker is noticed when its job's lock expires (6 s here) and somebody has looked twice. */
const NOTICED_MS = 60_000;
const SETTINGS = { WEBHOOK_SECRET: 's'.repeat(40), WEBHOOK_RETRY_SECONDS: '0.5', OUTBOUND_ALLOWED_PRIVATE: '127.0.0.1' };

interface Delivery {
  readonly status: string;
  readonly tries: readonly { readonly httpStatus: number | null }[];
}

const begin = async (client: ApiClient, webhookUrl: string): Promise<string> => {
  const { body } = await client.post<{ executionId: string }>(`/api/v1/agents/${await createAgent(client)}/executions`, { message: 'hello', webhookUrl });
  return body.executionId;
};
const deliveryOf = async (client: ApiClient, executionId: string): Promise<Delivery | undefined> =>
  (await client.get<{ data: Delivery[] }>(`/api/v1/webhooks/deliveries?executionId=${executionId}`)).body.data[0];
const delivered = async (client: ApiClient, executionId: string, timeoutMs?: number): Promise<Delivery> =>
  waitFor('the delivery', async () => {
    const found = await deliveryOf(client, executionId);
    return found?.status === 'delivered' && found;
  }, timeoutMs);

describe('a webhook whose server is killed', () => {
  let database: TestDatabase;
  let receiver: HookServer;
  let server: ServerProcess;
  const start = async (): Promise<ServerProcess> => ServerProcess.start({ DATABASE_URL: database.url, REDIS_URL: redisUrl, ...SETTINGS });

  beforeEach(async () => {
    database = await createDatabase();
    (await emptyRedis()).disconnect();
    receiver = await HookServer.start();
    server = await start();
  });
  afterEach(async () => {
    await server.end('SIGKILL');
    await receiver.close();
    await database.drop();
  });

  it('between two tries is tried again by the next one, once', async () => {
    const executionId = await begin(await server.client('acme'), receiver.on('/', (response, calls) => void response.writeHead(calls === 1 ? 503 : 200, { 'retry-after': '1' }).end()));
    const acme = await server.client('acme');
    await waitFor('the first try', async () => (await deliveryOf(acme, executionId))?.tries.length === 1);
    await server.end('SIGKILL');
    server = await start();
    const { tries } = await delivered(await server.client('acme'), executionId);
    expect(tries.map(({ httpStatus }) => httpStatus)).toEqual([503, 200]);
    expect(receiver.calls.map(({ headers }) => headers['webhook-id'])).toEqual([executionId, executionId]);
  });

  it('in the middle of a try is tried again under the same id', async () => {
    const executionId = await begin(await server.client('acme'), receiver.on('/', (response, calls) => void (calls > 1 && response.end())));
    await waitFor('the first try', () => receiver.calls.length === 1);
    await server.end('SIGKILL');
    server = await start();
    await delivered(await server.client('acme'), executionId, NOTICED_MS);
    expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([executionId]));
  }, NOTICED_MS + 15_000);
});

describe('a webhook whose stores go away', () => {
  it('outlasts PostgreSQL, told again if it could not be written down', async () => {
    const [receiver, postgres] = [await HookServer.start(), await TcpProxy.inFrontOf(Number(new URL(templateUrl).port))];
    const nooble = await startTestApp(SETTINGS, { databasePort: postgres.port });
    try {
      const acme = nooble.client('acme');
      const executionId = await begin(acme, receiver.on('/', (response, calls) => {
        if (calls === 1) postgres.refuse();
        response.writeHead(200).end();
      }));
      await waitFor('the first try', () => receiver.calls.length >= 1);
      postgres.pass();
      expect((await delivered(acme, executionId)).tries.at(-1)).toMatchObject({ httpStatus: 200 });
      expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([executionId]));
    } finally {
      await nooble.close();
      await postgres.close();
      await receiver.close();
    }
  });

  it('outlasts PostgreSQL that is away when the run ends', async () => {
    const [receiver, postgres] = [await HookServer.start(), await TcpProxy.inFrontOf(Number(new URL(templateUrl).port))];
    const nooble = await startTestApp(SETTINGS, { databasePort: postgres.port });
    try {
      const acme = nooble.client('acme');
      const agentId = await createAgent(acme, '@think 2000');
      const { body } = await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello', webhookUrl: receiver.on('/') });
      await waitFor('the run', async () => (await acme.get<{ status: string }>(`/api/v1/executions/${body.executionId}`)).body.status === 'running');
      postgres.refuse();
      await acme.events(body.executionId);
      expect(receiver.calls).toEqual([]);
      postgres.pass();
      await delivered(acme, body.executionId);
      expect(receiver.calls).toHaveLength(1);
    } finally {
      await nooble.close();
      await postgres.close();
      await receiver.close();
    }
  });

  it('outlasts Redis that is killed while it waits for its next try', async () => {
    const [receiver, redis] = [await HookServer.start(), await OwnRedis.start(await freePort())];
    const nooble = await startTestApp({ ...SETTINGS, REDIS_URL: redis.url });
    try {
      const acme = nooble.client('acme');
      const executionId = await begin(acme, receiver.on('/', (response, calls) => void response.writeHead(calls === 1 ? 503 : 200, { 'retry-after': '1' }).end()));
      await waitFor('the first try', async () => (await deliveryOf(acme, executionId))?.tries.length === 1);
      await redis.kill();
      await redis.begin();
      expect((await delivered(acme, executionId)).tries.map(({ httpStatus }) => httpStatus)).toEqual([503, 200]);
    } finally {
      await nooble.close();
      await redis.remove();
      await receiver.close();
    }
  });
});
