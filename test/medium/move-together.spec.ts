import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConversationRef } from '../../src/modules/conversations/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { append, close, fill, newRef, numbers } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

const COUNT = 12;

let moves: Moves;

beforeAll(async () => {
  moves = await Moves.start();
});
afterAll(async () => {
  await moves.close();
});

const filled = async (tenantId = 'acme'): Promise<ConversationRef> => {
  const ref = newRef(tenantId);
  await fill(moves.hot, ref, 3);
  await close(moves.hot, ref);
  return ref;
};
const several = async (tenantId?: string): Promise<ConversationRef[]> => Promise.all(numbers(1, COUNT).map(() => filled(tenantId)));
const isMoved = async (ref: ConversationRef): Promise<void> => {
  expect(await moves.ranges(ref)).toEqual([[1, 3, 3, 'verified']]);
  expect((await moves.stored(ref)).row).toMatchObject({ status: 'transferred', archived_seq: 3, message_count: 3 });
  expect((await moves.stored(ref)).messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
};
/** What PostgreSQL says of the transactions that wrote the ledger rows of these conversations. */
const transactionsOf = async (refs: readonly ConversationRef[]): Promise<number> =>
  (await moves.nooble.database.query('SELECT DISTINCT xmin::text FROM migration_ledger WHERE conversation_id = ANY($1)', [refs.map(({ conversationId }) => conversationId)])).length;

describe('conversations that one worker moves at once', () => {
  it('share transactions, each with its own ledger row, and each leaves Redis', async () => {
    const refs = await several();
    const { move, metrics } = moves.mover();
    await Promise.all(refs.map((ref) => move(ref)));
    for (const ref of refs) await isMoved(ref);
    expect(await transactionsOf(refs)).toBeLessThan(COUNT);
    expect(await metrics.render()).toContain(`nooble_migration_messages_total ${String(3 * COUNT)}\n`);
  });

  it('share none with those of another tenant', async () => {
    const [ours, theirs] = [await several(), await several('other')];
    const { move } = moves.mover();
    await Promise.all(ours.flatMap((ref, i) => [move(ref), move(theirs[i]!)]));
    for (const ref of [...ours, ...theirs]) await isMoved(ref);
    expect(await transactionsOf([...ours, ...theirs])).toBe((await transactionsOf(ours)) + (await transactionsOf(theirs)));
  });

  it('have no more messages in a transaction than a batch', async () => {
    const refs = await several();
    const { move } = moves.mover({ batchSize: 6 });
    await Promise.all(refs.map((ref) => move(ref)));
    for (const ref of refs) await isMoved(ref);
    expect(await transactionsOf(refs)).toBeGreaterThanOrEqual(COUNT / 2);
  });

  it('do not fail for one of them that PostgreSQL contradicts, refuses or has no place for', async () => {
    const refs = await several();
    const contradicted = await filled();
    const range = await moves.hot.read(contradicted, { unarchived: 10 });
    await moves.transactions.run(contradicted.tenantId, async (tx) => moves.archive.store(contradicted, range!, tx));
    await moves.nooble.database.query('DELETE FROM messages WHERE conversation_id = $1 AND seq = 2', [contradicted.conversationId]);
    const refused = newRef();
    await append(moves.hot, refused, newMessage({ content: 'a\u0000b' }), { create: newConversation({ conversationId: refused.conversationId }) });
    const { move } = moves.mover();
    const outcomes = await Promise.allSettled([refs[0]!, contradicted, refused, ...refs.slice(1)].map((ref) => move(ref)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', ...refs.slice(1).map(() => 'fulfilled')]);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'ARCHIVE_MISMATCH' } });
    for (const ref of refs) await isMoved(ref);
    expect(await moves.ranges(contradicted)).toEqual([[1, 3, 3, 'failed']]);
    expect((await moves.hot.read(refused, { tail: 1 }))?.messages).toHaveLength(1);
  });

  it('are moved beside one that was deleted meanwhile, of which nothing is stored', async () => {
    const refs = await several();
    const deleted = await filled();
    const range = await moves.hot.read(deleted, { tail: 0 });
    await moves.transactions.run(deleted.tenantId, (tx) => moves.archiveRows.erase(deleted.tenantId, range!.conversation, tx));
    const { move } = moves.mover();
    const outcomes = await Promise.all([refs[0]!, deleted, ...refs.slice(1)].map((ref) => move(ref)));
    expect(outcomes[1]).toBeNull();
    for (const ref of refs) await isMoved(ref);
    expect(await moves.stored(deleted)).toMatchObject({ row: { status: 'deleted' }, messages: [] });
    expect(await moves.hot.read(deleted, { tail: 0 })).toBeNull();
  });

  it('are each moved once by several workers that take them up in different orders', async () => {
    const refs = await several();
    const orders = [refs, refs.toReversed(), [...refs.slice(5), ...refs.slice(0, 5)]];
    await Promise.all(orders.flatMap((order) => {
      const { move } = moves.mover();
      return order.map((ref) => move(ref));
    }));
    for (const ref of refs) await isMoved(ref);
  });
});
