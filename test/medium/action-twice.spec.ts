import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Job } from 'bull';
import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { ActionProcess, MoveScript, move } from '../support/scripted-actions.js';
import { emptyRedis } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const MOVE = 'migration.move';

let redis: Redis;
let stalled: ActionProcess;
let other: ActionProcess | undefined;

beforeEach(async () => {
  redis = await emptyRedis();
  stalled = await ActionProcess.start();
});
afterEach(async () => {
  await Promise.all([stalled.close(), other?.close()]);
  other = undefined;
  redis.disconnect();
});

/** What Bull sees of a worker that was killed, or that stands still for longer than its lock lives: the lock is gone, and somebody looks, twice. */
async function loseLocks({ queue }: { queue: ReturnType<ActionProcess['queue']> }): Promise<void> {
  for (let look = 0; look < 2; look += 1) {
    const locks = await redis.keys(`${keys.queues()}:${MOVE}:*:lock`);
    await redis.del(`${keys.queues()}:${MOVE}:stalled-check`, ...locks);
    await (queue as unknown as { moveUnlockedJobsToWait: () => Promise<void> }).moveUnlockedJobsToWait();
  }
}

describe('an action whose worker is lost or stands still', () => {
  it('is delivered again, with the same id, to a handler that knows it by this id: one effect, and the same answer', async () => {
    const release = Promise.withResolvers<void>();
    const effects = new Map<string, number>();
    /** Idempotent by `actionId`: what was done stays done, and is answered as it was. */
    const doOnce = (actionId: string): { archivedSeq: number } => {
      if (!effects.has(actionId)) effects.set(actionId, effects.size + 1);
      return { archivedSeq: effects.get(actionId) ?? 0 };
    };
    stalled.script(MoveScript).script = async (_, { actionId }) => {
      await release.promise;
      return doOnce(actionId);
    };
    const actionId = newId();
    const asked = stalled.bus.request(MOVE, { ...move(), actionId });
    await waitFor('the first delivery', () => stalled.script(MoveScript).runs.length === 1);
    other = await ActionProcess.start();
    const second = other.script(MoveScript);
    second.script = (_, action) => Promise.resolve(doOnce(action.actionId));
    await loseLocks({ queue: other.queue(MOVE) });
    await waitFor('the second delivery', () => second.runs.length + stalled.script(MoveScript).runs.length === 2);
    release.resolve();
    expect(await asked).toEqual({ archivedSeq: 1 });
    const runs = [...second.runs, ...stalled.script(MoveScript).runs];
    expect(runs.map(({ action }) => action.actionId)).toEqual([actionId, actionId]);
    await waitFor('the end', async () => (await stalled.left(MOVE)) === 0);
    expect([...effects]).toEqual([[actionId, 1]]);
  });

  /** A worker that stands still when Redis has given it a job, and goes on when `meanwhile` is over. @returns what it takes in hand then */
  async function standStill(jobId: string, meanwhile: () => Promise<unknown>): Promise<Job | null> {
    const queue = stalled.queue(MOVE);
    await queue.pause(true, true);
    await stalled.bus.send(MOVE, move(), { jobId });
    await redis.brpoplpush(queue.toKey('wait'), queue.toKey('active'), 1);
    await meanwhile();
    return (queue as unknown as { moveToActive: (id: string) => Promise<Job | null> }).moveToActive(jobId);
  }

  async function othersTakeOver(script: MoveScript['script'] = () => Promise.resolve({ archivedSeq: null })): Promise<void> {
    other = await ActionProcess.start();
    other.script(MoveScript).script = script;
    await loseLocks({ queue: other.queue(MOVE) });
    await waitFor('another worker', () => other!.script(MoveScript).runs.length === 1);
  }

  it('takes no job that others have done meanwhile, and another one of its id is done', async () => {
    const late = await standStill('m1', async () => {
      await othersTakeOver();
      await waitFor('its end', async () => (await stalled.left(MOVE)) === 0);
    });
    expect([late, await redis.keys(`${keys.queues()}:${MOVE}:m1*`)]).toEqual([null, []]);
    await stalled.bus.send(MOVE, move(), { jobId: 'm1' });
    await waitFor('the second job of this id', () => other!.script(MoveScript).runs.length === 2);
  });

  it('takes no job that others have in their hands', async () => {
    const release = Promise.withResolvers<{ archivedSeq: null }>();
    const late = await standStill('m1', () => othersTakeOver(() => release.promise));
    expect([late, (await redis.keys(`${keys.queues()}:${MOVE}:m1*`)).length]).toEqual([null, 2]);
    release.resolve({ archivedSeq: null });
    await waitFor('its end', async () => (await stalled.left(MOVE)) === 0);
  });

  it('takes no job that waits again', async () => {
    const late = await standStill('m1', () => loseLocks({ queue: stalled.queue(MOVE) }));
    const queue = stalled.queue(MOVE);
    expect([late, await redis.lrange(queue.toKey('wait'), 0, -1), await redis.lrange(queue.toKey('active'), 0, -1)]).toEqual([null, ['m1'], []]);
  });

  it('takes the job if nobody else has it', async () => {
    const late = await standStill('m1', () => Promise.resolve());
    expect([late?.id, await redis.exists(`${stalled.queue(MOVE).toKey('m1')}:lock`)]).toEqual(['m1', 1]);
  });
});
