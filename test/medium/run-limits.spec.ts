import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { RunStore } from '../../src/modules/execution/runs/run.store.js';
import type { RunClaim, UsageReading } from '../../src/modules/execution/usage/usage.js';
import { UsageStore } from '../../src/modules/execution/usage/usage.store.js';
import { type Redis, keys } from '../../src/shared/redis/index.js';
import { newRun } from '../factories/run.js';
import { COMPLETED } from '../support/event-logs.js';
import { emptyRedis } from '../support/services.js';

const NOTHING = { tokens: 0, costMicros: 0 };
const claimed = { outcome: 'claimed', taken: { minute: { taken: 0, resetMs: 0 }, day: { taken: 0, resetMs: 0 }, isUsageOld: false } };

let redis: Redis;
let runs: RunStore;
let usage: UsageStore;
beforeAll(async () => {
  redis = await emptyRedis();
  runs = new RunStore(redis);
  usage = new UsageStore(redis);
});
afterAll(() => {
  redis.disconnect();
});

/** A tenant of whom nothing was used, so far as PostgreSQL has it. */
async function tenant(spent = NOTHING): Promise<{ tenantId: string; known: () => Promise<UsageReading['spent']> }> {
  const tenantId = newId();
  await usage.set(tenantId, new Date(), { today: spent, thisMonth: spent });
  return { tenantId, known: async () => (await usage.read(tenantId)).spent };
}
const claim = (limits: RunClaim['limits'], tokens = 100, costMicros = 10): RunClaim => ({ limits, tokens, costMicros });
const end = (run: ReturnType<typeof newRun>, totalTokens: number, costMicros: number | null): ReturnType<RunStore['end']> =>
  runs.end(run, { events: [COMPLETED], change: { status: 'completed', endedAt: new Date(), usage: { inputTokens: 0, outputTokens: totalTokens, totalTokens }, costMicros } });

describe('a run', () => {
  it('reserves what it may use, and at its end is settled with what it has used', async () => {
    const { tenantId, known } = await tenant();
    const run = newRun({ tenantId });
    expect(await runs.accept(run, claim({ tokensPerDay: 100 }))).toEqual(claimed);
    expect(await known()).toEqual({ today: NOTHING, thisMonth: NOTHING, reserved: { tokens: 100, costMicros: 10 } });
    expect(await runs.accept(newRun({ tenantId }), claim({ tokensPerDay: 100 }))).toEqual({ outcome: 'limited', exceeded: { name: 'tokensPerDay', used: 0, reserved: 100 } });
    await end(run, 30, 3);
    await end(run, 30, 3);
    const spent = { tokens: 30, costMicros: 3 };
    expect(await known()).toEqual({ today: spent, thisMonth: spent, reserved: NOTHING });
    expect(await runs.accept(newRun({ tenantId }), claim({ tokensPerDay: 100 }, 70))).toEqual(claimed);
  });

  it('that nobody ever ended gives back what it has reserved when nobody looks after it any more', async () => {
    const { tenantId, known } = await tenant();
    const run = newRun({ tenantId });
    await runs.accept(run, claim({}));
    await redis.del(keys.execution(tenantId, run.executionId));
    for (let again = 0; again < 2; again++) await runs.forget(tenantId, run.executionId);
    expect(await known()).toEqual({ today: NOTHING, thisMonth: NOTHING, reserved: NOTHING });
    expect(await redis.scard(keys.busy(tenantId))).toBe(1);
    await runs.passOn(run);
    expect(await redis.scard(keys.busy(tenantId))).toBe(0);
  });

  it('keeps what it has reserved, and gives back no more, when Redis loses the usage meanwhile', async () => {
    const { tenantId, known } = await tenant();
    const [going, ended] = [newRun({ tenantId }), newRun({ tenantId })];
    for (const run of [going, ended]) await runs.accept(run, claim({}));
    await redis.del(keys.usage(tenantId));
    await end(ended, 30, 3);
    await usage.set(tenantId, new Date(), { today: NOTHING, thisMonth: NOTHING });
    await runs.forget(tenantId, ended.executionId);
    expect((await known())?.reserved).toEqual({ tokens: 100, costMicros: 10 });
    await end(going, 0, 0);
    expect((await known())?.reserved).toEqual(NOTHING);
  });

  it.each(['its lease', 'its lease and its state'])('that has lost %s does not count as running for ever', async (lost) => {
    const { tenantId } = await tenant();
    const run = newRun({ tenantId });
    await runs.accept(run, claim({ concurrentRuns: 1 }));
    await redis.del(keys.lease(tenantId, run.conversationId));
    if (lost.includes('state')) {
      await redis.del(keys.execution(tenantId, run.executionId));
      await runs.passOn(run);
    } else await end(run, 0, 0);
    expect(await redis.scard(keys.busy(tenantId))).toBe(0);
    expect(await runs.accept(newRun({ tenantId }), claim({ concurrentRuns: 1 }))).toMatchObject({ outcome: 'claimed' });
  });

  it('is not accepted while a budget counts and nobody knows what was used; without a budget it is, and the usage is to be read', async () => {
    const tenantId = newId();
    expect(await runs.accept(newRun({ tenantId }), claim({ costMicrosPerMonth: 1_000 }))).toEqual({ outcome: 'unread' });
    const run = newRun({ tenantId });
    expect(await runs.accept(run, claim({}))).toMatchObject({ outcome: 'claimed', taken: { isUsageOld: true } });
    await end(run, 5, 1);
    expect((await usage.read(tenantId)).spent).toBeNull();
  });

  it('takes nothing of any limit when one refuses it', async () => {
    const { tenantId, known } = await tenant();
    const limits = { requestsPerMinute: 5, requestsPerDay: 5, concurrentRuns: 1, tokensPerDay: 1_000 };
    expect(await runs.accept(newRun({ tenantId }), claim(limits))).toMatchObject({ outcome: 'claimed', taken: { minute: { taken: 1 }, day: { taken: 1 } } });
    expect(await runs.accept(newRun({ tenantId }), claim(limits))).toEqual({ outcome: 'limited', exceeded: { name: 'concurrentRuns', running: 1 } });
    expect(await runs.accept(newRun({ tenantId }), claim({ ...limits, concurrentRuns: 2, tokensPerDay: 150 }))).toMatchObject({ outcome: 'limited', exceeded: { name: 'tokensPerDay' } });
    expect([await usage.read(tenantId), (await known())?.reserved]).toMatchObject([{ minute: { taken: 1 }, day: { taken: 1 }, running: 1 }, { tokens: 100, costMicros: 10 }]);
  });

  it('that waits for another one is none at once, and takes its place', async () => {
    const { tenantId } = await tenant();
    const [first, second] = [newRun({ tenantId }), newRun({ tenantId })];
    const waiting = newRun({ tenantId, conversationId: first.conversationId });
    expect((await runs.accept(first, claim({ concurrentRuns: 1 }))).outcome).toBe('claimed');
    expect((await runs.accept(waiting, claim({ concurrentRuns: 1 }))).outcome).toBe('waiting');
    await end(first, 0, null);
    expect((await runs.accept(second, claim({ concurrentRuns: 1 }))).outcome).toBe('limited');
    await end(waiting, 0, null);
    expect((await runs.accept(second, claim({ concurrentRuns: 1 }))).outcome).toBe('claimed');
  });
});

describe('usage', () => {
  it('of a day or a month that is over does not count any more', async () => {
    const { tenantId, known } = await tenant({ tokens: 90, costMicros: 9 });
    await redis.hset(keys.usage(tenantId), { day: '2020-01-31', month: '2020-01' });
    expect(await known()).toEqual({ today: NOTHING, thisMonth: NOTHING, reserved: NOTHING });
    const run = newRun({ tenantId });
    expect(await runs.accept(run, claim({ tokensPerDay: 100, tokensPerMonth: 100 }))).toEqual(claimed);
    await end(run, 7, 2);
    const spent = { tokens: 7, costMicros: 2 };
    expect(await known()).toEqual({ today: spent, thisMonth: spent, reserved: NOTHING });
  });

  it('is raised to what PostgreSQL has, and never lowered to it', async () => {
    const { tenantId, known } = await tenant({ tokens: 50, costMicros: 5 });
    await usage.set(tenantId, new Date(), { today: { tokens: 40, costMicros: 6 }, thisMonth: { tokens: 70, costMicros: 1 } });
    expect(await known()).toEqual({ today: { tokens: 50, costMicros: 6 }, thisMonth: { tokens: 70, costMicros: 5 }, reserved: NOTHING });
  });

  it('is compared with PostgreSQL once an hour, by one of many', async () => {
    const { tenantId } = await tenant();
    await redis.hset(keys.usage(tenantId), 'readAt', Date.now() - 3_700_000);
    const accepted = await Promise.all([1, 2, 3].map(() => runs.accept(newRun({ tenantId }), claim({}))));
    expect(accepted.map((acceptance) => 'taken' in acceptance && acceptance.taken?.isUsageOld).sort()).toEqual([false, false, true]);
  });
});
