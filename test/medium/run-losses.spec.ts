import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Queue } from 'bull';
import { type DomainAction, newId } from '../../src/contracts/index.js';
import { AgentRunHandler } from '../../src/modules/execution/actions/agent-run.handler.js';
import { Orchestrator } from '../../src/modules/execution/orchestrator.service.js';
import { newRunOf } from '../../src/modules/execution/runs/new-run.js';
import { type NewRun, RunStore, tokenOf } from '../../src/modules/execution/runs/run.store.js';
import { SweepRunsHandler } from '../../src/modules/execution/actions/sweep-runs.handler.js';
import { TurnPreparation } from '../../src/modules/execution/turn-preparation.service.js';
import { Turn } from '../../src/modules/execution/turn.service.js';
import { AgentCacheInvalidator } from '../../src/shared/cache/index.js';
import { QueueRegistry } from '../../src/shared/actions/queue-registry.service.js';
import { DeadLetters } from '../../src/shared/actions/index.js';
import { DeadLettersStore } from '../../src/shared/actions/dead-letters.store.js';
import { AppError } from '../../src/shared/errors/index.js';
import { ExecutionEndings } from '../../src/modules/execution/execution-endings.service.js';
import { keys } from '../../src/shared/redis/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { numbers } from '../support/hot-store.js';
import { endedRun, faultsOfRuns, messagesOf } from '../support/run-history.js';
import { RunLine } from '../support/run-line.js';
import { templateUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';
import { endSweeps } from '../support/sweeps.js';

type AgentRun = DomainAction<'execution.agent_run'>;

interface Accepted {
  readonly executionId: string;
  readonly conversationId: string;
}

const neverStopped = { signal: new AbortController().signal, attempt: 1 };
let postgres: TcpProxy;
let nooble: TestApp;
let acme: ApiClient;
let agentId: string;
let queue: Queue;

beforeAll(async () => {
  postgres = await TcpProxy.inFrontOf(Number(new URL(templateUrl).port));
  nooble = await startTestApp({}, { databasePort: postgres.port });
  acme = nooble.client('acme');
  agentId = await createAgent(acme, '@delay 10');
  const queues = nooble.app.get(QueueRegistry, { strict: false });
  queue = queues.get('execution.agent_run');
  // These tests say when somebody looks after runs.
  await endSweeps(nooble, 'execution.sweep');
});
beforeEach(async () => {
  await nooble.redis.del(keys.runs('acme'));
});
afterAll(async () => {
  await nooble.close();
  await postgres.close();
});

const part = <T>(type: new (...dependencies: never[]) => T): T => nooble.app.get<T>(type, { strict: false });
const start = async (message: string, sessionId = newId()): Promise<Accepted> => (await acme.post<Accepted>(`/api/v1/agents/${agentId}/executions`, { message, sessionId })).body;
const field = async (executionId: string, name: string): Promise<string | null> => nooble.redis.hget(keys.execution('acme', executionId), name);
const saying = async (message = '@tokens 120', sessionId = newId()): Promise<Accepted> => {
  const run = await start(message, sessionId);
  await waitFor('the first token', async () => (await field(run.executionId, 'firstTokenAt')) !== null);
  return run;
};
const faults = async (...runs: readonly Accepted[]): Promise<string[]> => faultsOfRuns(await Promise.all(runs.map(({ executionId }) => endedRun(acme, executionId))), await messagesOf(acme, runs[0]!.conversationId));
const isPersisted = async ({ executionId }: Pick<Accepted, 'executionId'>): Promise<boolean> => (await nooble.database.query('SELECT 1 FROM executions WHERE execution_id = $1', [executionId])).length === 1;
const jobIsGone = async ({ executionId }: Accepted): Promise<unknown> => waitFor('the end of its job', async () => (await queue.getJob(executionId)) === null);
/** Nobody has heard of any run for a minute, and somebody looks. */
const sweep = async (): Promise<void> => {
  for (const id of await nooble.redis.zrange(keys.runs('acme'), 0, -1)) await nooble.redis.zadd(keys.runs('acme'), 1, id);
  await part(SweepRunsHandler).handle({} as DomainAction<'execution.sweep'>, neverStopped);
};
/** A run of the agent that nobody was sent. */
const accepted = async (conversationId = newId(), message = 'hello'): Promise<NewRun> => {
  const [executionId, sessionId] = [newId(), newId()];
  const data = { conversationId, sessionId, message, messageType: 'text', userInfo: {} };
  const run = newRunOf({ actionId: newId(), tenantId: 'acme', tenantTier: 'enterprise', agentId, sessionId, taskId: executionId, metadata: {}, createdAt: new Date().toISOString(), data }, agentId, 'enqueue');
  await part(RunStore).accept(run);
  return run;
};
const actionOf = ({ action }: NewRun): AgentRun => ({ ...action, actionType: 'execution.agent_run' });

describe('a run in mid-answer', () => {
  it('whose log is lost has it whole again, for who reads it, in Redis and in PostgreSQL', async () => {
    const run = await start('@tokens 200');
    const reading = acme.events(run.executionId);
    await waitFor('the first token', async () => (await field(run.executionId, 'firstTokenAt')) !== null);
    const ref = { tenantId: 'acme', ...run };
    for (let i = 0; i < 3; i++) {
      await nooble.redis.del(keys.events('acme', run.executionId));
      await waitFor('the log', async () => (await nooble.redis.exists(keys.events('acme', run.executionId))) === 1);
    }
    const events = await reading;
    expect(events.map(({ seq }) => seq)).toEqual(numbers(1, events.length));
    expect(await acme.events(run.executionId)).toEqual(events.map((event) => ({ ...event, at: expect.any(String) })));
    expect(await faults(run)).toEqual([]);
    await waitFor('the record', () => isPersisted(run));
    await nooble.redis.del(keys.events('acme', run.executionId), keys.execution('acme', run.executionId));
    expect((await acme.events(run.executionId)).map(({ seq, type }) => [seq, type])).toEqual(events.map(({ seq, type }) => [seq, type]));
    expect((await part(RunStore).findPosition(ref))).toBe(0);
  });

  it('whose log is lost in its second attempt has it whole again, with what the first one has written', async () => {
    const run = await saying();
    await nooble.redis.del(keys.lease('acme', run.conversationId));
    await jobIsGone(run);
    const before = Number(await field(run.executionId, 'lastEventSeq'));
    await sweep();
    await waitFor('the second attempt to speak', async () => Number(await field(run.executionId, 'lastEventSeq')) > before + 3);
    expect(await field(run.executionId, 'attempt')).toBe('2');
    await nooble.redis.del(keys.events('acme', run.executionId));
    expect(await faults(run)).toEqual([]);
    const started = (await acme.events(run.executionId)).filter(({ type }) => type === 'execution.started');
    expect(started.map(({ seq, data }) => [seq, data['attempt']])).toEqual([[2, 1], [before + 1, 2]]);
  });

  it('that is not known to have its conversation any more stops, and is begun again by the sweep', async () => {
    const run = await saying();
    await nooble.redis.del(keys.lease('acme', run.conversationId));
    await jobIsGone(run);
    expect(await field(run.executionId, 'status')).toBe('running');
    await sweep();
    expect(await faults(run)).toEqual([]);
    expect(await field(run.executionId, 'attempt')).toBe('2');
  });

  it('whose conversation another one has got that way ends after it', async () => {
    const session = newId();
    const run = await saying('@tokens 120', session);
    await nooble.redis.del(keys.lease('acme', run.conversationId));
    const other = await start('@tokens 60', session);
    await jobIsGone(run);
    await sweep();
    const ended = await Promise.all([run, other].map(({ executionId }) => endedRun(acme, executionId)));
    expect(ended.map(({ execution: { status, attempt } }) => [status, attempt])).toEqual([['completed', 2], ['completed', 1]]);
    const said = (await messagesOf(acme, run.conversationId)).map(({ messageId }) => messageId);
    expect(said.length).toBe(4);
    expect(said.indexOf(`${other.executionId}.assistant`)).toBe(said.indexOf(`${other.executionId}.user`) + 1);
  });
});

describe('a run whose job is lost', () => {
  it('is sent again by the sweep', async () => {
    await queue.pause();
    const run = await start('hello');
    await (await queue.getJob(run.executionId))!.remove();
    await queue.resume();
    await part(SweepRunsHandler).handle({} as DomainAction<'execution.sweep'>, neverStopped);
    expect(await queue.getJob(run.executionId)).toBeNull();
    await sweep();
    expect(await faults(run)).toEqual([]);
  });

  it('when its turn comes is sent again by the sweep; while it waits it is not', async () => {
    const first = await accepted();
    const second = await accepted(first.conversationId);
    await part(RunStore).begin(first, 5);
    await queue.pause();
    await sweep();
    expect([await queue.getJob(first.executionId), await queue.getJob(second.executionId)]).toEqual([expect.anything(), null]);
    await part(RunStore).end(first, { events: [{ type: 'execution.cancelled', data: { reason: 'x' } }], change: { status: 'cancelled', endedAt: new Date() } });
    await sweep();
    expect(await queue.getJob(second.executionId)).toEqual(expect.anything());
    await queue.resume();
    expect(await faults(first, second)).toEqual([]);
    await waitFor('the records', async () => (await isPersisted(first)) && (await isPersisted(second)));
    expect(await nooble.redis.exists(keys.lease('acme', first.conversationId), keys.waitingRuns('acme', first.conversationId))).toBe(0);
  });

  it('has the line back that Redis has lost', async () => {
    const [first] = [await accepted()];
    const second = await accepted(first.conversationId);
    await nooble.redis.del(keys.waitingRuns('acme', first.conversationId));
    await sweep();
    expect(await faults(first, second)).toEqual([]);
  });
});

describe('the sweep', () => {
  it('has an ended run written down that nobody has written down', async () => {
    const run = await new RunLine(nooble.redis, 'acme').accept();
    await part(RunStore).end(run, { events: [{ type: 'execution.cancelled', data: { reason: 'x' } }], change: { status: 'cancelled', endedAt: new Date() } });
    expect(await isPersisted(run)).toBe(false);
    await sweep();
    await waitFor('the record', () => isPersisted(run));
    await waitFor('nobody to look after it any more', async () => (await part(RunStore).findUnpersisted('acme')).length === 0);
  });

  it('forgets a run of which nothing is left', async () => {
    await nooble.redis.zadd(keys.runs('acme'), 1, newId());
    await sweep();
    expect(await part(RunStore).findUnpersisted('acme')).toEqual([]);
  });

  it('says which run it cannot look after, when it has looked after all others', async () => {
    const poisoned = [await accepted(), await accepted()];
    await nooble.redis.hset(keys.execution('acme', poisoned[0]!.executionId), 'action', '{"tenantId":"acme"}');
    await nooble.redis.hset(keys.execution('acme', poisoned[1]!.executionId), 'result', '{');
    const run = await accepted();
    const told = { code: 'RUN_STUCK', message: expect.stringMatching(/^Nobody can look after 2 runs, such as execution .* mend its state in Redis, or delete that key/), details: { runs: poisoned.map(({ executionId }) => ({ tenantId: 'acme', executionId, key: keys.execution('acme', executionId) })) } };
    await expect(sweep()).rejects.toMatchObject(told);
    expect(await faults(run)).toEqual([]);
    for (const { executionId } of poisoned) expect(Number(await nooble.redis.zscore(keys.runs('acme'), executionId))).toBeGreaterThan(Date.now() + 23 * 3_600_000);
  });

  it('has a stuck conversation go on when the state of its run is deleted', async () => {
    const before = await start('hello');
    expect(await faults(before)).toEqual([]);
    const stuck = await accepted(before.conversationId);
    await nooble.redis.hset(keys.execution('acme', stuck.executionId), 'result', '{');
    await expect(sweep()).rejects.toMatchObject({ code: 'RUN_STUCK' });
    await nooble.redis.del(keys.execution('acme', stuck.executionId));
    const { body } = await acme.post<Accepted>(`/api/v1/agents/${agentId}/executions`, { message: 'hello', conversationId: before.conversationId });
    expect(body.conversationId).toBe(before.conversationId);
    expect(await faults(before, body)).toEqual([]);
  });

  it('sends what nobody can write down once: it is one dead letter, and a retry of that mends it', async () => {
    const run = await new RunLine(nooble.redis, 'acme').accept();
    let isPoisoned = true;
    part(ExecutionEndings).add(async (_, { executionId }) => {
      if (executionId === run.executionId && isPoisoned) throw new AppError({ kind: 'invalid', code: 'POISONED', message: 'x' });
    });
    const letters = async (): Promise<string[]> => (await part(DeadLettersStore).page(100)).data.filter(({ code }) => code === 'POISONED').map(({ deadLetterId }) => deadLetterId);
    await part(RunStore).end(run, { events: [{ type: 'execution.cancelled', data: { reason: 'x' } }], change: { status: 'cancelled', endedAt: new Date() } });
    await sweep();
    await waitFor('the dead letter', async () => (await letters()).length === 1);
    const lookedAfterAt = async (): Promise<number> => Number(await nooble.redis.zscore(keys.runs('acme'), run.executionId));
    await waitFor('it to be set aside', async () => (await lookedAfterAt()) > Date.now() + 6 * 86_400_000);
    await part(SweepRunsHandler).handle({} as DomainAction<'execution.sweep'>, neverStopped);
    expect(await nooble.app.get(QueueRegistry, { strict: false }).get('execution.persist').getJobs(['waiting', 'active', 'delayed'])).toEqual([]);
    isPoisoned = false;
    const [deadLetterId = '', ...others] = await letters();
    expect(others).toEqual([]);
    await part(DeadLetters).retry(deadLetterId);
    await waitFor('nobody to look after it any more', async () => (await part(RunStore).findUnpersisted('acme')).length === 0);
  });

  it('leaves a run alone that says that it is alive', async () => {
    const run = await saying('@tokens 60');
    await nooble.redis.zadd(keys.runs('acme'), 1, run.executionId);
    // Whoever is told to look at its runs says that they are alive; each process does it by itself every five seconds.
    await nooble.redis.publish(part(RunStore).cancellations, 'anybody');
    await waitFor('it to say so', async () => Number(await nooble.redis.zscore(keys.runs('acme'), run.executionId)) > Date.now());
    await part(SweepRunsHandler).handle({} as DomainAction<'execution.sweep'>, neverStopped);
    expect(await faults(run)).toEqual([]);
    expect(await field(run.executionId, 'attempt')).toBe('1');
  });
});

describe('a worker', () => {
  it('that has lost its run does not say what was asked any more', async () => {
    const run = await accepted();
    const runs = part(RunStore);
    await runs.begin(run, 5);
    await runs.begin(run, 5);
    await expect(part(TurnPreparation).prepare(actionOf(run), tokenOf(run, 1))).rejects.toMatchObject({ code: 'RUN_SUPERSEDED' });
    expect(await nooble.redis.exists(keys.messages('acme', run.conversationId))).toBe(0);
    await part(TurnPreparation).prepare(actionOf(run), tokenOf(run, 2));
    expect(await nooble.redis.llen(keys.messages('acme', run.conversationId))).toBe(1);
    await runs.end(run, { events: [{ type: 'execution.cancelled', data: { reason: 'x' } }], change: { status: 'cancelled', endedAt: new Date() } });
  });

  it('that cannot do a run while PostgreSQL is away is not lost, however often it tries', async () => {
    const run = await accepted();
    postgres.refuse();
    await part(AgentCacheInvalidator).agent('acme', agentId);
    for (let tries = 0; tries < 8; tries++) await expect(part(AgentRunHandler).handle(actionOf(run), neverStopped)).rejects.toMatchObject({ kind: 'unavailable' });
    postgres.pass();
    await waitFor('PostgreSQL', async () => (await acme.get('/health/ready')).status === 200);
    await part(AgentRunHandler).handle(actionOf(run), neverStopped);
    expect(await faults(run)).toEqual([]);
  });
});

describe('a fault of ours', () => {
  it('does not have the model asked for ever: the fifth beginning is the last one, and says so', async () => {
    const [run, handler] = [await accepted(), part(AgentRunHandler)];
    const faulty = jest.spyOn(part(Turn), 'run').mockRejectedValue(new TypeError('x is not a function'));
    for (let tries = 1; tries < 5; tries++) await expect(handler.handle(actionOf(run), neverStopped)).rejects.toMatchObject({ kind: 'internal' });
    const last: unknown = await handler.handle(actionOf(run), neverStopped).catch((error: unknown) => error);
    expect(last).toMatchObject({ kind: 'conflict', code: 'INTERNAL', cause: { message: 'x is not a function' } });
    await handler.onExhausted(actionOf(run), last as AppError);
    expect((await acme.get(`/api/v1/executions/${run.executionId}`)).body).toMatchObject({ status: 'failed', attempt: 5, error: { code: 'INTERNAL' } });
    faulty.mockRestore();
  });
});

describe('the same executionId', () => {
  it('at the same moment is the same turn, though each would have opened a conversation', async () => {
    const [executionId, blocker] = [newId(), { tenantId: 'acme', tier: 'enterprise' }];
    const principal = blocker as Parameters<Orchestrator['accept']>[0];
    const answers = await Promise.all(numbers(1, 10).map(() => part(Orchestrator).accept(principal, { agentId, message: 'hello', executionId })));
    expect(new Set(answers.map(({ conversationId, sessionId }) => `${conversationId} ${sessionId}`)).size).toBe(1);
    expect(await faults(answers[0]!)).toEqual([]);
  });
});
