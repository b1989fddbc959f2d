import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ActionBus } from '../../src/shared/actions/index.js';
import { AppError } from '../../src/shared/errors/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { type ConversationRef, MemoryManager } from '../../src/modules/conversations/index.js';
import { ExplicitMigration } from '../../src/modules/migration/explicit-migration.service.js';
import { MigrationLoop } from '../../src/modules/migration/migration-loop.service.js';
import { MigrationStateStore } from '../../src/modules/migration/migration-state.store.js';
import { MigrationStats } from '../../src/modules/migration/migration-stats.service.js';
import { TrackedMover } from '../../src/modules/migration/tracked-mover.service.js';
import { close, fill, newRef } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

const signal = new AbortController().signal;
let moves: Moves;
let state: MigrationStateStore;
let stats: MigrationStats;
let ref: ConversationRef;
let tenants = 0;

const part = <T>(type: new (...dependencies: never[]) => T): T => moves.nooble.app.get<T>(type, { strict: false });
const isHot = async (): Promise<boolean> => (await moves.hot.read(ref, { tail: 0 })) !== null;
const move = async (isExplicit = false, where = ref): Promise<unknown> => part(TrackedMover).move(where, { attempt: 1, signal, isExplicit });

beforeAll(async () => {
  moves = await Moves.start();
  [state, stats] = [part(MigrationStateStore), part(MigrationStats)];
});
beforeEach(async () => {
  await moves.nooble.redis.flushdb();
  ref = newRef(`tenant-${String(++tenants)}`);
  await moves.nooble.client(ref.tenantId).get('/api/v1/agents');
});
afterAll(async () => {
  await moves.close();
});

describe('a stopped loop', () => {
  it('lets no move begin but those that somebody asked for', async () => {
    await fill(moves.hot, ref, 3);
    await state.setStatus('stopped');
    expect(await move()).toBeNull();
    expect((await moves.stored(ref)).messages).toEqual([]);
    expect(await move(true)).toEqual({ archivedSeq: 3, movedMessages: 3 });
    await state.setStatus('running');
    await fill(moves.hot, ref, 2);
    expect(await move()).toEqual({ archivedSeq: 5, movedMessages: 2 });
  });

  it('has waited for the moves that were running', async () => {
    const ticket = await state.begin(ref, false);
    let isStopped = false;
    const stopping = part(MigrationLoop).stop().finally(() => (isStopped = true));
    while ((await state.loop()).status !== 'stopped') await new Promise((resolve) => setImmediate(resolve));
    expect(await state.begin(ref, false)).toBeNull();
    expect(isStopped).toBe(false);
    await state.end(ticket!, null);
    expect(await stopping).toEqual({ status: 'stopped', changed: true, moving: 0 });
  });

  it('waits for none that does not end', async () => {
    await state.begin(ref, false);
    expect(await part(MigrationLoop).stop()).toEqual({ status: 'stopped', changed: true, moving: 1 });
  });
});

describe('the migration of one conversation', () => {
  const migrate = (cleanupMemory?: boolean): Promise<unknown> => part(ExplicitMigration).migrate(ref, { signal, ...(cleanupMemory !== undefined && { cleanupMemory }) });
  const remembered = (): number => part(MemoryManager).getMemoryStats().activeConversations;

  it('brings all of it to PostgreSQL before it is due, and leaves an active one in use', async () => {
    await fill(moves.hot, ref, 3);
    expect(await migrate()).toEqual({ conversationId: ref.conversationId, archivedSeq: 3, movedMessages: 3, status: 'active', storage: 'both', isMemoryFreed: true });
    expect(await migrate()).toMatchObject({ archivedSeq: 3, movedMessages: 0 });
    expect(await isHot()).toBe(true);
  });

  it('frees the memory of the process, unless it is told not to', async () => {
    await fill(moves.hot, ref, 3);
    await part(MemoryManager).window(ref, 'builtin/chat', 10);
    expect(remembered()).toBe(1);
    expect(await migrate(false)).toMatchObject({ isMemoryFreed: false });
    expect(remembered()).toBe(1);
    await migrate();
    expect(remembered()).toBe(0);
  });

  it('of one at rest finds nothing to do', async () => {
    await fill(moves.hot, ref, 3);
    await close(moves.hot, ref);
    await moves.mover().move(ref);
    expect(await migrate()).toMatchObject({ archivedSeq: 3, movedMessages: 0, status: 'transferred', storage: 'cold' });
  });

  it('of one that nobody knows, or that is another tenant’s, is an error', async () => {
    await expect(migrate()).rejects.toMatchObject({ kind: 'notFound', code: 'CONVERSATION_NOT_FOUND' });
    await fill(moves.hot, ref, 1);
    await expect(part(ExplicitMigration).migrate({ ...ref, tenantId: 'other' }, { signal })).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
  });
});

describe('the stats', () => {
  /** Its messages came long ago, and were due then. */
  const makeOld = async (): Promise<void> => {
    for (const key of [keys.due, keys.unarchived]) await moves.nooble.redis.zadd(key(ref.tenantId), 'XX', Date.now() - 90_000, ref.conversationId);
  };

  it('equal the data, of one tenant and of all', async () => {
    const other = newRef(`other-${ref.tenantId}`);
    await moves.nooble.client(other.tenantId).get('/api/v1/agents');
    for (const [where, messages] of [[ref, 3], [newRef(ref.tenantId), 4], [other, 5]] as const) {
      await fill(moves.hot, where, messages);
      await move(false, where);
    }
    await fill(moves.hot, ref, 2);
    await makeOld();
    const ledger = await moves.nooble.database.query<{ moves: number }>("SELECT count(*)::integer AS moves FROM migration_ledger WHERE outcome = 'verified' AND tenant_id = ANY ($1)", [[ref.tenantId, other.tenantId]]);
    expect(ledger[0]?.moves).toBe(3);

    expect(await stats.get(ref.tenantId)).toMatchObject({ tenantId: ref.tenantId, status: 'running', migrations: { pending: 1, moving: 0, completed: 2, failed: 0, total: 3 }, messagesPerSecond: 7 / 60, lastRunAt: null, intervalSeconds: 1 });
    expect((await stats.get(ref.tenantId)).lagSeconds).toBeGreaterThanOrEqual(90);
    expect(await stats.get(other.tenantId)).toMatchObject({ migrations: { pending: 0, completed: 1, total: 1 }, lagSeconds: 0, messagesPerSecond: 5 / 60 });
    expect(await stats.get()).toMatchObject({ tenantId: null, migrations: { pending: 1, moving: 0, completed: 3, failed: 0, total: 4 }, messagesPerSecond: 12 / 60 });
  });

  it('count a move that runs as moving, not as pending, until it ends or its deadline has passed', async () => {
    await fill(moves.hot, ref, 1);
    await moves.nooble.redis.zadd(keys.due(ref.tenantId), 1, ref.conversationId);
    const ticket = await state.begin(ref, false);
    expect((await stats.get(ref.tenantId)).migrations).toMatchObject({ pending: 0, moving: 1 });
    await expect(stats.get('nobody')).rejects.toMatchObject({ kind: 'notFound', code: 'TENANT_NOT_FOUND' });
    await moves.nooble.redis.zadd(keys.migrationMoving(), Date.now() - 1, ticket!);
    expect((await stats.get(ref.tenantId)).migrations).toMatchObject({ pending: 1, moving: 0 });
  });

  it('count a try that fails, and nothing for a move without messages or one that a shutdown breaks off', async () => {
    await fill(moves.hot, ref, 1);
    await moves.mover().move(ref);
    await move();
    // Neither store has the first message any more.
    await moves.nooble.redis.multi().lpop(keys.messages(ref.tenantId, ref.conversationId)).hset(keys.conversation(ref.tenantId, ref.conversationId), 'firstHotSeq', 2).exec();
    await moves.nooble.database.query('DELETE FROM messages WHERE tenant_id = $1', [ref.tenantId]);
    await moves.nooble.database.query('UPDATE conversations SET archived_seq = 0 WHERE tenant_id = $1', [ref.tenantId]);
    await fill(moves.hot, ref, 1);
    await expect(move()).rejects.toMatchObject({ code: 'ARCHIVE_BEHIND' });
    const stopping = AbortSignal.abort(new AppError({ kind: 'unavailable', code: 'SHUTTING_DOWN', message: 'stop' }));
    await expect(part(TrackedMover).move(ref, { attempt: 1, signal: stopping, isExplicit: false })).rejects.toBeDefined();
    expect((await stats.get(ref.tenantId)).migrations).toMatchObject({ completed: 0, failed: 1 });
    expect(await state.moving()).toBe(0);
  });

  it('are metrics, the same in every process', async () => {
    await fill(moves.hot, ref, 2);
    await move();
    await fill(moves.hot, ref, 1);
    await makeOld();
    await state.setStatus('stopped');
    await state.note('lastRunAt');
    const text = await (await fetch(`${moves.nooble.url}/metrics`)).text();
    const value = (name: string): number => Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
    expect(value('nooble_migration_lag_seconds')).toBeGreaterThanOrEqual(90);
    expect(['pending', 'moving', 'running'].map((name) => value(`nooble_migration_${name}`))).toEqual([1, 0, 0]);
    expect(value('nooble_migration_last_run_timestamp_seconds')).toBeGreaterThan(1_500_000_000);
    expect(['completed', 'failed'].map((outcome) => value(`nooble_migration_moves_total{outcome="${outcome}"}`))).toEqual([1, 0]);
  });
});

describe('a start', () => {
  it('has one sweep follow at once', async () => {
    await state.setStatus('stopped');
    expect(await part(MigrationLoop).start()).toEqual({ status: 'running', changed: true, moving: 0 });
    expect(await part(MigrationLoop).start()).toMatchObject({ changed: false });
    expect(await part(ActionBus).waiting('migration.sweep')).toBe(1);
  });
});
