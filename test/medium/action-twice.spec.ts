import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
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
});
