import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { cachesAreUp, metricOf } from '../support/caches.js';
import { AGENTS, type SeenAgent, type SeenAgents } from '../support/edited-agent.js';
import { freePort } from '../support/free-port.js';
import { OwnRedis } from '../support/own-redis.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

describe('agents while Redis is away', () => {
  let redis: OwnRedis;
  let proxy: TcpProxy;
  let nooble: TestApp;
  let other: TestApp;
  let acme: ApiClient;
  let there: ApiClient;

  beforeAll(async () => {
    redis = await OwnRedis.start(await freePort());
    proxy = await TcpProxy.inFrontOf(redis.port);
    const environment = { MIGRATION_INTERVAL_SECONDS: '86400', NOOBLE_ROLE: 'api', REDIS_COMMAND_TIMEOUT_MS: '300', CACHE_DEADLINE_MS: '1000', CACHE_SOFT_DEADLINE_MS: '1000' };
    nooble = await startTestApp({ ...environment, REDIS_URL: redis.url });
    // Behind the proxy, so that it can lose Redis alone.
    other = await startTestApp({ ...environment, REDIS_URL: `redis://127.0.0.1:${String(proxy.port)}` }, { beside: nooble });
    [acme, there] = [nooble.client('acme'), other.client('acme')];
  });
  beforeEach(async () => {
    await cachesAreUp(nooble.url, other.url);
  });
  afterAll(async () => {
    await other.close();
    await nooble.close();
    await proxy.close();
    await redis.remove();
  });

  const warm = async (): Promise<string> => {
    const path = `${AGENTS}/${await createAgent(acme)}`;
    for (const client of [acme, there]) for (const each of [path, AGENTS]) expect((await client.get(each)).status).toBe(200);
    return path;
  };
  const names = async (client: ApiClient, path: string): Promise<unknown[]> => {
    const [one, list] = [await client.get<SeenAgent>(path), await client.get<SeenAgents>(AGENTS)];
    return [one.status, one.body.name, list.status, list.body.data.find(({ agentId }) => agentId === one.body.agentId)?.name];
  };
  /** Both use Redis again, and everything that was held back is told. */
  const isBack = async (): Promise<void> => {
    await cachesAreUp(nooble.url, other.url);
    for (const { url } of [nooble, other]) expect(await metricOf(url, 'nooble_cache_held_back')).toBe(0);
  };

  it('are read from PostgreSQL, edited and deleted; when Redis is back with what it had, nobody serves the old ones', async () => {
    const [path, gone] = [await warm(), await warm()];
    await redis.kill();
    for (const client of [acme, there]) expect(await names(client, path)).toEqual([200, 'Test agent', 200, 'Test agent']);
    expect(await acme.patch(path, { name: 'Edited' })).toMatchObject({ status: 200, body: { name: 'Edited', version: 2 } });
    expect((await acme.delete(gone)).status).toBe(204);
    expect(await names(acme, path)).toEqual([200, 'Edited', 200, 'Edited']);
    expect((await acme.get(gone)).status).toBe(404);
    expect(await metricOf(nooble.url, 'nooble_cache_held_back')).toBeGreaterThan(0);
    await redis.begin();
    await isBack();
    for (const client of [acme, there, acme, there]) {
      expect(await names(client, path)).toEqual([200, 'Edited', 200, 'Edited']);
      expect((await client.get(gone)).status).toBe(404);
    }
    expect((await acme.get(path)).headers.get('x-cache')).toBe('HIT-L1');
  });

  it.each(['refuse', 'swallow'] as const)('can be edited by a process that alone has lost Redis (%s): the others see it when it is back', async (how) => {
    const path = await warm();
    proxy[how]();
    expect(await there.patch(path, { name: 'Edited' })).toMatchObject({ status: 200, body: { version: 2 } });
    expect(await names(there, path)).toEqual([200, 'Edited', 200, 'Edited']);
    proxy.pass();
    await waitFor('the way back', async () => (await metricOf(other.url, 'nooble_cache_held_back')) === 0);
    await isBack();
    for (const client of [acme, there]) expect(await names(client, path)).toEqual([200, 'Edited', 200, 'Edited']);
  });

  it.each(['refuse', 'swallow'] as const)('that another process edits are seen by one that alone has lost Redis (%s), at the latest when it is back', async (how) => {
    const path = await warm();
    proxy[how]();
    expect((await acme.patch(path, { name: 'Edited' })).status).toBe(200);
    await waitFor('the new name', async () => (await names(there, path))[1] === 'Edited');
    proxy.pass();
    await isBack();
    for (const client of [there, acme, there]) expect(await names(client, path)).toEqual([200, 'Edited', 200, 'Edited']);
  });

  it('say so where they are asked for: no answer is a hit, and an ETag still holds', async () => {
    const path = await warm();
    const etag = (await acme.get(path)).headers.get('etag')!;
    await redis.kill();
    await waitFor('the loss', async () => (await metricOf(nooble.url, 'nooble_cache_breaker_open')) === 1 && (await metricOf(nooble.url, 'nooble_cache_bus_sound')) === 0);
    const first = await acme.get(path);
    expect([first.status, first.headers.get('x-cache'), first.headers.get('etag')]).toEqual([200, 'MISS', etag]);
    expect((await acme.with({ 'if-none-match': etag, 'cache-control': 'max-age=0' }).get(path)).status).toBe(304);
    expect((await acme.post(`${path}/invalidate`)).body).toEqual({ agentConfig: 0, agentTools: 0, conversations: 0, messages: 0 });
    await redis.begin();
    await isBack();
  });
});
