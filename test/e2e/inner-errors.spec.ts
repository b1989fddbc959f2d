import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

/** What only somebody inside can know: stacks, paths, statements, tables, drivers and their words. */
const INSIDE = /\bat .*[:(]\d+|node_modules|\.[jt]s\b|\/src\/|\/dist\/|SELECT|INSERT|UPDATE |relation|WRONGTYPE|_away|QueryFailed|TypeORM|ioredis|ReplyError|AppError|TypeError|undefined|FST_|Nest|Fastify/;

describe('what goes wrong inside', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  let agentId: string;

  beforeAll(async () => {
    nooble = await startTestApp();
    acme = nooble.client('acme');
    agentId = await createAgent(acme);
  });
  afterAll(async () => {
    await nooble.close();
  });

  const without = async (table: string, work: () => Promise<void>): Promise<void> => {
    await nooble.database.query(`ALTER TABLE ${table} RENAME TO ${table}_away`);
    try {
      await work();
    } finally {
      await nooble.database.query(`ALTER TABLE ${table}_away RENAME TO ${table}`);
    }
  };
  const spoil = async (key: string, work: () => Promise<void>): Promise<void> => {
    await nooble.redis.del(key);
    await nooble.redis.set(key, 'of another type');
    await work().finally(() => nooble.redis.del(key));
  };
  const expectInner = (answer: { status: number; headers: Headers; body: ErrorAnswer }): void => {
    expect(answer.body).toEqual({ statusCode: 500, code: 'INTERNAL', message: 'Something failed on our side; the log has the details under this requestId.', requestId: answer.headers.get('x-request-id') });
    expect(answer.status).toBe(500);
  };

  it.each([
    ['agents', 'POST', '/api/v1/agents', { name: 'a' }],
    ['agents', 'GET', '/api/v1/agents?limit=3', undefined],
    ['executions', 'GET', '/api/v1/executions?limit=7', undefined],
    ['conversations', 'GET', '/api/v1/conversations?q=parcel', undefined],
    ['commands', 'GET', '/api/v1/commands', undefined],
    ['webhook_deliveries', 'GET', '/api/v1/webhooks/deliveries', undefined],
    ['conversations', 'GET', '/api/v1/crm/stats', undefined],
  ] as const)('a statement on %s that fails is told by %s %s in one sentence', async (...[table, method, path, body]) => {
    await without(table, async () => {
      expectInner(await acme.call<ErrorAnswer>(method, path, body));
    });
  });

  it('a key of Redis of the wrong type is told in one sentence, over REST and the socket', async () => {
    await spoil('nb:{acme}:session:spoilt', async () => {
      expectInner(await acme.post('/api/v1/conversations', { agentId, sessionId: 'spoilt' }));
      const socket = await acme.socket('spoilt');
      socket.send('execution.start', { agentId, message: 'hi' });
      const { data } = await socket.next('error');
      expect(data).toMatchObject({ code: 'INTERNAL', frameType: 'execution.start' });
      expect(JSON.stringify(data)).not.toMatch(INSIDE);
      socket.cut();
    });
  });

  it.each([
    ['POST', '/api/v1/agents', '{"name":'],
    ['POST', '/api/v1/agents', '{"name":"a","__proto__":{"x":1}}'],
    ['POST', '/api/v1/agents', ''],
    ['POST', '/api/v1/agents', `{"name":"${'x'.repeat(1_100_000)}"}`],
    ['GET', '/api/v1/agents/%zz', undefined],
    ['GET', '/api/v1/agents?limit=x&limit=y', undefined],
    ['GET', '/api/v1/agents?cursor=%00', undefined],
  ])('what a framework refuses is refused in our words: %s %s', async (method, path, body) => {
    const { status, body: error } = await acme.call<ErrorAnswer>(method, path, body);
    expect([400, 413]).toContain(status);
    expect(error).toEqual({ statusCode: status, code: expect.stringMatching(/^[A-Z_]+$/), message: expect.stringMatching(/\.$/), requestId: expect.any(String), ...(error.details && { details: error.details }) });
    expect(JSON.stringify(error)).not.toMatch(INSIDE);
    expect(error.message).not.toMatch(/Unexpected|JSON at|position|Body cannot|forbidden prototype/);
  });
});
