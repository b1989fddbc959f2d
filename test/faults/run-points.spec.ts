import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DomainAction, newId } from '../../src/contracts/index.js';
import { newRunOf } from '../../src/modules/execution/runs/new-run.js';
import { type NewRun, RunStore } from '../../src/modules/execution/runs/run.store.js';
import { SweepRunsHandler } from '../../src/modules/execution/actions/sweep-runs.handler.js';
import { ActionBus } from '../../src/shared/actions/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { POINTS, type Point, RUN, stepOf } from '../chaos/run-steps.js';
import { type Case, StoppedRuns } from '../chaos/stopped-runs.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { endedRun, faultsOfRuns, messagesOf } from '../support/run-history.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';
import { endSweeps } from '../support/sweeps.js';

const CASES_MS = 180_000;
let nooble: TestApp;
let acme: ApiClient;
let agentId: string;

beforeAll(async () => {
  nooble = await startTestApp();
  acme = nooble.client('acme');
  agentId = await createAgent(acme, '@tokens 20\n@delay 5');
  // These tests say when somebody looks after runs.
  await endSweeps(nooble, 'execution.sweep');
  // Whoever comes first sends a script whole: here somebody else was first.
  const { body } = await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello' });
  await acme.events(body.executionId);
  await waitFor('the record', async () => (await nooble.redis.zcard(keys.runs('acme'))) === 0);
});
afterAll(async () => {
  await nooble.close();
});

const part = <T>(type: new (...dependencies: never[]) => T): T => nooble.app.get<T>(type, { strict: false });

/** A run that nobody was sent. */
const accepted = async (conversationId: string): Promise<NewRun> => {
  const [executionId, sessionId] = [newId(), conversationId];
  const data = { conversationId, sessionId, message: 'hello', messageType: 'text', userInfo: {} };
  const run = newRunOf({ actionId: newId(), tenantId: 'acme', tenantTier: 'enterprise', agentId, sessionId, taskId: executionId, metadata: {}, createdAt: new Date().toISOString(), data }, agentId, 'enqueue');
  await part(RunStore).accept(run);
  return run;
};
const prepare = async (point: Point): Promise<Case> => {
  const conversationId = newId();
  return { point, run: await accepted(conversationId), next: await accepted(conversationId) };
};

/** What Bull does with the job of a lost worker, and what the sweep does with a run of which nobody has heard. */
const recover = async (cases: readonly Case[]): Promise<void> => {
  await Promise.all(cases.map(({ run }) => part(ActionBus).send('execution.agent_run', run.action, { jobId: run.executionId })));
  await waitFor('every run to be in PostgreSQL', async () => {
    const open = await part(RunStore).findUnpersisted('acme');
    for (const id of open) await nooble.redis.zadd(keys.runs('acme'), 'XX', 1, id);
    await part(SweepRunsHandler).handle({} as DomainAction<'execution.sweep'>, { signal: new AbortController().signal, attempt: 1 });
    return open.length === 0;
  }, 60_000);
};

const faultsOf = async ({ run, next }: Case): Promise<string[]> => {
  const { conversationId } = run;
  const runs = await Promise.all([run, next].map(({ executionId }) => endedRun(acme, executionId)));
  const rows = await nooble.database.query<{ status: string }>('SELECT status FROM executions WHERE conversation_id = $1', [conversationId]);
  const left = await nooble.redis.exists(keys.lease('acme', conversationId), keys.waitingRuns('acme', conversationId));
  const rules: Record<string, boolean> = {
    'both are completed': runs.every(({ execution: { status } }) => status === 'completed'),
    'both are in PostgreSQL': rows.length === 2 && rows.every(({ status }) => status === 'completed'),
    'the second one was begun once': runs[1]?.execution.attempt === 1,
    'the conversation is free': left === 0,
  };
  return [...faultsOfRuns(runs, await messagesOf(acme, conversationId)), ...Object.keys(rules).filter((rule) => rules[rule] === false).map((rule) => `not true: ${rule}`)];
};

const nameOf = ({ step, occurrence, side }: Point): string => `${side} ${step} ${String(occurrence)}`;

describe('a worker that dies', () => {
  it('says to both stores what the table of steps says, and perhaps more events', async () => {
    const { run, next } = await prepare(POINTS[0]!);
    const heard = await new StoppedRuns(nooble).rehearse(run);
    const steps = heard.map((text) => stepOf(text, next.executionId)).filter((step) => step !== undefined);
    const withoutEvents = (names: readonly string[]): string[] => names.filter((name) => name !== 'append events');
    expect(withoutEvents(steps)).toEqual(withoutEvents(RUN));
    expect(steps.slice(3, 5)).toEqual(['append events', 'append events']);
    await recover([]);
  }, CASES_MS);

  it(`at any of ${String(POINTS.length)} points leaves what others bring to its end: one user's message, one answer, one end, and the next one runs`, async () => {
    const cases = await Promise.all(POINTS.map(prepare));
    const stopped = new StoppedRuns(nooble);
    await stopped.stop(cases);
    await stopped.die();
    await recover(cases);
    const faults = await Promise.all(cases.map(async (one) => (await faultsOf(one)).map((fault) => `${nameOf(one.point)}: ${fault}`)));
    expect(faults.flat()).toEqual([]);
  }, CASES_MS);
});
