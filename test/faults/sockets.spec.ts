import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { WebSocket } from 'ws';
import { newId } from '../../src/contracts/index.js';
import { ExecutionsGateway } from '../../src/modules/execution/gateway/executions.gateway.js';
import { SocketConnection } from '../../src/modules/execution/gateway/socket-connection.js';
import { MAX_SUBSCRIPTIONS } from '../../src/modules/execution/gateway/subscriptions.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { EventLogs } from '../support/event-logs.js';
import { freePort } from '../support/free-port.js';
import { OwnRedis } from '../support/own-redis.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { type Frame, TestSocket } from '../support/test-socket.js';
import { waitFor } from '../support/wait-for.js';

const open: TestSocket[] = [];
afterEach(() => {
  open.splice(0).forEach((socket) => {
    socket.cut();
  });
});
const enter = async (client: ApiClient, sessionId: string): Promise<TestSocket> => {
  const socket = await client.socket(sessionId);
  open.push(socket);
  return socket;
};
const seqs = ({ frames }: TestSocket, executionId: string): number[] => frames.filter((frame: Frame) => frame.executionId === executionId).map(({ seq = 0 }) => seq);
const dense = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

describe('two servers', () => {
  let database: TestDatabase;
  let first: ServerProcess;
  let second: ServerProcess;

  beforeAll(async () => {
    database = await createDatabase();
    (await emptyRedis()).disconnect();
    const start = (NOOBLE_ROLE: string): Promise<ServerProcess> => ServerProcess.start({ NOOBLE_ROLE, DATABASE_URL: database.url, REDIS_URL: redisUrl });
    [first, second] = await Promise.all([start('api'), start('all')]);
  });
  afterAll(async () => {
    await Promise.all([first.end('SIGKILL'), second.end('SIGKILL')]);
    await database.drop();
  });

  it('one of which is killed: the session’s socket on the other goes on, and who comes back there receives all of it', async () => {
    const [doomed, alive] = [await first.client('acme'), await second.client('acme')];
    const agentId = await createAgent(alive, '@tokens 150\n@delay 30');
    const [lost, staying] = [await enter(doomed, 'shared'), await enter(alive, 'shared')];
    lost.send('execution.start', { agentId, message: 'hi' });
    const { executionId = '' } = await lost.next('message.delta');
    await first.end('SIGKILL');
    expect(await waitFor('the close', () => lost.closed)).toMatchObject({ code: 1006 });
    const back = await enter(alive, 'shared');
    for (const socket of [staying, back]) {
      await socket.next('execution.completed');
      expect(seqs(socket, executionId)).toEqual(dense(1, seqs(socket, executionId).length));
    }
  });
});

describe('Redis', () => {
  it('killed and started again in mid-run: open sockets go on by themselves, with every event once', async () => {
    const redis = await OwnRedis.start(await freePort());
    const nooble = await startTestApp({ REDIS_URL: redis.url });
    try {
      const acme = nooble.client('acme');
      const agentId = await createAgent(acme, '@tokens 80\n@delay 50');
      const [starter, watcher] = [await enter(acme, 'outage'), await enter(acme, 'outage')];
      starter.send('execution.start', { agentId, message: 'hi' });
      const { executionId = '' } = await watcher.next('message.delta');
      await redis.kill();
      await redis.begin();
      for (const socket of [starter, watcher]) {
        await waitFor('the end', () => socket.frames.some(({ type }) => /^execution\.(completed|failed)$/.test(type)), 60_000);
        expect(seqs(socket, executionId)).toEqual(dense(1, seqs(socket, executionId).length));
      }
      const next = (await acme.post<{ executionId: string }>(`/api/v1/agents/${await createAgent(acme)}/executions`, { message: 'after', sessionId: 'outage' })).body.executionId;
      await waitFor('the session’s next run', () => watcher.frames.some((frame) => frame.executionId === next && frame.type === 'execution.completed'));
    } finally {
      await nooble.close();
      await redis.remove();
    }
  }, 120_000);
});

describe('a client that reads too slowly', () => {
  it('is closed with 1013, and by its cursor loses nothing', async () => {
    const closing = jest.spyOn(SocketConnection.prototype, 'close');
    const logs = await EventLogs.start({ SOCKET_BUFFER_LIMIT_BYTES: '65536' });
    try {
      const acme = logs.nooble.client('acme');
      const run = await logs.begin();
      const text = 'x'.repeat(100_000);
      const last = 300;
      for (let number = 2; number < last; number++) await logs.append(run, [{ type: 'message.delta', data: { text } }]);
      await logs.end(run);
      const { executionId } = run;
      const slow = await enter(acme, 'slow');
      slow.send('subscribe', { executionId });
      await waitFor('the first event', () => seqs(slow, executionId).length > 0);
      slow.socket.pause();
      const { length: before } = seqs(slow, executionId);
      await waitFor('the server to close it', () => closing.mock.calls.length > 0, 25_000);
      slow.socket.resume();
      expect(await waitFor('the close', () => slow.closed)).toMatchObject({ code: 1013 });
      const got = seqs(slow, executionId);
      expect(got).toEqual(dense(1, got.length));
      expect(got.length).toBeGreaterThanOrEqual(before);
      expect(got.length).toBeLessThan(last);
      const back = await enter(acme, 'slow');
      back.send('subscribe', { executionId, after: got.length });
      await waitFor('the rest', () => seqs(back, executionId).at(-1) === last);
      expect(seqs(back, executionId)).toEqual(dense(got.length + 1, last - got.length));
    } finally {
      closing.mockRestore();
      await logs.nooble.close();
    }
  }, 60_000);
});

describe('a client that sends and sends', () => {
  let nooble: TestApp;
  let acme: ApiClient;

  beforeAll(async () => {
    nooble = await startTestApp({ NOOBLE_ROLE: 'api' });
    acme = nooble.client('acme');
  });
  afterAll(async () => {
    await nooble.close();
  });

  it('while it reads nothing is closed with 1013: no answer is kept for it without end', async () => {
    const connections = Reflect.get(nooble.app.get(ExecutionsGateway, { strict: false }), 'connections') as Map<WebSocket, unknown>;
    const flooding = await enter(acme, 'flood');
    const served = [...connections.keys()].at(-1)!;
    flooding.socket.pause();
    served.send(JSON.stringify({ type: 'more than all buffers hold', data: { text: 'x'.repeat(32 * 2 ** 20) } }));
    flooding.send('ping');
    await waitFor('the server to close it', () => served.readyState !== served.OPEN);
    flooding.socket.resume();
    expect(await waitFor('the close', () => flooding.closed)).toMatchObject({ code: 1013 });
  });

  it(`may subscribe to ${String(MAX_SUBSCRIPTIONS)} sessions and runs at once, and is told how to go on`, async () => {
    const greedy = await enter(acme, 's-0');
    const answer = async (requestId: string, data: object, type = 'subscribe'): Promise<Frame> => {
      greedy.send(type, { ...data, requestId });
      return waitFor(requestId, () => greedy.frames.find((frame) => frame.data['requestId'] === requestId));
    };
    const full = { type: 'error', data: { code: 'SUBSCRIPTIONS_FULL', details: { subscriptions: MAX_SUBSCRIPTIONS } } };
    for (let i = 0; i < MAX_SUBSCRIPTIONS; i++) greedy.send('subscribe', { sessionId: `s-${String(i)}` });
    expect(await answer('one more', { sessionId: 'more' })).toMatchObject(full);
    expect(await answer('a run', { executionId: newId() })).toMatchObject(full);
    expect(await answer('one again', { sessionId: 's-7' })).toMatchObject({ type: 'subscribed' });
    await answer('one less', { sessionId: 's-7' }, 'unsubscribe');
    expect(await answer('another', { sessionId: 'more' })).toMatchObject({ type: 'subscribed' });
  });
});
