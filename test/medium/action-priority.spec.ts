import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Job, JobOptions } from 'bull';
import type { Tier } from '../../src/contracts/index.js';
import { StrayJobs } from '../../src/shared/actions/stray-jobs.service.js';
import { ActionProcess, RunScript, agentRun, agentRunEnvelope } from '../support/scripted-actions.js';
import { emptyRedis } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const RUN = 'execution.agent_run';
const NOW = Date.now();

let api: ActionProcess;
let worker: ActionProcess | undefined;

beforeEach(async () => {
  (await emptyRedis()).disconnect();
  api = await ActionProcess.start({ NOOBLE_ROLE: 'api' });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await worker?.close();
  worker = undefined;
  await api.close();
});

/** A run that is sent so many seconds after the test began; its session is its name. */
async function send(tier: Tier, second: number, delayMs = 0): Promise<void> {
  const clock = jest.spyOn(Date, 'now').mockReturnValue(NOW + second * 1_000);
  const { data, ...action } = agentRun();
  await api.bus.send(RUN, { ...action, tenantTier: tier, data: { ...data, sessionId: `${tier}-${String(second)}` } }, { delayMs });
  clock.mockRestore();
}

/** A run that another program adds, which knows nothing of our priorities. */
const addForeign = (name: string, addedAt = NOW): Promise<Job> => {
  const options: JobOptions & { timestamp: number } = { timestamp: addedAt };
  return api.queue(RUN).add(agentRunEnvelope({ data: { ...agentRun().data, sessionId: name } }), options);
};

/** The waiting runs, next one first. */
async function line(): Promise<string[]> {
  const jobs = await api.queue(RUN).getWaiting();
  return jobs.map((job) => (job.data as { data: { sessionId: string } }).data.sessionId);
}

const started = (): string[] => (worker as ActionProcess).script(RunScript).runs.map(({ action }) => action.data.sessionId);
const work = async (count: number): Promise<string[]> => {
  worker = await ActionProcess.start({ NOOBLE_ROLE: 'worker', EXECUTION_CONCURRENCY: '1' });
  await waitFor('all runs', () => started().length === count);
  return started();
};

describe('waiting actions', () => {
  it('of all four tiers are taken by tier, and by time within one', async () => {
    for (const tier of ['free', 'professional', 'enterprise', 'advance'] as const) for (const second of [0, 1]) await send(tier, second);
    const expected = ['enterprise-0', 'enterprise-1', 'professional-0', 'professional-1', 'advance-0', 'advance-1', 'free-0', 'free-1'];
    expect(await line()).toEqual(expected);
    expect(await work(8)).toEqual(expected);
  });

  it('of the free tier are overtaken for half a minute and no longer, however many others come', async () => {
    await send('free', 0);
    for (let second = 1; second <= 60; second += 1) await send('enterprise', second);
    expect((await line()).indexOf('free-0')).toBe(29);
  });

  it('that are delayed line up as of the time at which they are due', async () => {
    await send('enterprise', 0, 5_000);
    for (const second of [1, 4, 6]) await send('enterprise', second);
    const [delayed] = await api.queue(RUN).getDelayed();
    await delayed?.promote();
    expect(await line()).toEqual(['enterprise-1', 'enterprise-4', 'enterprise-0', 'enterprise-6']);
  });

  it('that have failed once keep their place for the next try', async () => {
    worker = await ActionProcess.start({ NOOBLE_ROLE: 'worker', EXECUTION_CONCURRENCY: '1' });
    worker.script(RunScript).script = async () => {
      await api.queue(RUN).pause();
      throw new Error('once');
    };
    await send('enterprise', 0);
    await waitFor('the first try', () => started().length === 1);
    await send('enterprise', 1);
    await waitFor('the end of the back-off', async () => (await line()).length === 2);
    expect(await line()).toEqual(['enterprise-0', 'enterprise-1']);
  });
});

describe('a delayed action', () => {
  it('is not taken before its time', async () => {
    worker = await ActionProcess.start({ NOOBLE_ROLE: 'worker' });
    await send('free', 0, 60_000);
    await send('free', 1);
    await waitFor('the other', () => started().length === 1);
    expect(started()).toEqual(['free-1']);
    expect(await api.queue(RUN).getDelayedCount()).toBe(1);
  });

  it('is taken once its time has come', async () => {
    await api.bus.send(RUN, agentRun(), { delayMs: 50 });
    expect(await api.queue(RUN).getDelayedCount()).toBe(1);
    worker = await ActionProcess.start({ NOOBLE_ROLE: 'worker' });
    await waitFor('the run', () => started().length === 1);
  });
});

describe('a job that another program adds without a priority', () => {
  it('is put behind all that have one, until it is given its place: as a free one, as of when it was added', async () => {
    await addForeign('foreign-0');
    await addForeign('foreign-1', NOW + 1_000);
    await send('enterprise', 29);
    await send('enterprise', 40);
    expect(await line()).toEqual(['enterprise-29', 'enterprise-40', 'foreign-0', 'foreign-1']);
    await api.get(StrayJobs).adopt();
    await api.get(StrayJobs).adopt();
    const expected = ['enterprise-29', 'foreign-0', 'foreign-1', 'enterprise-40'];
    expect(await line()).toEqual(expected);
    await send('free', 0);
    expect(await line()).toEqual(['enterprise-29', 'foreign-0', 'free-0', 'foreign-1', 'enterprise-40']);
    expect(await work(5)).toHaveLength(5);
  });

  it('is given its place by every worker, by itself', async () => {
    worker = await ActionProcess.start({ NOOBLE_ROLE: 'worker', EXECUTION_CONCURRENCY: '1' });
    const release = Promise.withResolvers<void>();
    worker.script(RunScript).script = () => release.promise;
    await send('free', -100);
    await waitFor('the first', () => started().length === 1);
    await addForeign('foreign', NOW - 60_000);
    await send('enterprise', 0);
    await waitFor('its place', async () => (await line())[0] === 'foreign');
    release.resolve();
    await waitFor('all runs', () => started().length === 3);
    expect(started()).toEqual(['free--100', 'foreign', 'enterprise-0']);
  });

  it('or with a name of its own is run, tried as often as the table says, and leaves nothing behind', async () => {
    worker = await ActionProcess.start({ NOOBLE_ROLE: 'worker' });
    worker.script(RunScript).script = ({ attempt }) => (attempt === 1 ? Promise.reject(new Error('once')) : Promise.resolve());
    await api.queue(RUN).add('turn', agentRunEnvelope(), { attempts: 1, removeOnComplete: false, removeOnFail: false });
    await waitFor('the second try', () => started().length === 2);
    await waitFor('the end', async () => (await api.left(RUN)) === 0);
  });
});
