import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { newId, SYSTEM_TENANT } from '../../src/contracts/index.js';
import { SweepDueHandler } from '../../src/modules/migration/sweep-due.handler.js';
import { TenantSweep } from '../../src/modules/migration/tenant-sweep.service.js';
import { ActionBus } from '../../src/shared/actions/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { fill, newRef } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

const LONG_AGO = 1_000;
let moves: Moves;

const part = <T>(type: new (...dependencies: never[]) => T): T => moves.nooble.app.get<T>(type, { strict: false });
const sweep = async (): Promise<void> => {
  const action = { actionId: newId(), taskId: newId(), actionType: 'migration.sweep', tenantId: SYSTEM_TENANT, tenantTier: 'enterprise', data: {}, metadata: {}, createdAt: new Date().toISOString() } as const;
  await part(SweepDueHandler).handle(action, { attempt: 1, signal: new AbortController().signal });
};
const queued = (): Promise<number> => part(ActionBus).waiting('migration.move');
const becomeDue = async (tenantId: string, count: number): Promise<void> => {
  await moves.nooble.redis.zadd(keys.due(tenantId), ...Array.from({ length: count }, () => [LONG_AGO, newId()]).flat());
};

beforeAll(async () => {
  moves = await Moves.start();
  for (const tenantId of ['acme', 'globex']) await moves.nooble.client(tenantId).get('/api/v1/agents');
});
beforeEach(async () => {
  await moves.nooble.redis.flushdb();
});
afterAll(async () => {
  await moves.close();
});

describe('a sweep', () => {
  it('takes up all conversations that are due, however many of them a tenant has', async () => {
    await becomeDue('acme', 2_100);
    await becomeDue('globex', 3);
    await sweep();
    expect(await queued()).toBe(2_103);
  });

  it('leaves the rest to the next one when its looks have taken long', async () => {
    await becomeDue('acme', 1_100);
    await becomeDue('globex', 1_100);
    const tenants = part(TenantSweep);
    const look = tenants.look.bind(tenants);
    const [now, clock] = [Date.now.bind(Date), jest.spyOn(Date, 'now')];
    tenants.look = async (...args) => look(...args).finally(() => clock.mockImplementation(() => now() + 40_000));
    await sweep().finally(() => {
      tenants.look = look;
      clock.mockRestore();
    });
    expect(await queued()).toBe(2_000);
    expect(await moves.nooble.redis.hget(keys.migrationLoop(), 'lastRunAt')).not.toBeNull();
  });

  it('completes all conversations that have been silent for too long', async () => {
    const refs = Array.from({ length: 520 }, () => newRef('acme'));
    for (const ref of refs) {
      await fill(moves.hot, ref, 1);
      await moves.nooble.redis.hset(keys.conversation('acme', ref.conversationId), 'lastMessageAt', LONG_AGO);
      await moves.nooble.redis.zadd(keys.active('acme'), LONG_AGO, ref.conversationId);
    }
    await sweep();
    expect(await moves.nooble.redis.zcard(keys.active('acme'))).toBe(0);
  });

  it.each(['acme', 'globex'])('does for the others what it cannot do for %s, and says what is wrong there', async (broken) => {
    for (const tenantId of ['acme', 'globex']) {
      const ref = newRef(tenantId);
      await fill(moves.hot, ref, 1);
      await moves.nooble.redis.zadd(keys.due(tenantId), LONG_AGO, ref.conversationId);
    }
    await moves.nooble.redis.set(keys.active(broken), 'no sorted set');
    await expect(sweep()).rejects.toThrow('WRONGTYPE');
    expect(await queued()).toBe(1);
    expect(await moves.nooble.redis.hget(keys.migrationLoop(), 'lastRunAt')).not.toBeNull();
  });
});
