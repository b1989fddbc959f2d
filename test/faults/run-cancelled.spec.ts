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

  const start = (role: string, more: Record<string, string> = {}): Promise<ServerProcess> => ServerProcess.start({ NOOBLE_ROLE: role, DATABASE_URL: database.url, REDIS_URL: redisUrl, LOG_LEVEL: 'warn', ...more });
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
  const isAtRest = async (): Promise<unknown> => waitFor('nobody to look after any run', async () => (await redis.zcard(keys.runs('acme'))) === 0, 60_000);
  /** No worker has a job in hand, and none waits. */
  const areJobsDone = async (): Promise<unknown> =>
    waitFor('the end of every job', async () => (await Promise.all(['active', 'wait'].map((list) => redis.exists(`{nb:queues}:execution.agent_run:${list}`)))).every((count) => count === 0), 60_000);

  it('is cancelled without it, with what it had said, and is not begun again; the next one runs; a worker that was only stopped changes nothing when it comes back', async () => {
    const sessions = [newId(), newId(), newId(), newId()] as const;
    const lost = await start('worker');
    const killed = await saying(sessions[3]);
    await lost.end('SIGKILL');
    const afterKilled = await turn('next', sessions[3]);
    // Three that it runs and one for which it waits: Bull waits as often as it may run, and Redis hands a stopped process as many jobs.
    const [answer, stopped] = await Promise.all([cancel(killed), start('worker', { EXECUTION_CONCURRENCY: '4' })]);
    await endedRun(acme, afterKilled.executionId);
    const [cancelled, interrupted, twice] = [await saying(sessions[0]), await saying(sessions[1]), await saying(sessions[2])];
    stopped.child.kill('SIGSTOP');
    // This one is noticed as lost, too.
    const swallowed = await turn('hello', newId());
    const other = await start('worker');
    const line = [await turn('next', sessions[0]), await turn('at once', sessions[1], 'interrupt'), await turn('next', sessions[2]), afterKilled];
    const runs = [cancelled, interrupted, twice, killed];
    const answers = [answer, ...(await Promise.all([cancelled, twice, twice].map(cancel)))];
    for (const ended of answers) expect(ended).toMatchObject({ status: 'cancelled', attempt: 1, error: { message: 'enough' }, result: { content: expect.stringMatching(/^word1 /) } });
    const check = async (): Promise<string[]> => (await Promise.all(runs.map((run, i) => faults(run, line[i]!)))).flat();
    const said = async (): Promise<unknown[]> => Promise.all(runs.map(({ conversationId }) => messagesOf(acme, conversationId)));
    expect(await check()).toEqual([]);
    const before = await said();
    for (const messages of before) expect(messages).toMatchObject([{ role: 'user' }, { role: 'assistant', metadata: { isPartial: true, finishReason: 'cancelled' } }, { role: 'user' }, { role: 'assistant', metadata: null }]);
    stopped.child.kill('SIGCONT');
    await areJobsDone();
    expect(await stopped.end('SIGTERM')).toBe(0);
    expect(await said()).toEqual(before);
    expect(await check()).toEqual([]);
    expect(await faults(swallowed)).toEqual([]);
    await isAtRest();
    await other.end('SIGKILL');
  }, NOTICED_MS);
});
