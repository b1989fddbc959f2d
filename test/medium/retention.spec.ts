import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Tier } from '../../src/contracts/index.js';
import { type ConversationRef, ConversationRetention } from '../../src/modules/conversations/index.js';
import type { RetentionBatch } from '../../src/modules/conversations/conversation-retention.service.js';
import { MigrationStateStore } from '../../src/modules/migration/migration-state.store.js';
import { MigrationStats } from '../../src/modules/migration/migration-stats.service.js';
import { RetentionPass } from '../../src/modules/migration/retention-pass.service.js';
import { RetentionSettings } from '../../src/shared/config/index.js';
import { newConversation } from '../factories/conversation.js';
import { append, close, fill, newRef, numbers, reheat } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

const DAY_MS = 86_400_000;
const caller = { tier: 'free' as Tier };
let moves: Moves;
let tenantId: string;
let tenants = 0;

const part = <T>(type: new (...dependencies: never[]) => T): T => moves.nooble.app.get<T>(type, { strict: false });
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);
const retain = (days: number, { limit = 100, tier = 'free' }: { limit?: number; tier?: Tier } = {}): Promise<RetentionBatch> => part(ConversationRetention).apply({ tenantId, tier, now: inDays(days) }, limit);
const forecast = (days: number): Promise<unknown> => part(ConversationRetention).forecast([{ tenantId, tier: 'free', now: inDays(days) }]);
const status = async (ref: ConversationRef): Promise<unknown> => (await moves.stored(ref)).row?.['status'];
/** A conversation that was closed and has left Redis. */
const atRest = async (messages = 2, where = tenantId): Promise<ConversationRef> => {
  const ref = newRef(where);
  await append(moves.hot, ref, undefined, { create: newConversation({ conversationId: ref.conversationId }) });
  await fill(moves.hot, ref, messages - 1);
  await close(moves.hot, ref);
  await moves.mover().move(ref);
  return ref;
};

beforeAll(async () => {
  moves = await Moves.start();
});
beforeEach(() => {
  tenantId = `tenant-${String(++tenants)}`;
});
afterAll(async () => {
  await moves.close();
});

describe('a conversation at rest', () => {
  it('is archived once it has been silent for as long as the tier says: it is read, and takes no message', async () => {
    const ref = await atRest();
    expect(await retain(6.9)).toEqual({ archived: 0, erased: 0, isThrough: true });
    expect(await retain(7.1)).toEqual({ archived: 1, erased: 0, isThrough: true });
    expect(await moves.history.get(ref)).toMatchObject({ status: 'archived', storage: 'cold', messageCount: 2 });
    expect(await moves.history.messages(ref, 1, 10)).toHaveLength(2);
    await expect(moves.conversations.saveMessage({ tenantId, ...caller }, { ...ref, role: 'user', content: 'hi' })).rejects.toMatchObject({ code: 'CONVERSATION_ARCHIVED' });
  });

  it.each([['free', 7], ['advance', 30], ['professional', 90], ['enterprise', 365]] as const)('of a tenant of the tier %s is archived after %i days, and erased after as many again', async (tier, days) => {
    const ref = await atRest();
    expect(await retain(days - 0.1, { tier })).toMatchObject({ archived: 0 });
    expect(await retain(days + 0.1, { tier })).toMatchObject({ archived: 1, erased: 0 });
    expect(await retain(2 * days, { tier })).toMatchObject({ erased: 0 });
    expect(await retain(2 * days + 0.2, { tier })).toMatchObject({ erased: 1 });
    expect(await status(ref)).toBe('deleted');
  });

  it('of a tenant with a time of its own is archived after that', async () => {
    await atRest();
    const after = (days: number): Promise<RetentionBatch> => part(ConversationRetention).apply({ tenantId, tier: 'enterprise', limits: { retentionDays: 2 }, now: inDays(days) }, 10);
    expect(await after(1.9)).toMatchObject({ archived: 0 });
    expect(await after(2.1)).toMatchObject({ archived: 1 });
  });

  it('is erased as a deletion does, and stays known so that nothing late begins it again', async () => {
    const ref = await atRest();
    const other = await atRest(2, 'another-tenant');
    await retain(7.1);
    await retain(14.2);
    expect(await moves.stored(ref)).toMatchObject({ row: { status: 'deleted', user_id: null, session_id: '', message_count: 0, archived_seq: 0, metadata: {}, summary: null }, messages: [] });
    await expect(moves.history.get(ref)).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
    await expect(moves.conversations.saveMessage({ tenantId, ...caller }, { ...ref, role: 'user', content: 'hi' })).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
    expect(await moves.stored(other)).toMatchObject({ row: { status: 'transferred' }, messages: [{ seq: 1 }, { seq: 2 }] });
    expect(await retain(30)).toEqual({ archived: 0, erased: 0, isThrough: true });
  });

  it('that nobody has looked at for long is archived first, and then has its time', async () => {
    await atRest();
    expect(await retain(400)).toMatchObject({ archived: 1, erased: 0 });
    expect(await retain(406)).toMatchObject({ erased: 0 });
    expect(await retain(407.1)).toMatchObject({ erased: 1 });
  });

  it('that its owner has archived has as long, and twice as long since the last message', async () => {
    const ref = await atRest();
    await moves.conversations.update({ tenantId, ...caller }, ref.conversationId, { status: 'archived' });
    await moves.mover().move(ref);
    expect(await status(ref)).toBe('archived');
    expect(await retain(1)).toMatchObject({ archived: 0, erased: 0 });
    expect(await retain(8.1)).toMatchObject({ erased: 0 });
    expect(await retain(14.1)).toMatchObject({ erased: 1 });
  });

  it('that is brought back by whoever had read it before it was erased, is gone all the same', async () => {
    const ref = await atRest();
    const leftAt = await moves.hot.leftAt(ref);
    const row = (await moves.archiveRows.find(ref))!;
    await retain(7.1);
    await retain(14.2);
    await moves.hot.reheat(ref, { conversation: { ...row, seq: 2, firstHotSeq: 1, systemSeqs: [], archivedRevision: row.revision }, tail: [], ids: [], leftAt });
    expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
  });
});

describe('a conversation in Redis', () => {
  it('is left alone, whether it waits to leave or was brought back', async () => {
    const waiting = newRef(tenantId);
    await fill(moves.hot, waiting, 2);
    await close(moves.hot, waiting);
    await moves.mover({ releaseSeconds: 600 }).move(waiting);
    const back = await atRest();
    await moves.conversations.update({ tenantId, ...caller }, back.conversationId, { metadata: { seen: true } });
    expect([await status(waiting), await status(back)]).toEqual(['transferred', 'transferred']);
    expect(await retain(30)).toEqual({ archived: 0, erased: 0, isThrough: true });
    expect([await status(waiting), await status(back)]).toEqual(['transferred', 'transferred']);
  });

  it('that came back in the very moment of its archiving goes on with its next message, and its row follows', async () => {
    const ref = await atRest();
    const row = (await moves.archiveRows.find(ref))!;
    await retain(7.1);
    await reheat(moves.hot, ref, { ...row, seq: 2, firstHotSeq: 3, systemSeqs: [], archivedRevision: row.revision });
    await moves.conversations.saveMessage({ tenantId, ...caller }, { ...ref, role: 'user', content: 'still here' });
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'completed', archived_at: null });
    await moves.mover().move(ref);
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'active', message_count: 3, archived_seq: 3 });
    expect(await retain(60)).toMatchObject({ archived: 0, erased: 0 });
  });
});

describe('the batches', () => {
  it('are no larger than they may be, and say whether more is left', async () => {
    for (let i = 0; i < 5; i++) await atRest(1);
    expect(await forecast(8)).toEqual({ archivable: 5, erasable: 0 });
    const batches = await numbers(1, 3).reduce<Promise<RetentionBatch[]>>(async (all, _) => [...(await all), await retain(8, { limit: 2 })], Promise.resolve([]));
    expect(batches).toEqual([2, 2, 1].map((archived, i) => ({ archived, erased: 0, isThrough: i === 2 })));
    expect(await forecast(15.1)).toEqual({ archivable: 0, erasable: 5 });
    expect(await retain(15.1, { limit: 3 })).toEqual({ archived: 0, erased: 3, isThrough: false });
    expect(await retain(15.1, { limit: 3 })).toEqual({ archived: 0, erased: 2, isThrough: true });
    expect(await forecast(100)).toEqual({ archivable: 0, erasable: 0 });
  });

  it('of very long conversations are smaller', async () => {
    for (let i = 0; i < 3; i++) await atRest(1);
    await retain(8);
    await moves.nooble.database.query('UPDATE conversations SET message_count = 15000 WHERE tenant_id = $1', [tenantId]);
    for (const isThrough of [false, false, true]) expect(await retain(15.1)).toMatchObject({ erased: 1, isThrough });
  });
});

describe('a pass', () => {
  const pass = (settings: Partial<RetentionSettings>, retention = part(ConversationRetention)): RetentionPass =>
    new RetentionPass(retention, part(MigrationStateStore), Object.assign(new RetentionSettings(), settings));
  const tenant = (): { tenantId: string; tier: Tier } => ({ tenantId, tier: 'free' });
  const signal = new AbortController().signal;
  /** As if its last message and its beginning were so long ago. */
  const age = (days: number): Promise<unknown> =>
    moves.nooble.database.query(`UPDATE conversations SET created_at = created_at - $2 * interval '1 day', last_message_at = last_message_at - $2 * interval '1 day' WHERE tenant_id = $1`, [tenantId, days]);
  beforeEach(async () => {
    await moves.nooble.redis.flushdb();
  });

  it('does nothing unless it is switched on; the stats say what it would do', async () => {
    await moves.nooble.client(tenantId, 'free').get('/api/v1/agents');
    const ref = await atRest();
    await age(8);
    await pass({}).run([tenant()], signal);
    expect(await status(ref)).toBe('transferred');
    expect((await part(MigrationStats).get(tenantId)).retention).toEqual({ isEnabled: false, archivable: 1, erasable: 0 });
    expect((await part(MigrationStats).get()).retention).toMatchObject({ archivable: 1 });
    await pass({ isEnabled: true }).run([tenant()], signal);
    expect(await status(ref)).toBe('archived');
    expect((await part(MigrationStats).get(tenantId)).retention).toEqual({ isEnabled: false, archivable: 0, erasable: 0 });
  });

  it('that is not through goes on with the next sweep, one that is rests for its interval', async () => {
    const refs = [await atRest(), await atRest(), await atRest()];
    const archived = async (): Promise<number> => (await Promise.all(refs.map(status))).filter((is) => is === 'archived').length;
    await age(8);
    const small = pass({ isEnabled: true, batchSize: 2 });
    await small.run([tenant()], signal);
    expect(await archived()).toBe(2);
    await small.run([tenant()], signal);
    expect(await archived()).toBe(3);
    await moves.nooble.database.query("UPDATE conversations SET status = 'transferred' WHERE tenant_id = $1", [tenantId]);
    await small.run([tenant()], signal);
    expect(await archived()).toBe(0);
    await moves.nooble.redis.hset('nb:{~migration}:loop', 'retainedAt', Date.now() - 3_600_000);
    await small.run([tenant()], signal);
    expect(await archived()).toBe(2);
  });

  it('is not stopped by the failure of one tenant, and tells of it', async () => {
    const ref = await atRest();
    await age(8);
    const retention = part(ConversationRetention);
    const broken = { apply: (of, limit) => (of.tenantId === 'broken' ? Promise.reject(new Error('no')) : retention.apply(of, limit)) } as Pick<ConversationRetention, 'apply'> as ConversationRetention;
    await expect(pass({ isEnabled: true }, broken).run([{ tenantId: 'broken', tier: 'free' }, tenant()], signal)).rejects.toThrow('no');
    expect(await status(ref)).toBe('archived');
    expect((await part(MigrationStateStore).loop()).retainedAt).toBeNull();
  });
});
