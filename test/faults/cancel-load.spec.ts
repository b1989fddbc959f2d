import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { ModelServer, piece, stream } from '../support/model-server.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const RUNS = 100;
const TIMEOUT_MS = 120_000;

interface Started {
  readonly executionId: string;
  readonly conversationId: string;
}

interface Cancelled {
  readonly status: string;
  readonly result: { readonly content: string } | null;
}

describe('a hundred runs in two workers', () => {
  let database: TestDatabase;
  let redis: Redis;
  let model: ModelServer;
  let workers: ServerProcess[];
  let apis: ServerProcess[];
  let started: Started[];

  beforeAll(async () => {
    [database, redis, model] = await Promise.all([createDatabase(), emptyRedis(), ModelServer.start()]);
    // Has begun to answer and goes on for ever, unless its caller hangs up.
    model.on('go', (response) => {
      stream(response).write(piece({ content: 'one ' }));
      const timer = setInterval(() => response.write(piece({ content: 'more ' })), 100);
      response.on('close', () => { clearInterval(timer); });
    });
    const environment = { DATABASE_URL: database.url, REDIS_URL: redisUrl, OPENAI_BASE_URL: model.url, EXECUTION_CONCURRENCY: String(RUNS / 2), LOG_LEVEL: 'warn' };
    const servers = await Promise.all(['worker', 'worker', 'api', 'api'].map((role) => ServerProcess.start({ NOOBLE_ROLE: role, ...environment })));
    [workers, apis] = [servers.slice(0, 2), servers.slice(2)];
  }, TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all([...workers, ...apis].map((server) => server.end('SIGKILL')));
    await model.close();
    redis.disconnect();
    await database.drop();
  });

  const client = (api: number): Promise<ApiClient> => apis[api]!.client('acme');

  it('are all stopped by an api that did not start them, and no call of the model goes on', async () => {
    const [starter, stopper] = await Promise.all([client(0), client(1)]);
    const agentId = await createAgent(starter, '', { provider: 'openai-compatible', model: 'tiny' });
    started = await Promise.all(Array.from({ length: RUNS }, async () => (await starter.post<Started>(`/api/v1/agents/${agentId}/executions`, { message: 'go' })).body));
    await waitFor('a hundred calls of the model', () => model.openCalls === RUNS, 30_000);
    const answers = await Promise.all(started.map(({ executionId }) => stopper.post<Cancelled>(`/api/v1/executions/${executionId}/cancel`, { reason: 'Enough.' })));
    expect(answers.filter(({ status, body }) => status !== 200 || body.status !== 'cancelled' || !/^one (more )*$/.test(body.result?.content ?? '')).map(({ body }) => body)).toEqual([]);
    await waitFor('hung up calls', () => model.openCalls === 0 && model.openSockets === 0);
    expect(model.calls).toHaveLength(RUNS);
  }, TIMEOUT_MS);

  it('ended once each, with what there was of an answer in the conversation', async () => {
    const starter = await client(0);
    for (const { executionId, conversationId } of started) {
      const events = await starter.events(executionId);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
      expect(events.flatMap(({ type, data }) => (/^execution\.(completed|failed|cancelled|timedOut)$/.test(type) ? [[type, data['reason']]] : []))).toEqual([['execution.cancelled', 'Enough.']]);
      const { body } = await starter.get<{ data: { role: string; metadata: object | null }[] }>(`/api/v1/conversations/${conversationId}/messages?after=0`);
      expect(body.data.map(({ role }) => role)).toEqual(['user', 'assistant']);
      expect(body.data[1]?.metadata).toMatchObject({ isPartial: true, finishReason: 'cancelled' });
    }
  }, TIMEOUT_MS);

  it('leave their workers free for the next turns', async () => {
    const starter = await client(0);
    const { conversationId } = started[0]!;
    const agentId = await createAgent(starter, '', { provider: 'openai-compatible', model: 'tiny' });
    const next = await Promise.all([{ conversationId }, {}, {}, {}].map((more) => starter.post<Started>(`/api/v1/agents/${agentId}/executions`, { message: 'now', ...more })));
    for (const { body } of next) expect((await starter.events(body.executionId)).at(-1)?.type).toBe('execution.completed');
  });
});
