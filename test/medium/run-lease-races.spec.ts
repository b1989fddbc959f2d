import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_WAITING_RUNS, type NewRun, tokenOf } from '../../src/modules/execution/runs/run.store.js';
import { HotStores, numbers } from '../support/hot-store.js';
import { RunLine } from '../support/run-line.js';
import { emptyRedis } from '../support/services.js';

const REQUEST = { reason: 'enough' };
const stores = new HotStores();
let line: RunLine;

beforeAll(async () => {
  (await emptyRedis()).disconnect();
});
afterAll(() => {
  stores.close();
});
beforeEach(() => {
  line = new RunLine(stores.connect());
});

const acceptMany = async (count: number): Promise<NewRun[]> => {
  const runs: NewRun[] = [];
  for (let i = 0; i < count; i++) runs.push(await line.accept());
  return runs;
};

describe('many at once on one conversation', () => {
  const MANY = 200;
  const acceptAtOnce = async (policy: NewRun['onConflict']): Promise<Awaited<ReturnType<RunLine['accept']>>[]> => {
    const others = numbers(1, 3).map(() => new RunLine(stores.connect(), line.tenantId));
    return Promise.all(numbers(1, MANY).map(async (i) => {
      const run = line.newRun(policy);
      return { ...run, acceptance: await [line, ...others][i % 4]!.runs.accept(run) };
    }));
  };
  const outcomes = (runs: Awaited<ReturnType<typeof acceptAtOnce>>): Record<string, number> => Object.fromEntries(['claimed', 'busy', 'waiting', 'full'].map((outcome) => [outcome, runs.filter(({ acceptance }) => acceptance.outcome === outcome).length]));

  it('with reject: one has it, all others are refused, and nothing of them is left', async () => {
    const runs = await acceptAtOnce('reject');
    expect(outcomes(runs)).toEqual({ claimed: 1, busy: MANY - 1, waiting: 0, full: 0 });
    expect(await line.runs.findUnpersisted(line.tenantId)).toEqual([(await line.lease())['executionId']]);
    expect(await line.waiting()).toEqual([]);
  });

  it('with enqueue: one has it, as many as may wait do so in the order in which they were accepted', async () => {
    const runs = await acceptAtOnce('enqueue');
    expect(outcomes(runs)).toEqual({ claimed: 1, busy: 0, waiting: MAX_WAITING_RUNS, full: MANY - 1 - MAX_WAITING_RUNS });
    const placed = runs.flatMap(({ executionId, acceptance }) => (acceptance.outcome === 'waiting' ? [[acceptance.position, executionId] as const] : []));
    expect(await line.waiting()).toEqual(placed.sort(([a], [b]) => a - b).map(([, id]) => id));
  });

  it.each(['interrupt', 'rollback'] as const)('with %s: one has it and is asked to make way, once', async (policy) => {
    const runs = await acceptAtOnce(policy);
    expect(outcomes(runs)).toEqual({ claimed: 1, busy: 0, waiting: MAX_WAITING_RUNS, full: MANY - 1 - MAX_WAITING_RUNS });
    const waiting = await line.waiting();
    // The first one that came made the request; the last one goes first.
    expect((await line.request())?.reason).toContain(waiting.at(-1));
    expect(new Set(waiting).size).toBe(MAX_WAITING_RUNS);
  });

  it('each is begun once, and ended once, in the order of the line, though everybody tries everything at once', async () => {
    const runs = await acceptMany(20);
    const order: string[] = [];
    while ((await line.lease())['executionId'] !== undefined) {
      const begun = await Promise.all(runs.map(async (run) => ({ run, ...(await line.begin(run)) })));
      const [active, ...others] = begun.filter(({ outcome }) => outcome === 'begun');
      expect(others).toEqual([]);
      const ended = await Promise.all(numbers(1, 5).map(() => line.end(active!.run, { token: tokenOf(active!.run, 1) })));
      expect(ended.filter(({ outcome }) => outcome === 'ended')).toHaveLength(1);
      order.push(active!.run.executionId);
    }
    expect(order).toEqual(runs.map(({ executionId }) => executionId));
    expect(await line.waiting()).toEqual([]);
  });

  it('a cancel and a beginning in the same moment: either it never begins, or its worker finds the request', async () => {
    for (let i = 0; i < 30; i++) {
      const run = await line.accept();
      const cancel = async (): Promise<boolean> => (await line.end(run, { status: 'queued' })).outcome === 'ended' || !(await line.runs.askCancel(run, REQUEST));
      const both = i % 2 === 0 ? [line.begin(run), cancel()] as const : [cancel(), line.begin(run)].reverse() as unknown as [ReturnType<RunLine['begin']>, Promise<boolean>];
      const [beginning, isEnded] = await Promise.all(both);
      expect([beginning.outcome, isEnded]).toEqual(isEnded ? ['ended', true] : ['begun', false]);
      if (!isEnded) expect(await line.runs.stillRunning([run])).toEqual([REQUEST]);
      await line.end(run);
    }
  });
});
