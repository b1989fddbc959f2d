import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { ExecutionsService } from '../../src/modules/execution/executions.service.js';
import { RunBeginnings } from '../../src/modules/execution/runs/run-beginnings.service.js';
import { RunDispatcher } from '../../src/modules/execution/runs/run-dispatcher.service.js';
import { RunStore } from '../../src/modules/execution/runs/run.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { numbers } from '../support/hot-store.js';
import { endedRun, faultsOfRuns, messagesOf, type SeenExecution } from '../support/run-history.js';
import { TalkingServer } from '../support/talking-server.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

interface Accepted {
  readonly executionId: string;
  readonly conversationId: string;
}

describe('a run that is cancelled', () => {
  let model: TalkingServer;
  let nooble: TestApp;
  let acme: ApiClient;
  let agentId: string;
  let session: string;

  beforeAll(async () => {
    model = await TalkingServer.start({ words: 10_000, everyMs: 10 });
    nooble = await startTestApp({ OPENAI_BASE_URL: model.url });
    acme = nooble.client('acme');
    agentId = await createAgent(acme, '@delay 20');
  });
  beforeEach(() => {
    session = newId();
  });
  afterAll(async () => {
    await nooble.close();
    await model.close();
  });

  const field = async ({ executionId }: Accepted, name: string): Promise<string | null> => nooble.redis.hget(keys.execution('acme', executionId), name);
  const start = async (message: string, more: Record<string, unknown> = {}, agent = agentId): Promise<Accepted> => (await acme.post<Accepted>(`/api/v1/agents/${agent}/executions`, { message, sessionId: session, ...more })).body;
  const saying = async (message = '@tokens 4000', agent = agentId): Promise<Accepted> => {
    const run = await start(message, {}, agent);
    await waitFor('the first token', async () => (await field(run, 'firstTokenAt')) !== null);
    return run;
  };
  const asked = async (message: string): Promise<Accepted> => {
    const run = await start(message);
    await waitFor('the context', async () => (await field(run, 'contextSource')) !== null);
    return run;
  };
  const cancel = async ({ executionId }: Accepted, reason = 'enough'): Promise<SeenExecution> => (await acme.post<SeenExecution>(`/api/v1/executions/${executionId}/cancel`, { reason })).body;
  /** Everything that is wrong with these runs, which are all of their conversation. */
  const faults = async (...runs: readonly Accepted[]): Promise<string[]> => faultsOfRuns(await Promise.all(runs.map(({ executionId }) => endedRun(acme, executionId))), await messagesOf(acme, runs[0]!.conversationId));

  it('in mid-answer keeps what it has said, its reason and what it has cost; the next one runs', async () => {
    const [run, next] = [await saying(), await start('next')];
    const ended = await cancel(run, 'I have seen enough');
    expect(ended).toMatchObject({ status: 'cancelled', error: { code: 'EXECUTION_CANCELLED', message: 'I have seen enough' }, attempt: 1 });
    expect(ended.result?.content).toMatch(/^word1 /);
    expect(ended.usage?.inputTokens).toBeGreaterThan(0);
    expect(ended.usage?.outputTokens).toBeGreaterThan(0);
    expect(ended.usage).toMatchObject({ isEstimated: true });
    expect(await faults(run, next)).toEqual([]);
    const [, partial, ...others] = await messagesOf(acme, run.conversationId);
    expect(partial).toMatchObject({ role: 'assistant', content: ended.result?.content, metadata: { isPartial: true, finishReason: 'cancelled' } });
    expect(others.map(({ messageId }) => messageId)).toEqual([`${next.executionId}.user`, `${next.executionId}.assistant`]);
  });

  it('in its second call has the usage of the first one, and an estimate of the second', async () => {
    const tooled = await createAgent(acme, '@delay 300', { tools: ['datetime'] });
    const message = '@tool datetime {}';
    const whole = (await endedRun(acme, (await start(message, {}, tooled)).executionId)).execution.usage!;
    session = newId();
    const run = await saying(message, tooled);
    const { usage, status } = await cancel(run);
    expect([status, usage]).toEqual(['cancelled', expect.objectContaining({ isEstimated: true })]);
    // Both calls have read the window; what the second one has said was cut off.
    expect(usage!.inputTokens).toBeGreaterThan(whole.inputTokens / 2);
    expect(usage!.outputTokens).toBeLessThan(whole.outputTokens);
    expect(whole).not.toHaveProperty('isEstimated');
  });

  it.each(['@hang', '@think 600000'])('before its first word has no answer, but what was asked: %s', async (message) => {
    const run = await asked(message);
    expect(await cancel(run)).toMatchObject({ status: 'cancelled', result: null });
    expect(await faults(run)).toEqual([]);
    expect((await messagesOf(acme, run.conversationId)).map(({ messageId }) => messageId)).toEqual([`${run.executionId}.user`]);
  });

  it('is not begun again, whoever sends it again', async () => {
    const run = await saying();
    const action = (await nooble.app.get(RunStore, { strict: false }).findAction({ tenantId: 'acme', ...run }))!;
    const ended = await cancel(run);
    await waitFor('the end of its job', async () => (await nooble.redis.exists(`{nb:queues}:execution.agent_run:${run.executionId}`)) === 0);
    // Also when PostgreSQL alone has it.
    for (const lost of [[], [keys.execution('acme', run.executionId), keys.events('acme', run.executionId)]]) {
      if (lost.length > 0) await nooble.redis.del(...lost);
      await nooble.app.get(RunDispatcher, { strict: false }).send(action);
      await waitFor('the end of its job', async () => (await nooble.redis.exists(`{nb:queues}:execution.agent_run:${run.executionId}`)) === 0);
      expect((await acme.get<SeenExecution>(`/api/v1/executions/${run.executionId}`)).body).toEqual(ended);
      expect(await faults(run)).toEqual([]);
    }
    expect(await nooble.redis.exists(keys.execution('acme', run.executionId))).toBe(0);
  });

  it('closes the connection to the provider', async () => {
    const talker = await createAgent(acme, '', { provider: 'openai-compatible', model: 'tiny' });
    const [run, before] = [await saying('hello', talker), model.cutOff];
    expect((await cancel(run)).result?.content).toMatch(/^word1 /);
    await waitFor('the connection to be closed', () => model.cutOff === before + 1 && model.talking === 0);
    expect(await faults(run)).toEqual([]);
  });

  it('while it waits never runs, and the line goes on without it', async () => {
    const active = await saying();
    const line = [await start('second'), await start('third'), await start('fourth')];
    expect(await cancel(line[1]!)).toMatchObject({ status: 'cancelled', attempt: 0, result: null, usage: null });
    await cancel(active);
    expect(await faults(active, ...line)).toEqual([]);
    expect((await messagesOf(acme, active.conversationId)).map(({ messageId }) => messageId.split('.')[0])).toEqual([active, active, line[0], line[0], line[2], line[2]].map((run) => run!.executionId));
  });

  it('is followed by the one that waits, though that was asked for again: no job of it is in hand when its turn comes', async () => {
    const active = await saying();
    const keyed = acme.with({ 'idempotency-key': newId() });
    const ask = async (): Promise<SeenExecution> => (await keyed.post<SeenExecution>(`/api/v1/agents/${agentId}/executions?wait=true`, { message: 'next', sessionId: session })).body;
    const following = jest.spyOn(nooble.app.get(ExecutionsService, { strict: false }), 'follow');
    const [beginnings, isCancelled] = [nooble.app.get(RunBeginnings, { strict: false }), Promise.withResolvers<void>()];
    const begin = beginnings.begin.bind(beginnings);
    const held = jest.spyOn(beginnings, 'begin').mockImplementation(async (...args) => {
      const beginning = await begin(...args);
      if (beginning.outcome === 'waiting') await isCancelled.promise;
      return beginning;
    });
    const waiting = ask();
    await waitFor('its acceptance', () => following.mock.calls.length === 1);
    const again = ask();
    await waitFor('its acceptance', () => following.mock.calls.length === 2);
    await cancel(active);
    isCancelled.resolve();
    expect([await waiting, await again]).toMatchObject([{ status: 'completed' }, { status: 'completed' }]);
    held.mockRestore();
    following.mockRestore();
  });

  it('by many at once ends once, by one of their reasons', async () => {
    const [run, next] = [await saying(), await start('next')];
    const answers = await Promise.all(numbers(1, 10).map((i) => cancel(run, `reason ${String(i)}`)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await faults(run, next)).toEqual([]);
  });

  it('at the moment of its end is either, whole or in part, and the line goes on', async () => {
    const quick = await createAgent(acme, '@tokens 5\n@delay 2');
    const all = await Promise.all(numbers(0, 39).map(async (i) => {
      session = newId();
      const [run, next] = await Promise.all([start('hello', {}, quick), start('next', {}, quick)]);
      await new Promise((resolve) => setTimeout(resolve, i * 5));
      const { status } = await cancel(run);
      return { status, faults: await faults(run, next) };
    }));
    expect(all.flatMap(({ faults: found }) => found)).toEqual([]);
    expect(all.every(({ status }) => ['cancelled', 'completed'].includes(status))).toBe(true);
  });

  it('when it took too long keeps what it has said as well, and the line goes on', async () => {
    const [run, next] = [await start('@tokens 4000', { timeoutMs: 2_500 }), await start('next')];
    expect(await faults(run, next)).toEqual([]);
    const { body } = await acme.get<SeenExecution>(`/api/v1/executions/${run.executionId}`);
    expect(body).toMatchObject({ status: 'timedOut', error: { code: 'EXECUTION_TIMED_OUT' } });
    expect((await messagesOf(acme, run.conversationId))[1]).toMatchObject({ content: body.result?.content, metadata: { isPartial: true, finishReason: 'timedOut' } });
  });

  it('whose conversation is deleted in mid-run fails, as do those that wait, and nothing is left of it', async () => {
    const runs = [await saying('@tokens 150'), await start('next'), await start('last')];
    const { conversationId } = runs[0]!;
    expect((await acme.delete(`/api/v1/conversations/${conversationId}`)).status).toBeLessThan(300);
    const ended = await Promise.all(runs.map(({ executionId }) => endedRun(acme, executionId)));
    expect(ended.map(({ execution: { status, error } }) => [status, error?.code])).toEqual(runs.map(() => ['failed', 'CONVERSATION_NOT_FOUND']));
    expect(await nooble.redis.exists(keys.lease('acme', conversationId), keys.waitingRuns('acme', conversationId))).toBe(0);
    expect((await acme.get(`/api/v1/conversations/${conversationId}/messages`)).status).toBe(404);
  });

  it('in a conversation that is deleted meanwhile ends as cancelled', async () => {
    const run = await asked('@hang');
    await acme.delete(`/api/v1/conversations/${run.conversationId}`);
    expect(await cancel(run)).toMatchObject({ status: 'cancelled', result: null });
  });
});
