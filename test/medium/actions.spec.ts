import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ACTIONS, newId } from '../../src/contracts/index.js';
import { AppError } from '../../src/shared/errors/index.js';
import { ActionProcess, MoveScript, RunScript, SweepScript, agentRun, agentRunEnvelope } from '../support/scripted-actions.js';
import { emptyRedis } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const RUN = 'execution.agent_run';
const CONFLICT = new AppError({ kind: 'conflict', code: 'NO_WAY', message: 'x' });

/** An object in an object, and so on. */
const nested = (levels: number): Record<string, unknown> => (levels === 0 ? {} : { in: nested(levels - 1) });

let worker: ActionProcess;
let run: InstanceType<typeof RunScript>;
const processes: ActionProcess[] = [];

async function start(environment: Record<string, string> = {}): Promise<ActionProcess> {
  const process = await ActionProcess.start(environment);
  processes.push(process);
  return process;
}

beforeEach(async () => {
  (await emptyRedis()).disconnect();
  worker = await start();
  run = worker.script(RunScript);
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((process) => process.close()));
});

const isDone = (): Promise<boolean> => waitFor('the queue to be empty', async () => (await worker.left(RUN)) === 0);
const failed = (count = 1): Promise<boolean> => waitFor('the failure', async () => (await worker.outcomes(RUN, 'failed')) === count);

describe('a sent action', () => {
  it('reaches its handler once, in its envelope, and is gone then', async () => {
    const action = { ...agentRun(), agentId: newId(), sessionId: 's', userId: 'u', metadata: { a: 1 } };
    await worker.bus.send(RUN, action);
    await waitFor('the run', () => run.runs.length === 1);
    const [{ action: received, run: { attempt, signal } }] = run.runs as [(typeof run.runs)[0]];
    expect(received).toMatchObject({ ...action, actionType: RUN, actionId: expect.stringMatching(/^[\w-]{36}$/), taskId: expect.stringMatching(/^[\w-]{36}$/) });
    expect([attempt, signal.aborted]).toEqual([1, false]);
    await isDone();
    expect(await worker.outcomes(RUN, 'completed')).toBe(1);
    expect([run.runs.length, run.exhausted.length]).toEqual([1, 0]);
  });

  it('reaches one of several processes', async () => {
    const other = await start();
    const others = other.script(RunScript);
    await Promise.all(Array.from({ length: 60 }, () => worker.bus.send(RUN, agentRun())));
    await waitFor('all runs', () => run.runs.length + others.runs.length >= 60);
    await isDone();
    const taskIds = [...run.runs, ...others.runs].map(({ action }) => action.taskId);
    expect([taskIds.length, new Set(taskIds).size]).toEqual([60, 60]);
  });

  it('of a process without workers waits for one that has them', async () => {
    await worker.close();
    processes.splice(0);
    const api = await start({ NOOBLE_ROLE: 'api' });
    await api.bus.send(RUN, agentRun());
    expect(await api.bus.waiting(RUN)).toBe(1);
    worker = await start({ NOOBLE_ROLE: 'worker' });
    await isDone();
    expect(worker.script(RunScript).runs).toHaveLength(1);
    expect(api.script(RunScript).runs).toHaveLength(0);
  });

  it.each([
    ['data that is not of its type', { ...agentRun(), data: { ...agentRun().data, conversationId: 'x' } }, 'data.conversationId'],
    ['an unknown field in its data', { ...agentRun(), data: { ...agentRun().data, surprise: 1 } }, 'data.surprise'],
    ['an unknown field in its envelope', { ...agentRun(), surprise: 1 }, 'surprise'],
    ['a tenant that could forge a key', { ...agentRun(), tenantId: 'a:{b}' }, 'tenantId'],
    ['an unknown tier', { ...agentRun(), tenantTier: 'gold' as 'free' }, 'tenantTier'],
    ['text that no store can keep', { ...agentRun(), data: { ...agentRun().data, message: 'a\u0000b' } }, 'data.message'],
    ['half a character', { ...agentRun(), metadata: { note: ['\ud800'] } }, 'metadata.note.0'],
    ['fields too deep', { ...agentRun(), data: { ...agentRun().data, userInfo: nested(31) } }, expect.stringMatching(/^data\.userInfo(\.in){30}$/)],
    ['no data', { ...agentRun(), data: undefined as never }, 'data'],
  ])('with %s is refused by name, and nothing is queued', async (_, action, field) => {
    await worker.queue(RUN).pause();
    await expect(worker.bus.send(RUN, action)).rejects.toMatchObject({ kind: 'invalid', code: 'VALIDATION_FAILED', details: { fields: [{ field }] } });
    expect(await worker.left(RUN)).toBe(0);
  });
});

describe('a job that is no action of its queue', () => {
  it.each([
    ['nothing', {}],
    ['an envelope with bad data', agentRunEnvelope({ data: { conversationId: 'x' } })],
    ['an envelope with an unknown field', agentRunEnvelope({ surprise: 1 })],
    ['an array', []],
    ['an action of another type', agentRunEnvelope({ actionType: 'migration.move', data: { conversationId: newId() } })],
  ])('(%s) fails for good at the worker: no handler sees it, it is not tried again, and nothing of it is left', async (_, data) => {
    await worker.queue(RUN).add(data);
    await failed();
    await isDone();
    await worker.bus.send(RUN, agentRun());
    await waitFor('the next, good one', () => run.runs.length === 1);
    expect([run.exhausted.length, await worker.outcomes(RUN, 'retried'), await worker.outcomes(RUN, 'failed')]).toEqual([0, 0, 1]);
  });
});

describe('a handler that fails', () => {
  it('with an error that may pass is run again after a back-off, and once it succeeds that is the end', async () => {
    run.script = ({ attempt }) => (attempt === 1 ? Promise.reject(new Error('once')) : Promise.resolve());
    await worker.bus.send(RUN, agentRun());
    const [delayed] = await waitFor('the back-off', async () => worker.queue(RUN).getDelayed().then((jobs) => jobs.length === 1 && jobs));
    expect(delayed).toMatchObject({ attemptsMade: 1, opts: { attempts: ACTIONS[RUN].attempts, backoff: { options: { firstMs: ACTIONS[RUN].backoffMs } } } });
    await isDone();
    expect(run.runs.map(({ run: { attempt } }) => attempt)).toEqual([1, 2]);
    expect(new Set(run.runs.map(({ action }) => action.taskId)).size).toBe(1);
    expect([run.exhausted.length, await worker.outcomes(RUN, 'retried'), await worker.outcomes(RUN, 'completed')]).toEqual([0, 1, 1]);
  });

  it('every time is run as often as its job says, then told once that it is over', async () => {
    run.script = () => Promise.reject(new AppError({ kind: 'unavailable', code: 'DATABASE_UNAVAILABLE', message: 'x' }));
    await worker.queue(RUN).add(agentRunEnvelope(), { attempts: 3, backoff: { type: 'capped', options: { firstMs: 10 } } });
    await failed();
    await isDone();
    expect(run.runs.map(({ run: { attempt } }) => attempt)).toEqual([1, 2, 3]);
    expect(run.exhausted).toMatchObject([{ action: { taskId: run.runs[0]?.action.taskId }, error: { code: 'DATABASE_UNAVAILABLE' } }]);
    expect([await worker.outcomes(RUN, 'retried'), await worker.outcomes(RUN, 'failed')]).toEqual([2, 1]);
  });

  it('where the table allows one try is told so after the first', async () => {
    const sweep = worker.script(SweepScript);
    sweep.script = () => Promise.reject(new Error('x'));
    await worker.bus.send('migration.sweep', { tenantId: '~system', tenantTier: 'free', data: {} });
    await waitFor('the end', () => sweep.exhausted.length === 1);
    expect([sweep.runs.length, sweep.exhausted[0]?.error.code]).toEqual([1, 'INTERNAL']);
  });

  it.each([
    ['a conflict', CONFLICT],
    ['what it finds invalid itself', new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message: 'x' })],
  ])('with an error that no other try can mend (%s) is not run again, and told once', async (_, error) => {
    run.script = () => Promise.reject(error);
    await worker.bus.send(RUN, agentRun());
    await failed();
    await isDone();
    expect(run.runs).toHaveLength(1);
    expect(run.exhausted).toMatchObject([{ error: { code: error.code } }]);
    expect(await worker.outcomes(RUN, 'retried')).toBe(0);
  });

  it('and fails at its end too is not run again', async () => {
    run.script = () => Promise.reject(CONFLICT);
    run.atTheEnd = () => Promise.reject(new Error('twice'));
    await worker.bus.send(RUN, agentRun());
    await failed();
    await isDone();
    expect([run.runs.length, run.exhausted.length]).toEqual([1, 1]);
  });
});

describe('a job id', () => {
  it('keeps a second job away while the first waits or runs, and no longer', async () => {
    const move = worker.script(MoveScript);
    const running: (() => void)[] = [];
    move.script = () => new Promise((resolve) => running.push(() => { resolve({ archivedSeq: null }); }));
    const send = async (): Promise<string> => worker.bus.send('migration.move', { tenantId: 'acme', tenantTier: 'free', data: { conversationId: newId() } }, { jobId: 'acme:c' });
    await send();
    await waitFor('the run', () => running.length === 1);
    await send();
    expect(await worker.left('migration.move')).toBe(1);
    running[0]?.();
    await waitFor('the end of the first', async () => (await worker.left('migration.move')) === 0);
    await send();
    await waitFor('the second run', () => running.length === 2);
    running[1]?.();
    await waitFor('the end of the second', async () => (await worker.left('migration.move')) === 0);
    expect(move.runs).toHaveLength(2);
  });

  it('is free again after its job has failed for good', async () => {
    run.script = () => Promise.reject(CONFLICT);
    await worker.bus.send(RUN, agentRun(), { jobId: 'same' });
    await failed(1);
    await isDone();
    await worker.bus.send(RUN, agentRun(), { jobId: 'same' });
    await failed(2);
    expect(run.runs).toHaveLength(2);
  });
});

describe('a repeated action', () => {
  it('is there once, however many processes ask for it, and with the newest interval', async () => {
    const action = { tenantId: '~system', tenantTier: 'free', data: {} } as const;
    const other = await start();
    const every = async (): Promise<unknown[]> => (await worker.queue('migration.sweep').getRepeatableJobs()).map((job) => job.every);
    await Promise.all([worker, other].map(({ bus }) => bus.send('migration.sweep', action, { everyMs: 60_000 })));
    expect(await every()).toEqual([60_000]);
    await other.bus.send('migration.sweep', action, { everyMs: 90_000 });
    expect(await every()).toEqual([90_000]);
  });
});

describe('a process that stops', () => {
  it('tells its running handlers, gives their jobs back, and another process takes them', async () => {
    run.script = ({ signal }) => new Promise((_, reject) => { signal.addEventListener('abort', () => { reject(signal.reason as Error); }); });
    await worker.bus.send(RUN, agentRun());
    await waitFor('the run', () => run.runs.length === 1);
    const other = await start({ NOOBLE_ROLE: 'api' });
    await worker.close();
    processes.shift();
    expect(run.runs[0]?.run.signal.reason).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect([run.exhausted.length, await other.left(RUN)]).toEqual([0, 1]);
    const next = await start();
    await waitFor('the run elsewhere', () => next.script(RunScript).runs.length === 1);
    expect(next.script(RunScript).runs[0]?.action.taskId).toBe(run.runs[0]?.action.taskId);
  });
});
