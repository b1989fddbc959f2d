import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { cachesAreUp } from '../support/caches.js';
import { AGENTS, type SeenAgent } from '../support/edited-agent.js';
import { freePort } from '../support/free-port.js';
import { OwnRedis } from '../support/own-redis.js';
import { templateUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const ENVIRONMENT = { MIGRATION_INTERVAL_SECONDS: '86400', NOOBLE_ROLE: 'api', REDIS_COMMAND_TIMEOUT_MS: '300', CACHE_DEADLINE_MS: '1000', CACHE_SOFT_DEADLINE_MS: '1000' };

describe('a change of an agent that the caches were not told of', () => {
  let redis: OwnRedis;
  let proxy: TcpProxy;
  let nooble: TestApp;
  let writer: TestApp | undefined;
  let [acme, there]: ApiClient[] = [];
  let path: string;

  beforeEach(async () => {
    redis = await OwnRedis.start(await freePort());
    proxy = await TcpProxy.inFrontOf(Number(new URL(templateUrl).port));
    nooble = await startTestApp({ ...ENVIRONMENT, REDIS_URL: redis.url });
    writer = await startTestApp({ ...ENVIRONMENT, REDIS_URL: redis.url }, { beside: nooble, databasePort: proxy.port });
    await cachesAreUp(nooble.url, writer.url);
    [acme, there] = [nooble.client('acme'), writer.client('acme')];
    path = `${AGENTS}/${await createAgent(acme)}`;
    for (const client of [acme, there]) expect((await client.get(path)).status).toBe(200);
  });
  afterEach(async () => {
    await writer?.close();
    await nooble.close();
    await proxy.close();
    await redis.remove();
  });

  const noted = (): Promise<object[]> => nooble.database.query('SELECT 1 FROM agent_changes');
  /** The connection ends when PostgreSQL has been told to commit, and before it can say that it has. */
  const cutAtCommit = (): void => {
    proxy.onClientData = (bytes: Buffer, client: Socket) => {
      if (!bytes.includes('COMMIT')) return;
      proxy.onClientData = () => undefined;
      setImmediate(() => client.destroy());
    };
  };

  it('is told although the answer of its commit was lost', async () => {
    cutAtCommit();
    expect(await there!.patch(path, { name: 'In doubt' })).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE', message: expect.stringContaining('may or may not') } });
    expect(await nooble.database.query('SELECT name FROM agents')).toEqual([{ name: 'In doubt' }]);
    for (const client of [acme!, there!]) await waitFor('the new name', async () => (await client.get<SeenAgent>(path)).body.name === 'In doubt');
    await waitFor('the note to be removed', async () => (await noted()).length === 0);
  });

  it('is told again and again, until the process whose commit was in doubt has its database back', async () => {
    cutAtCommit();
    expect((await there!.patch(path, { name: 'In doubt' })).status).toBe(503);
    proxy.refuse();
    const { refused } = proxy;
    await waitFor('a look that fails', () => proxy.refused > refused);
    expect(await noted()).toHaveLength(1);
    proxy.pass();
    await waitFor('the note to be removed', async () => (await noted()).length === 0);
  });

  it('is told although the answer of its deletion was lost, and the agent runs no more', async () => {
    cutAtCommit();
    expect((await there!.delete(path)).status).toBe(503);
    for (const client of [acme!, there!]) await waitFor('the agent to be gone', async () => (await client.get(path)).status === 404);
    expect((await there!.delete(path)).status).toBe(404);
    expect((await acme!.post(`${path}/executions`, { message: 'hello' })).status).toBe(404);
  });

  it('is told by another process when the one that made it has ended while Redis was away', async () => {
    await redis.kill();
    expect((await there!.patch(path, { name: 'Last words' })).status).toBe(200);
    await writer!.close();
    writer = undefined;
    expect(await noted()).toHaveLength(1);
    await redis.begin();
    await waitFor('the new name', async () => (await acme!.get<SeenAgent>(path)).body.name === 'Last words');
    await waitFor('the note to be removed', async () => (await noted()).length === 0);
  });

  it('is told by the next process to start when the one that made it died before it could', async () => {
    await writer!.close();
    await nooble.database.query("UPDATE agents SET name = 'Post mortem'");
    await nooble.database.query("INSERT INTO agent_changes SELECT tenant_id, gen_random_uuid(), agent_id FROM agents");
    expect((await acme!.get<SeenAgent>(path)).body.name).toBe('Test agent');
    writer = await startTestApp({ ...ENVIRONMENT, REDIS_URL: redis.url }, { beside: nooble });
    await waitFor('the new name', async () => (await acme!.get<SeenAgent>(path)).body.name === 'Post mortem');
    await waitFor('the note to be removed', async () => (await noted()).length === 0);
  });

  it('by hand is forgotten when asked for, even if nothing is left of it', async () => {
    await nooble.database.query('UPDATE agents SET deleted_at = now()');
    expect((await acme!.get(path)).status).toBe(200);
    expect((await acme!.post(`${path}/invalidate`)).status).toBe(404);
    for (const client of [acme!, there!]) await waitFor('the agent to be gone', async () => (await client.get(path)).status === 404);
  });

  it('leaves no note when everything went well, or nothing was changed', async () => {
    await acme!.patch(path, { name: 'Well' });
    expect((await acme!.patch(path, { slug: 'UPPER' })).status).toBe(400);
    expect((await acme!.delete(`${AGENTS}/01900000-0000-7000-8000-000000000000`)).status).toBe(404);
    await waitFor('the note to be removed', async () => (await noted()).length === 0);
  });
});
