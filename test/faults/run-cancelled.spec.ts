import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { endedRun, faultsOfRuns, messagesOf, type SeenExecution } from '../support/run-history.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

/** A worker that is not there is given 5 s to stop; a lost job is noticed after 15 to 25 s. */
const NOTICED_MS = 90_000;

interface Accepted {
  readonly executionId: string;
  readonly conversationId: string;
}

describe('a run whose worker is not there', () => {
  let database: TestDatabase;
  let redis: Redis;
  let api: ServerProcess;
  let acme: ApiClient;
  let agentId: string;

  const start = (role: string): Promise<ServerProcess> => ServerProcess.start({ NOOBLE_ROLE: role, DATABASE_URL: database.url, REDIS_URL: redisUrl, LOG_LEVEL: 'debug' });
  beforeAll(async () => {
    database = await createDatabase();
    redis = await emptyRedis();
    api = await start('api');
    acme = await api.client('acme');
    agentId = await createAgent(acme, '@delay 20');
  });
  afterAll(async () => {
    await api.end('SIGKILL');
    redis.disconnect();
    await database.drop();
  });

  const turn = async (message: string, sessionId: string, onConflict = 'enqueue'): Promise<Accepted> => (await acme.post<Accepted>(`/api/v1/agents/${agentId}/executions`, { message, sessionId, onConflict })).body;
  const saying = async (sessionId: string): Promise<Accepted> => {
    const run = await turn('@tokens 4000', sessionId);
    await waitFor('the first token', async () => (await redis.hget(keys.execution('acme', run.executionId), 'firstTokenAt')) !== null);
    return run;
  };
  const cancel = async ({ executionId }: Accepted): Promise<SeenExecution> => (await acme.post<SeenExecution>(`/api/v1/executions/${executionId}/cancel`, { reason: 'enough' })).body;
  const faults = async (...runs: readonly Accepted[]): Promise<string[]> => faultsOfRuns(await Promise.all(runs.map(({ executionId }) => endedRun(acme, executionId))), await messagesOf(acme, runs[0]!.conversationId));
  const isAtRest = async (): Promise<unknown> => waitFor('nobody to look after any run', async () => (await redis.zcard(keys.runs('acme'))) === 0);
  /** No worker has a job in hand, and none waits. */
  const areJobsDone = async (): Promise<unknown> =>
    waitFor('the end of every job', async () => (await Promise.all(['active', 'wait', 'prioritized'].map((list) => redis.exists(`{nb:queues}:execution.agent_run:${list}`)))).every((count) => count === 0), 60_000);

  it('stopped in mid-answer: is cancelled without it, with what it had said; the next one runs, and the worker that comes back changes nothing', async () => {
    const stopped = await start('worker');
    const runs = [await saying(newId()), await saying(newId()), await saying(newId())];
    stopped.child.kill('SIGSTOP');
    const other = await start('worker');
    const sessions = await Promise.all(runs.map(async ({ executionId }) => (await acme.get<{ sessionId: string }>(`/api/v1/executions/${executionId}`)).body.sessionId));
    const [cancelled, interrupted, twice] = runs as [Accepted, Accepted, Accepted];
    const line = [await turn('next', sessions[0]!), await turn('at once', sessions[1]!, 'interrupt'), await turn('next', sessions[2]!)];
    const answers = await Promise.all([cancel(cancelled), cancel(twice), cancel(twice)]);
    for (const answer of answers) expect(answer).toMatchObject({ status: 'cancelled', attempt: 1, error: { message: 'enough' }, result: { content: expect.stringMatching(/^word1 /) } });
    const check = async (): Promise<string[]> => (await Promise.all([faults(cancelled, line[0]!), faults(interrupted, line[1]!), faults(twice, line[2]!)])).flat();
    expect(await check()).toEqual([]);
    for (const { conversationId } of runs) expect((await messagesOf(acme, conversationId))[1]).toMatchObject({ metadata: { isPartial: true, finishReason: 'cancelled' } });
    await isAtRest();
    const before = await Promise.all(runs.map(({ conversationId }) => messagesOf(acme, conversationId)));
    stopped.child.kill('SIGCONT');
    await areJobsDone();
    expect(await stopped.end('SIGTERM')).toBe(0);
    expect(await Promise.all(runs.map(({ conversationId }) => messagesOf(acme, conversationId)))).toEqual(before);
    expect(await check()).toEqual([]);
    expect(await redis.zcard(keys.runs('acme'))).toBe(0);
    await other.end('SIGKILL');
  }, NOTICED_MS);

  it('killed with -9 in mid-answer: is cancelled without it, is not begun again, and the next one runs', async () => {
    const session = newId();
    const lost = await start('worker');
    const run = await saying(session);
    await lost.end('SIGKILL');
    const next = await turn('next', session);
    expect(await cancel(run)).toMatchObject({ status: 'cancelled', attempt: 1, result: { content: expect.stringMatching(/^word1 /) } });
    const other = await start('worker');
    expect(await faults(run, next)).toEqual([]);
    await areJobsDone();
    expect((await acme.get<SeenExecution>(`/api/v1/executions/${run.executionId}`)).body).toMatchObject({ status: 'cancelled', attempt: 1 });
    expect(await faults(run, next)).toEqual([]);
    await isAtRest();
    await other.end('SIGKILL');
  }, NOTICED_MS);
});
