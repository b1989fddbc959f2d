import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import type { Answer, ApiClient } from '../support/api-client.js';
import { createAgent } from '../factories/agent.js';
import { freePort } from '../support/free-port.js';
import { keys } from '../../src/shared/redis/index.js';
import { OwnRedis } from '../support/own-redis.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl } from '../support/services.js';
import { StepGate, type StopAt } from '../support/step-gate.js';
import { startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

type Any = Record<string, unknown>;

/** Steps of a request with a key, by what is said to Redis. The reservation and the answer name the key; an agent is made in PostgreSQL between them. */
const RESERVE = { says: [':idem:'], occurrence: 1 } as const;
const BEGIN = { says: [':session:crash'], occurrence: 1 } as const;
const ACCEPT = { says: ['execution.queued', ':runs'], occurrence: 1 } as const;
const KEEP = { says: [':idem:'], occurrence: 2 } as const;

describe('a server that is killed', () => {
  let database: TestDatabase;
  let redis: Redis;
  let survivor: ServerProcess;
  let acme: ApiClient;

  const environment = (url = redisUrl): Record<string, string> => ({ DATABASE_URL: database.url, REDIS_URL: url, NOOBLE_ROLE: 'api' });

  beforeAll(async () => {
    [database, redis] = await Promise.all([createDatabase(), emptyRedis()]);
    survivor = await ServerProcess.start(environment());
    acme = await survivor.client('acme');
    // Redis knows all scripts from here on: each of them is one command.
    for (const [path, body] of [['/api/v1/agents', { name: 'First' }], ['/api/v1/conversations', { agentId: newId() }], [`/api/v1/agents/${await createAgent(acme)}/executions`, { message: 'hello' }]] as const) {
      expect((await acme.with({ 'idempotency-key': 'first' }).post(path, body)).status).toBeLessThan(300);
    }
  });
  afterAll(async () => {
    await survivor.end('SIGKILL');
    redis.disconnect();
    await database.drop();
  });

  /** A request, and where what it makes is listed. */
  const THINGS: Record<string, (mark: string) => Promise<[path: string, body: object, list: string]>> = {
    'a conversation': async (mark) => ['/api/v1/conversations', { agentId: newId(), sessionId: `crash-${mark}`, userId: mark }, `/api/v1/conversations?userId=${mark}`],
    'an agent': async (mark) => ['/api/v1/agents', { name: 'Guide', tags: [mark] }, `/api/v1/agents?tag=${mark}`],
    'a turn': async (mark) => {
      const agentId = await createAgent(acme);
      return [`/api/v1/agents/${agentId}/executions`, { message: 'hello', sessionId: `crash-${mark}` }, `/api/v1/executions?agentId=${agentId}`];
    },
  };

  /** Sends a request to a server of its own, and kills it at the step. */
  const dieAt = async (stop: StopAt, send: (client: ApiClient) => Promise<unknown>): Promise<void> => {
    const target = new URL(redisUrl);
    const gate = await StepGate.inFrontOf(Number(target.port), { stop, heard: [] });
    target.port = String(gate.port);
    const server = await ServerProcess.start(environment(target.href));
    const answering = send(await server.client('acme')).catch(() => undefined);
    await waitFor('the step', () => gate.hasStopped);
    await server.end('SIGKILL');
    await Promise.all([answering, gate.close()]);
  };

  it.each([
    ['before it has reserved the key', 'a conversation', { ...RESERVE, side: 'before' }, 0],
    ['after it has reserved the key', 'a conversation', { ...RESERVE, side: 'after' }, 0],
    ['before it has begun the conversation', 'a conversation', { ...BEGIN, side: 'before' }, 0],
    ['after it has begun the conversation', 'a conversation', { ...BEGIN, side: 'after' }, 1],
    ['before it has kept the answer', 'a conversation', { ...KEEP, side: 'before' }, 1],
    ['after it has kept the answer', 'a conversation', { ...KEEP, side: 'after' }, 1],
    ['after it has reserved the key', 'an agent', { ...RESERVE, side: 'after' }, 0],
    ['before it has kept the answer', 'an agent', { ...KEEP, side: 'before' }, 1],
      ['before it has begun the conversation', 'a turn', { ...BEGIN, side: 'before' }, 0],
    ['before it has accepted the run', 'a turn', { ...ACCEPT, side: 'before' }, 0],
    ['after it has accepted the run', 'a turn', { ...ACCEPT, side: 'after' }, 1],
    ['before it has kept the answer', 'a turn', { ...KEEP, side: 'before' }, 1],
  ] as const)('%s makes no second thing when the request comes again: %s', async (_, name, stop, madeBefore) => {
    const key = newId();
    const [path, body, list] = await THINGS[name]!(key);
    const made = async (): Promise<number> => (await acme.get<{ total: number }>(list)).body.total;
    const send = (client: ApiClient): Promise<Answer<Any>> => client.with({ 'idempotency-key': key }).post<Any>(path, body);
    await dieAt(stop, send);
    expect(await made()).toBe(madeBefore);
    const answer = await send(acme);
    const again = await send(acme);
    expect([answer.status, await made()]).toEqual([name === 'a turn' ? 202 : 201, 1]);
    expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toEqual([answer.status, answer.body, 'true']);
    const [only] = (await acme.get<{ data: Any[] }>(list)).body.data;
    if (name !== 'a turn') expect(only).toEqual(answer.body);
    // The run waits for a worker.
    else expect([only?.['executionId'], await redis.exists(`${keys.queues()}:execution.agent_run:${answer.body['executionId'] as string}`)]).toEqual([answer.body['executionId'], 1]);
  });
});

describe('a server whose Redis is away', () => {
  it('refuses requests with a key, and makes nothing; those without one go on where they can', async () => {
    const redis = await OwnRedis.start(await freePort());
    const nooble = await startTestApp({ REDIS_URL: redis.url });
    const acme = nooble.client('acme');
    await acme.get('/api/v1/agents');
    await redis.kill();
    const refused = await acme.with({ 'idempotency-key': 'away' }).post('/api/v1/agents', { name: 'Guide', tags: ['away'] });
    const made = await acme.post('/api/v1/agents', { name: 'Guide', tags: ['away'] });
    await redis.begin();
    await waitFor('readiness', async () => (await acme.get('/health/ready')).status === 200);
    expect(refused).toMatchObject({ status: 503, body: { code: 'HOT_STORE_UNAVAILABLE', details: { retryAfterMs: 2_000 } } });
    expect(made.status).toBe(201);
    expect(await nooble.database.query("SELECT 1 FROM agents WHERE 'away' = ANY(tags)")).toHaveLength(1);
    await nooble.close();
    await redis.remove();
  });
});
