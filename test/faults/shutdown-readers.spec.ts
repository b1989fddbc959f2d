import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { isTerminal } from '../../src/contracts/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { type Follow, type FollowedEvent, type StreamEnd, overSocket, overSse, overSseAgain } from '../support/event-streams.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const TIMEOUT_MS = 90_000;
const RUNS = 5;

/** One reader: what it has seen, and how each of its connections ended. */
interface Watch {
  readonly executionId: string;
  readonly events: FollowedEvent[];
  readonly ends: StreamEnd[];
}

describe('readers of runs', () => {
  const headers = { 'x-tenant-id': 'acme', 'x-tenant-tier': 'enterprise' };
  let database: TestDatabase;
  let redis: Redis;
  let servers: ServerProcess[];
  let acme: ApiClient;

  const start = (role: string): Promise<ServerProcess> => ServerProcess.start({ NOOBLE_ROLE: role, DATABASE_URL: database.url, REDIS_URL: redisUrl, SHUTDOWN_GRACE_SECONDS: '1' });

  beforeEach(async () => {
    [database, redis] = await Promise.all([createDatabase(), emptyRedis()]);
    servers = await Promise.all(['api', 'api', 'worker', 'worker'].map(start));
    acme = await servers[0]!.client('acme');
  }, TIMEOUT_MS);
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.end('SIGKILL')));
    redis.disconnect();
    await database.drop();
  });

  /** Follows to the end, from the first of the servers that answers. */
  const watch = (executionId: string, follow: Follow, urls: readonly string[]): [Watch, Promise<void>] => {
    const seen: Watch = { executionId, events: [], ends: [] };
    const run = async (): Promise<void> => {
      while (seen.ends.length < urls.length) {
        const over = new AbortController();
        const following = { url: urls[seen.ends.length]!, headers, executionId, after: seen.events.at(-1)?.seq ?? 0, cut: over.signal };
        seen.ends.push(await follow(following, (event) => {
          seen.events.push(event);
          if (isTerminal(event.type) && follow === overSocket) over.abort();
        }));
        if (isOver(seen)) return;
      }
    };
    return [seen, run()];
  };
  const isOver = ({ events }: Watch): boolean => events.some(({ type }) => isTerminal(type));
  const begin = async (prompt: string): Promise<string[]> => {
    const agentId = await createAgent(acme, prompt);
    return Promise.all(Array.from({ length: RUNS }, async () => (await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello' })).body.executionId));
  };
  const expectWhole = async (watches: readonly Watch[]): Promise<void> => {
    for (const { executionId, events } of watches) {
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
      const whole = await acme.events(executionId);
      expect(events.map(({ seq, type, data }) => ({ seq, type, data }))).toEqual(whole.map(({ seq, type, data }) => ({ seq, type, data })));
      expect(events.at(-1)?.type).toBe('execution.completed');
    }
  };

  it('see a worker that stops as a second attempt, in the same stream and without a gap', async () => {
    const ids = await begin('@tokens 80\n@delay 50');
    const url = await servers[0]!.url();
    const watches = ids.flatMap((id) => [overSse, overSocket].map((follow) => watch(id, follow, [url])));
    await waitFor('text everywhere', () => watches.every(([{ events }]) => events.some(({ type }) => type === 'message.delta')));
    expect(await servers[2]!.end('SIGTERM')).toBe(0);
    await Promise.all(watches.map(([, done]) => done));
    const all = watches.map(([seen]) => seen);
    await expectWhole(all);
    expect(new Set(all.map(({ ends }) => ends.length))).toEqual(new Set([1]));
    const attempts = all.map(({ events }) => events.filter(({ type }) => type === 'execution.started').length);
    // Some of the runs were in the other worker.
    for (const count of attempts) expect([1, 2]).toContain(count);
  }, TIMEOUT_MS);

  it('are told properly by an api that stops, and go on at another one without loss', async () => {
    const ids = await begin('@tokens 130\n@delay 50');
    const urls = [await servers[1]!.url(), await servers[0]!.url()];
    const watches = ids.flatMap((id) => [overSse, overSseAgain, overSocket].map((follow) => ({ follow, watch: watch(id, follow, urls) })));
    await waitFor('text everywhere', () => watches.every(({ watch: [{ events }] }) => events.some(({ type }) => type === 'message.delta')));
    expect(await servers[1]!.end('SIGTERM')).toBe(0);
    await Promise.all(watches.map(({ watch: [, done] }) => done));
    await expectWhole(watches.map(({ watch: [seen] }) => seen));
    for (const { follow, watch: [{ ends }] } of watches) expect(ends[0]).toEqual(follow === overSocket ? { kind: 'closed', code: 1001 } : { kind: 'ended' });
  }, TIMEOUT_MS);

  it('that an api was to hold open are not cancelled because it stops, and whoever waits is told where to look', async () => {
    const stopping = await servers[1]!.client('acme');
    const agentId = await createAgent(acme, '@tokens 60\n@delay 50');
    const path = `/api/v1/agents/${agentId}/executions`;
    const waiting = stopping.post<ErrorAnswer>(`${path}?wait=true`, { message: 'wait', onDisconnect: 'cancel' });
    const streaming = fetch(stopping.url + path, { method: 'POST', headers: { ...headers, accept: 'text/event-stream', 'content-type': 'application/json' }, body: JSON.stringify({ message: 'stream', onDisconnect: 'cancel' }) }).then((response) => response.text());
    const running = async (): Promise<{ executionId: string; status: string }[]> => (await acme.get<{ data: { executionId: string; status: string }[] }>(`/api/v1/executions?agentId=${agentId}&status=running`)).body.data;
    await waitFor('both runs', async () => (await running()).length === 2);
    const ids = (await running()).map(({ executionId }) => executionId);
    expect(await servers[1]!.end('SIGTERM')).toBe(0);
    expect(await waiting).toMatchObject({ status: 503, body: { code: 'SHUTTING_DOWN', message: expect.stringContaining('The run goes on') } });
    expect(await streaming).toContain('execution.started');
    for (const id of ids) expect((await acme.events(id)).at(-1)?.type).toBe('execution.completed');
  }, TIMEOUT_MS);
});
