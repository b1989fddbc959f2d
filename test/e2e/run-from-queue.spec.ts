import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import Bull, { type Queue } from 'bull';
import { type CallbackAction, type ConflictPolicy, newId } from '../../src/contracts/index.js';
import { RunCancellation } from '../../src/modules/execution/runs/run-cancellation.service.js';
import { RunStore } from '../../src/modules/execution/runs/run.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { createAgent } from '../factories/agent.js';
import { newRun } from '../factories/run.js';
import type { ApiClient } from '../support/api-client.js';
import { endedRun, faultsOfRuns, messagesOf } from '../support/run-history.js';
import { redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

interface Accepted {
  readonly executionId: string;
  readonly conversationId: string;
}

describe('a run that another program puts into the queue, while another one has its conversation', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  let agentId: string;
  let runs: Queue;
  let answers: Queue<CallbackAction<'execution.callback'>>;
  let active: Accepted;
  const heard: CallbackAction<'execution.callback'>[] = [];

  beforeAll(async () => {
    nooble = await startTestApp();
    acme = nooble.client('acme');
    agentId = await createAgent(acme, '@delay 20');
    [runs, answers] = [new Bull('execution.agent_run', redisUrl, { prefix: keys.queues() }), new Bull('line.answers', redisUrl, { prefix: keys.queues() })];
    void answers.process((job) => {
      heard.push(job.data);
      return Promise.resolve();
    });
  });
  beforeEach(async () => {
    active = (await acme.post<Accepted>(`/api/v1/agents/${agentId}/executions`, { message: '@tokens 4000', sessionId: newId() })).body;
    await waitFor('the first token', async () => (await nooble.redis.hget(keys.execution('acme', active.executionId), 'firstTokenAt')) !== null);
  });
  afterAll(async () => {
    await Promise.all([runs.close(), answers.close()]);
    await nooble.close();
  });

  const ask = async (onConflict?: ConflictPolicy): Promise<Accepted> => {
    const [executionId, { conversationId }] = [newId(), active];
    const data = { conversationId, sessionId: 's', message: 'hello', messageType: 'text', userInfo: {}, ...(onConflict && { onConflict }) };
    await runs.add({ actionId: newId(), actionType: 'execution.agent_run', tenantId: 'acme', tenantTier: 'enterprise', agentId, taskId: executionId, callbackQueueName: 'line.answers', data, metadata: {}, createdAt: new Date().toISOString() });
    return { executionId, conversationId };
  };
  const answerTo = async ({ executionId }: Accepted): Promise<CallbackAction<'execution.callback'>['data']> => (await waitFor('the answer', () => heard.find(({ taskId }) => taskId === executionId))).data;
  const cancel = async ({ executionId }: Accepted): Promise<unknown> => acme.post(`/api/v1/executions/${executionId}/cancel`);
  const waits = async ({ executionId, conversationId }: Accepted): Promise<unknown> => waitFor('its place in line', async () => (await nooble.redis.lpos(keys.waitingRuns('acme', conversationId), executionId)) !== null);
  const faults = async (...all: readonly Accepted[]): Promise<string[]> => faultsOfRuns(await Promise.all(all.map(({ executionId }) => endedRun(acme, executionId))), await messagesOf(acme, active.conversationId));

  it('with reject is told that it is refused, and nothing is left of it', async () => {
    const run = await ask('reject');
    expect(await answerTo(run)).toMatchObject({ status: 'failed', error: { code: 'CONVERSATION_BUSY' } });
    expect(await nooble.redis.exists(keys.execution('acme', run.executionId), keys.events('acme', run.executionId))).toBe(0);
    expect((await acme.get(`/api/v1/executions/${run.executionId}`)).status).toBe(404);
    await cancel(active);
    expect(await faults(active)).toEqual([]);
  });

  it.each([undefined, 'enqueue'] as const)('waits for its turn, and is told how it ended (%s)', async (onConflict) => {
    const run = await ask(onConflict);
    await waits(run);
    await cancel(active);
    expect(await answerTo(run)).toMatchObject({ status: 'completed' });
    expect(await faults(active, run)).toEqual([]);
  });

  it('with interrupt takes its place', async () => {
    const run = await ask('interrupt');
    expect(await answerTo(run)).toMatchObject({ status: 'completed' });
    expect((await endedRun(acme, active.executionId)).execution.status).toBe('cancelled');
    expect(await faults(active, run)).toEqual([]);
  });

  it('is told that it was cancelled while it waited', async () => {
    const run = await ask();
    await waits(run);
    await cancel(run);
    expect(await answerTo(run)).toMatchObject({ status: 'cancelled', error: { code: 'EXECUTION_CANCELLED' } });
    await cancel(active);
    expect(await faults(active, run)).toEqual([]);
  });

  it('is told that it was ended without its worker, which had nothing to tell any more', async () => {
    const { action, ...run } = newRun();
    const store = nooble.app.get(RunStore, { strict: false });
    await store.accept({ ...run, action: { ...action, callbackQueueName: 'line.answers' } });
    await store.begin(run, 5);
    const patience = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort());
    await nooble.app.get(RunCancellation, { strict: false }).cancel(run, { reason: 'enough' });
    patience.mockRestore();
    expect(await answerTo(run)).toMatchObject({ status: 'cancelled', error: { message: 'enough' } });
    await cancel(active);
  });
});
