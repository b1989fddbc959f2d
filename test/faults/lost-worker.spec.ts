import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, SeenEvent } from '../support/api-client.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

/** A lost worker is noticed when its job's lock expires (6 s here) and somebody has looked twice. */
const NOTICED_MS = 60_000;

interface Started {
  readonly executionId: string;
  readonly conversationId: string;
}

describe('a worker that stops', () => {
  let database: TestDatabase;
  let redis: Redis;
  let api: ServerProcess;
  let worker: ServerProcess;
  let acme: ApiClient;

  const start = (role: string, more: Record<string, string> = {}): Promise<ServerProcess> =>
    ServerProcess.start({ NOOBLE_ROLE: role, DATABASE_URL: database.url, REDIS_URL: redisUrl, ...more });

  beforeEach(async () => {
    database = await createDatabase();
    redis = await emptyRedis();
    [api, worker] = await Promise.all([start('api'), start('worker', { SHUTDOWN_GRACE_SECONDS: '3' })]);
    acme = await api.client('acme');
  });
  afterEach(async () => {
    await Promise.all([api.end('SIGKILL'), worker.end('SIGKILL')]);
    redis.disconnect();
    await database.drop();
  });

  const run = async (prompt: string): Promise<Started> => {
    const agentId = await createAgent(acme, prompt);
    const { body } = await acme.post<Started>(`/api/v1/agents/${agentId}/executions`, { message: 'hello' });
    await waitFor('the first token', async () => (await redis.hget(`nb:{acme}:exec:${body.executionId}`, 'firstTokenAt')) !== null);
    return body;
  };
  const expectOneAnswer = async ({ executionId, conversationId }: Started, events: readonly SeenEvent[]): Promise<void> => {
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect(events.filter(({ type }) => /^execution\.(completed|failed|cancelled|timedOut)$/.test(type)).map(({ type }) => type)).toEqual(['execution.completed']);
    const texts = await redis.lrange(`nb:{acme}:conv:${conversationId}:messages`, 0, -1);
    expect(texts.map((text) => (JSON.parse(text) as { role: string }).role)).toEqual(['user', 'assistant']);
    expect((await acme.get<{ status: string }>(`/api/v1/executions/${executionId}`)).body.status).toBe('completed');
  };

  it('killed with -9 in mid-answer: another one runs the turn again, to one terminal event and one answer', async () => {
    const started = await run('@tokens 80\n@delay 50');
    await worker.end('SIGKILL');
    worker = await start('worker');
    const events = await acme.events(started.executionId);
    expect(events.filter(({ type }) => type === 'execution.started').map(({ data }) => data['attempt'])).toEqual([1, 2]);
    await expectOneAnswer(started, events);
  }, NOTICED_MS);

  it('killed with -9 between the answer and its terminal event: the next one only finishes', async () => {
    const started = await run('@tokens 400\n@delay 50');
    const messageId = `${started.executionId}.assistant`;
    await worker.end('SIGKILL');
    const conversation = `nb:{acme}:conv:${started.conversationId}`;
    await redis.rpush(`${conversation}:messages`, JSON.stringify({ messageId, role: 'assistant', content: 'the answer', tokens: 2, createdAt: Date.now() }));
    await redis.hset(`${conversation}:ids`, messageId, await redis.hincrby(conversation, 'seq', 1));
    worker = await start('worker');
    const events = await acme.events(started.executionId);
    expect(events.at(-1)?.data).toMatchObject({ finishReason: 'recovered' });
    await expectOneAnswer(started, events);
  }, NOTICED_MS);

  it('lost for the fifth time: the run is failed, and the message stays in the conversation', async () => {
    const started = await run('@tokens 400\n@delay 50');
    await redis.hset(`nb:{acme}:exec:${started.executionId}`, 'lostAttempts', 5);
    await worker.end('SIGKILL');
    worker = await start('worker');
    const events = await acme.events(started.executionId);
    expect(events.at(-1)).toMatchObject({ type: 'execution.failed', data: { error: { code: 'WORKER_LOST' } } });
    expect(await redis.llen(`nb:{acme}:conv:${started.conversationId}:messages`)).toBe(1);
  }, NOTICED_MS);

  it('asked to stop finishes the turn it runs, if that ends within the grace time', async () => {
    const started = await run('@tokens 10\n@delay 40');
    expect(await worker.end('SIGTERM')).toBe(0);
    const events = await acme.events(started.executionId);
    expect(events.filter(({ type }) => type === 'execution.started')).toHaveLength(1);
    await expectOneAnswer(started, events);
  });

  it('asked to stop hands a longer turn back, and another one takes it', async () => {
    const started = await run('@tokens 150\n@delay 40');
    expect(await worker.end('SIGTERM')).toBe(0);
    expect((await acme.get<{ status: string }>(`/api/v1/executions/${started.executionId}`)).body.status).toBe('running');
    worker = await start('worker');
    const events = await acme.events(started.executionId);
    expect(events.filter(({ type }) => type === 'execution.started')).toHaveLength(2);
    await expectOneAnswer(started, events);
  }, NOTICED_MS);

  it('serves no API, but says so, and answers health and metrics', async () => {
    const direct = await worker.client('acme');
    expect(await direct.get('/api/v1/agents')).toMatchObject({ status: 404, body: { code: 'WORKER_ONLY' } });
    expect((await direct.get('/health/ready')).status).toBe(200);
  });
});
