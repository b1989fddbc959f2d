import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AgentCacheInvalidator } from '../../src/shared/cache/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { freePort } from '../support/free-port.js';
import { OwnRedis } from '../support/own-redis.js';
import { templateUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

interface Started {
  readonly executionId: string;
  readonly conversationId: string;
}

interface CrmRecord {
  readonly status: string;
  readonly storage: string;
  readonly messages: readonly { seq: number; content: string }[];
}

describe('an outage', () => {
  let nooble: TestApp;
  let redis: OwnRedis;
  let postgres: TcpProxy;
  let acme: ApiClient;
  let agentId: string;

  beforeAll(async () => {
    redis = await OwnRedis.start(await freePort());
    postgres = await TcpProxy.inFrontOf(Number(new URL(templateUrl).port));
    nooble = await startTestApp({ REDIS_URL: redis.url, MIGRATION_RELEASE_SECONDS: '0' }, { databasePort: postgres.port });
    acme = nooble.client('acme');
    agentId = await createAgent(acme);
  });
  afterAll(async () => {
    await nooble.close();
    await postgres.close();
    await redis.remove();
  });

  const turn = async (body: object = {}): Promise<Started> => {
    const { status, body: started } = await acme.post<Started>(`/api/v1/agents/${agentId}/executions`, { message: 'hello', ...body });
    expect(status).toBe(202);
    await acme.events(started.executionId);
    return started;
  };
  const record = async ({ conversationId }: Started): Promise<CrmRecord> => (await acme.get<CrmRecord>(`/api/v1/crm/conversations/${conversationId}`)).body;

  it('of Redis answers 503 with the way on, names it in /health/ready, and loses nothing when Redis was killed', async () => {
    const started = await turn({ sessionId: 'redis' });
    await redis.kill();
    const refused = await acme.post<ErrorAnswer>(`/api/v1/agents/${agentId}/executions`, { message: 'now', sessionId: 'redis' });
    expect(refused).toMatchObject({ status: 503, body: { code: 'HOT_STORE_UNAVAILABLE', details: { retryAfterMs: 2_000 } } });
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await acme.get('/health/ready')).toMatchObject({ status: 503, body: { details: { redis: { status: 'down' }, postgresql: { status: 'up' } } } });
    expect((await acme.get('/health/live')).status).toBe(200);
    await redis.begin();
    await waitFor('readiness', async () => (await acme.get('/health/ready')).status === 200);
    const again = await turn({ sessionId: 'redis' });
    expect(again.conversationId).toBe(started.conversationId);
    expect((await record(again)).messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it('of Redis leaves what is in PostgreSQL readable', async () => {
    const started = await turn({ sessionId: 'cold' });
    await acme.post('/api/v1/sessions/cold/close');
    await waitFor('the release', async () => (await record(started)).storage === 'cold');
    await redis.kill();
    const { status, body } = await acme.get<CrmRecord>(`/api/v1/crm/conversations/${started.conversationId}`);
    await redis.begin();
    await waitFor('readiness', async () => (await acme.get('/health/ready')).status === 200);
    expect(status).toBe(200);
    expect(body.messages.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('of PostgreSQL after a turn was accepted delays it, and loses neither the message nor the answer', async () => {
    await nooble.redis.set('{nb:queues}:execution.agent_run:meta-paused', '1');
    const { body: started } = await acme.post<Started>(`/api/v1/agents/${agentId}/executions`, { message: 'accepted', sessionId: 'accepted' });
    postgres.refuse();
    // Otherwise the turn would do without PostgreSQL.
    await nooble.app.get(AgentCacheInvalidator, { strict: false }).agent('acme', agentId);
    await nooble.redis.del('{nb:queues}:execution.agent_run:meta-paused');
    await nooble.redis.rename('{nb:queues}:execution.agent_run:paused', '{nb:queues}:execution.agent_run:wait');
    await waitFor('a try that failed', async () => (await nooble.redis.zcard('{nb:queues}:execution.agent_run:delayed')) === 1);
    postgres.pass();
    const events = await acme.events(started.executionId);
    expect(events.at(-1)?.type).toBe('execution.completed');
    expect((await record(started)).messages.map(({ content }) => content)[0]).toBe('accepted');
  });

  it('of PostgreSQL in mid-run lets the run end; its record and its move follow when PostgreSQL is back', async () => {
    const slow = await createAgent(acme, '@think 500');
    const { body: started } = await acme.post<Started>(`/api/v1/agents/${slow}/executions`, { message: 'hello', sessionId: 'sql' });
    await waitFor('the run', async () => (await nooble.redis.hget(`nb:{acme}:exec:${started.executionId}`, 'status')) === 'running');
    await waitFor('the user message', async () => (await nooble.redis.exists(`nb:{acme}:conv:${started.conversationId}`)) === 1);
    postgres.refuse();
    await waitFor('the end', async () => (await nooble.redis.hget(`nb:{acme}:exec:${started.executionId}`, 'status')) === 'completed');
    const refused = await acme.get<ErrorAnswer>('/api/v1/agents');
    expect(refused).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE', details: { retryAfterMs: 2_000 } } });
    expect(await acme.get('/health/ready')).toMatchObject({ status: 503, body: { details: { redis: { status: 'up' }, postgresql: { status: 'down' } } } });
    postgres.pass();
    const rows = await waitFor('the record', async () => {
      const found = await nooble.database.query<{ status: string }>('SELECT status FROM executions WHERE execution_id = $1', [started.executionId]);
      return found.length > 0 && found;
    });
    expect(rows).toEqual([{ status: 'completed' }]);
    await acme.post('/api/v1/sessions/sql/close');
    await waitFor('the move', async () => (await record(started)).storage === 'cold');
  });
});
