import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { ResumingReader, SharedLog } from '../support/resuming-reader.js';
import { SeededRandom } from '../support/seeded-random.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

const { RESUMES = '2000', RESUMES_SEED = String(randomInt(1, 1_000_000)) } = process.env;
const goal = Number(RESUMES);
/** Of them while the runs are live; the others when PostgreSQL alone has their events. */
const LIVE = Math.ceil(goal * 0.75);
/** Resumes that a machine under load manages in a second, at the least. */
const SLOWEST = 25;
const [RUNS, READERS] = [8, 6];

describe('readers whose connections break all the time', () => {
  const random = new SeededRandom(Number(RESUMES_SEED));
  const headers = { 'x-tenant-id': 'acme', 'x-tenant-tier': 'enterprise' };
  const logs: SharedLog[] = [];
  let [all, received] = [0, 0];
  let database: TestDatabase;
  let redis: Redis;
  let servers: ServerProcess[];
  let proxies: TcpProxy[];
  let urls: string[];
  let acme: ApiClient;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createDatabase(), emptyRedis()]);
    const start = (role: string): Promise<ServerProcess> => ServerProcess.start({ NOOBLE_ROLE: role, DATABASE_URL: database.url, REDIS_URL: redisUrl, EXECUTION_DELTA_INTERVAL_MS: '1', LOG_LEVEL: 'warn' });
    servers = await Promise.all(['api', 'api', 'worker'].map(start));
    const direct = await Promise.all(servers.slice(0, 2).map((server) => server.url()));
    proxies = await Promise.all(direct.map((url) => TcpProxy.inFrontOf(Number(new URL(url).port))));
    // In the middle of headers, of a frame, of a word.
    for (const proxy of proxies) proxy.cutsAfter = () => random.int(6_000);
    urls = [...direct, ...proxies.map(({ port }) => `http://127.0.0.1:${String(port)}`)];
    acme = await servers[0]!.client('acme');
  }, 60_000);
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.end('SIGKILL')));
    await Promise.all(proxies.map((proxy) => proxy.close()));
    redis.disconnect();
    await database.drop();
  });

  /** Readers of these executions, to the end of each. @returns resumes */
  const read = async (shared: readonly SharedLog[], livesMs: number): Promise<number> => {
    const readers = shared.flatMap((log) => Array.from({ length: READERS }, () => new ResumingReader(log, { urls, headers, livesMs }, new SeededRandom(random.int(2 ** 31)))));
    await Promise.all(readers.map((reader) => reader.run()));
    expect(readers.flatMap(({ faults }) => faults)).toEqual([]);
    received += readers.reduce((sum, reader) => sum + reader.received, 0);
    const resumes = readers.reduce((sum, reader) => sum + reader.resumes, 0);
    all += resumes;
    return resumes;
  };
  const begin = async (agentId: string): Promise<SharedLog> => new SharedLog((await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello' })).body.executionId);
  const expectWhole = async (): Promise<void> => {
    for (const { executionId, events: seen } of logs) {
      const events = await acme.events(executionId);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
      expect([...seen].sort(([a], [b]) => a - b).map(([, event]) => event)).toEqual(events);
      expect(events.map(({ data }) => (data['text'] as string | undefined) ?? '').join('').split(' ')).toHaveLength(60);
    }
  };

  it('lose no event and see none twice while the runs are live', async () => {
    const agentId = await createAgent(acme, '@tokens 60\n@delay 30');
    for (let resumes = 0; resumes < LIVE; ) {
      const runs = await Promise.all(Array.from({ length: RUNS }, () => begin(agentId)));
      logs.push(...runs);
      resumes += await read(runs, 80);
    }
    await expectWhole();
  }, 30_000 + (LIVE * 1_000) / SLOWEST);

  it('nor when the runs are in PostgreSQL alone', async () => {
    await waitFor('the records', async () => (await database.query('SELECT 1 FROM executions')).length === logs.length);
    for (const { executionId } of logs) await redis.del(`nb:{acme}:exec:${executionId}`, `nb:{acme}:exec:${executionId}:events`);
    for (let resumes = 0; resumes < goal - LIVE; ) resumes += await read(Array.from({ length: RUNS }, () => random.pick(logs)), 40);
    await expectWhole();
    process.stdout.write(`resumes: RESUMES_SEED=${RESUMES_SEED} RESUMES=${RESUMES}: ${String(all)} resumes, ${String(received)} events of ${String(logs.length)} runs\n`);
  }, 30_000 + (goal * 1_000) / SLOWEST);
});
