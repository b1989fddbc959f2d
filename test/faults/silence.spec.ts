import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { redisUrl, templateUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

interface Started {
  readonly executionId: string;
}

/** The worst outage: nothing refuses and nothing answers. */
describe('a store that falls silent', () => {
  let nooble: TestApp;
  let redis: TcpProxy;
  let postgres: TcpProxy;
  let acme: ApiClient;
  let agentId: string;

  beforeAll(async () => {
    redis = await TcpProxy.inFrontOf(Number(new URL(redisUrl).port));
    postgres = await TcpProxy.inFrontOf(Number(new URL(templateUrl).port));
    const url = new URL(redisUrl);
    url.port = String(redis.port);
    nooble = await startTestApp({ REDIS_URL: url.href, REDIS_COMMAND_TIMEOUT_MS: '500', DATABASE_STATEMENT_TIMEOUT_MS: '1000' }, { databasePort: postgres.port });
    acme = nooble.client('acme');
    agentId = await createAgent(acme);
  });
  afterAll(async () => {
    await nooble.close();
    await redis.close();
    await postgres.close();
  });

  const start = (): ReturnType<typeof acme.post<Started & ErrorAnswer>> => acme.post<Started & ErrorAnswer>(`/api/v1/agents/${agentId}/executions`, { message: 'hello' });
  const isReady = async (): Promise<boolean> => (await acme.get('/health/ready')).status === 200;

  it('of Redis, on the connections that there are: calls fail soon, and new connections take over by themselves', async () => {
    redis.freeze();
    expect(await start()).toMatchObject({ status: 503, body: { code: 'HOT_STORE_UNAVAILABLE' } });
    await waitFor('readiness', isReady, 30_000);
    const { body } = await waitFor('a turn that is accepted', async () => {
      const answer = await start();
      return answer.status === 202 && answer;
    });
    // The workers' blocking connections are left after 15 s of silence.
    expect((await acme.events(body.executionId)).at(-1)?.type).toBe('execution.completed');
  }, 60_000);

  it('of PostgreSQL: calls fail, /health/ready says so, and all is well when it speaks again', async () => {
    // An agent that no cache has: turns of the others would go on.
    agentId = await createAgent(acme);
    postgres.swallow();
    expect(await acme.get('/health/ready')).toMatchObject({ status: 503, body: { details: { postgresql: { status: 'down' }, redis: { status: 'up' } } } });
    expect(await start()).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE' } });
    postgres.pass();
    await waitFor('readiness', isReady);
    const { body } = await start();
    expect((await acme.events(body.executionId)).at(-1)?.type).toBe('execution.completed');
  });

  it('of Redis under many starts at once ends none of them unanswered, and not the process', async () => {
    const starts = Promise.all(Array.from({ length: 50 }, start));
    redis.swallow();
    expect((await starts).map(({ status, body }) => (status === 202 ? 'accepted' : body.code)).filter((outcome) => outcome !== 'accepted' && outcome !== 'HOT_STORE_UNAVAILABLE')).toEqual([]);
    redis.pass();
    await waitFor('readiness', isReady, 30_000);
  }, 60_000);
});
