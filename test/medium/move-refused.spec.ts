import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConversationRef } from '../../src/modules/conversations/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { append, close, fill, newRef } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

let moves: Moves;
let ref: ConversationRef;

beforeAll(async () => {
  moves = await Moves.start();
});
beforeEach(() => {
  ref = newRef();
});
afterAll(async () => {
  await moves.close();
});

const sql = async (statement: string): Promise<object[]> => moves.nooble.database.query(statement, [ref.conversationId]);

describe('a range that PostgreSQL contradicts', () => {
  /** Three messages stored but not marked, so that the next move compares them, and two new ones. */
  const halfMoved = async (): Promise<void> => {
    await fill(moves.hot, ref, 3);
    const range = await moves.hot.read(ref, { unarchived: 10 });
    await moves.transactions.run(ref.tenantId, async (tx) => moves.archive.store(ref, range!, tx));
    await fill(moves.hot, ref, 2);
    await close(moves.hot, ref);
  };

  it.each([
    ['a message less', 'DELETE FROM messages WHERE conversation_id = $1 AND seq = 2'],
    ['two messages less', 'DELETE FROM messages WHERE conversation_id = $1 AND seq < 3'],
  ])('by %s is not moved: nothing changes in either store, the ledger says why, and a metric counts it', async (_, change) => {
    await halfMoved();
    await sql(change);
    const before = [await moves.stored(ref), await moves.hot.read(ref, { tail: 10 })];
    const { move, metrics } = moves.mover();
    await expect(move(ref)).rejects.toMatchObject({ kind: 'conflict', code: 'ARCHIVE_MISMATCH', details: { from: 1, to: 5 } });
    expect([await moves.stored(ref), await moves.hot.read(ref, { tail: 10 })]).toEqual(before);
    const [entry, ...others] = await moves.ledger.findByConversation('acme', ref.conversationId);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ fromSeq: 1, toSeq: 5, messageCount: 5, outcome: 'failed', error: expect.stringContaining('differ between Redis and PostgreSQL') });
    expect(await metrics.render()).toContain('nooble_migration_failures_total{code="ARCHIVE_MISMATCH"} 1\n');
    expect(await metrics.render()).toContain('nooble_migration_messages_total 0\n');
  });

  it('is moved once it agrees again', async () => {
    await halfMoved();
    await sql('DELETE FROM messages WHERE conversation_id = $1 AND seq = 2');
    await expect(moves.mover().move(ref)).rejects.toMatchObject({ code: 'ARCHIVE_MISMATCH' });
    await sql("INSERT INTO messages (tenant_id, conversation_id, seq, message_id, role, content, tokens, created_at) VALUES ('acme', $1, 2, 'm2', 'user', 'message 2', 1, now())");
    await moves.mover().move(ref);
    expect(await moves.ranges(ref)).toEqual([[1, 5, 5, 'failed'], [4, 5, 2, 'verified']]);
    expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
  });
});

describe('a range that differs from what PostgreSQL has', () => {
  it.each([
    ['by its content', "UPDATE messages SET content = 'altered' WHERE conversation_id = $1 AND seq = 2", 'm2'],
    ['by its role', "UPDATE messages SET role = 'system' WHERE conversation_id = $1 AND seq = 2", 'm2'],
    ['by its id', "UPDATE messages SET message_id = 'x' WHERE conversation_id = $1 AND seq = 2", 'x'],
  ])('%s is not written over, and nothing of Redis is lost', async (_, change, id) => {
    await fill(moves.hot, ref, 3);
    const range = await moves.hot.read(ref, { unarchived: 10 });
    await moves.transactions.run(ref.tenantId, async (tx) => moves.archive.store(ref, range!, tx));
    await fill(moves.hot, ref, 2);
    await close(moves.hot, ref);
    await sql(change);
    await moves.mover({ releaseSeconds: 1_000 }).move(ref);
    const { messages } = await moves.stored(ref);
    expect(messages.map(({ message_id }) => message_id)).toEqual(['m1', id, 'm3', id === 'x' ? 'm2' : 'm2~2', 'm4', 'm5']);
    expect(messages[3]).toMatchObject({ seq: 4, content: 'message 2', role: 'user' });
    expect((await moves.history.getMessages(ref, { after: 0, limit: 10 })).data.map(({ messageId }) => messageId)).toEqual(messages.map(({ message_id }) => message_id));
  });
});

describe('what PostgreSQL cannot hold', () => {
  it('is mended in a message before it is stored anywhere', async () => {
    const message = newMessage({ content: 'a\u0000b \ud83d 😀' });
    await moves.conversations.append('acme', newConversation({ conversationId: ref.conversationId }), message);
    await moves.mover().move(ref);
    expect((await moves.stored(ref)).messages).toMatchObject([{ content: 'a\uFFFDb \uFFFD 😀' }]);
  });

  // The border refuses such text (`shared/http/storable.ts`); this is what would happen behind it.
  it.each([
    ['a message with a NUL', { content: 'a\u0000b' }, {}, /invalid byte sequence/],
    ['metadata with a NUL', {}, { text: 'a\u0000b' }, /unsupported Unicode escape sequence/],
    ['metadata with half a surrogate pair', {}, { text: 'a\ud83d' }, /invalid input syntax/],
  ])('fails the move when it got into Redis all the same, and nothing is lost: %s', async (_, overrides, metadata, complaint) => {
    await append(moves.hot, ref, newMessage(overrides), { create: newConversation({ conversationId: ref.conversationId, metadata }) });
    const { move, metrics } = moves.mover();
    await expect(move(ref)).rejects.toThrow(complaint);
    expect((await moves.hot.read(ref, { tail: 5 }))?.messages).toHaveLength(1);
    expect((await moves.hot.read(ref, { tail: 5 }))?.conversation).toMatchObject({ archivedSeq: 0 });
    expect(await metrics.render()).toContain('nooble_migration_failures_total{code="INTERNAL"} 1\n');
  });
});

describe('a database that fails in mid-move', () => {
  it('is left as it was: the ledger row and the messages come together or not at all', async () => {
    await fill(moves.hot, ref, 3);
    await moves.nooble.database.query(`ALTER TABLE migration_ledger ADD CONSTRAINT refused CHECK (conversation_id <> '${ref.conversationId}')`);
    await expect(moves.mover().move(ref)).rejects.toThrow(/refused/);
    expect(await moves.stored(ref)).toEqual({ row: undefined, messages: [] });
    expect((await moves.hot.read(ref, { tail: 0 }))?.conversation.archivedSeq).toBe(0);
    await moves.nooble.database.query('ALTER TABLE migration_ledger DROP CONSTRAINT refused');
    await moves.mover().move(ref);
    expect(await moves.ranges(ref)).toEqual([[1, 3, 3, 'verified']]);
  });

  it('is tried again as a whole after a deadlock', async () => {
    await fill(moves.hot, ref, 3);
    const range = await moves.hot.read(ref, { unarchived: 10 });
    let tries = 0;
    await moves.transactions.run(ref.tenantId, async (tx) => {
      await moves.archive.store(ref, range!, tx);
      if (++tries < 3) throw Object.assign(new Error('deadlock detected'), { code: tries === 1 ? '40P01' : '40001' });
    });
    expect(tries).toBe(3);
    expect((await moves.stored(ref)).messages).toHaveLength(3);
  });

  it.each([['23505', 1], ['40001', 3]])('gives up on %s after %i tries', async (code, expected) => {
    let tries = 0;
    const work = moves.transactions.run(ref.tenantId, () => {
      tries++;
      return Promise.reject(Object.assign(new Error(code), { code }));
    });
    await expect(work).rejects.toThrow(code);
    expect(tries).toBe(expected);
  });
});

