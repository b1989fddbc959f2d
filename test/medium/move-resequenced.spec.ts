import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConversationRef, NewConversation } from '../../src/modules/conversations/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { close, newRef, numbers } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

let moves: Moves;
let ref: ConversationRef;
let conversation: NewConversation;

beforeAll(async () => {
  moves = await Moves.start();
});
beforeEach(() => {
  ref = newRef();
  conversation = newConversation({ conversationId: ref.conversationId });
});
afterAll(async () => {
  await moves.close();
});

const say = async (...messageIds: string[]): Promise<void> => {
  for (const messageId of messageIds) await moves.conversations.append('acme', conversation, newMessage({ messageId, content: `it says ${messageId}` }));
};
const ids = (first: number, last: number): string[] => numbers(first, last).map((i) => `m${String(i)}`);
const history = async (): Promise<string[]> => (await moves.history.getMessages(ref, { after: 0, limit: 200 })).data.map(({ seq, messageId }) => `${String(seq)}:${messageId}`);
const ordered = (...messageIds: string[]): string[] => messageIds.map((messageId, i) => `${String(i + 1)}:${messageId}`);

/** What Redis has of the conversation. @returns puts it back, as an older append-only file would */
async function remember(): Promise<() => Promise<void>> {
  const names = [keys.conversation, keys.messages, keys.messageIds].map((key) => key('acme', ref.conversationId));
  const dumps = await Promise.all(names.map((name) => moves.nooble.redis.dumpBuffer(name)));
  return async () => {
    for (const [i, name] of names.entries()) {
      await moves.nooble.redis.del(name);
      const dump = dumps[i];
      if (dump) await moves.nooble.redis.restore(name, 0, dump);
    }
  };
}

describe('a Redis that came back with older data', () => {
  /** Redis has forgotten the messages 4 to 6, which PostgreSQL has, and two others have taken their places. */
  const forgetful = async (): Promise<void> => {
    await say(...ids(1, 3));
    const goBack = await remember();
    await say(...ids(4, 6));
    await moves.mover().move(ref);
    await goBack();
    await say('new1', 'new2');
  };

  it('loses nothing: what PostgreSQL has stays, what came after follows', async () => {
    await forgetful();
    const { move, metrics } = moves.mover();
    await move(ref);
    expect(await history()).toEqual(ordered(...ids(1, 6), 'new1', 'new2'));
    expect((await moves.stored(ref)).messages.map(({ message_id }) => message_id)).toEqual([...ids(1, 6), 'new1', 'new2']);
    expect((await moves.hot.read(ref, { tail: 0 }))?.conversation).toMatchObject({ seq: 8, archivedSeq: 8, messageCount: 8, tokenCount: 32 });
    expect(await moves.ranges(ref)).toEqual([[1, 6, 6, 'verified'], [4, 8, 2, 'resequenced'], [7, 8, 2, 'verified']]);
    expect(await metrics.render()).toContain('nooble_migration_resequenced_total{code="ARCHIVE_MISMATCH"} 1\n');
    expect(await metrics.render()).toContain('nooble_migration_messages_total 2\n');
  });

  it('knows every message by its id again, and goes on', async () => {
    await forgetful();
    await moves.mover().move(ref);
    await say('m5', 'new1', 'm9');
    expect(await history()).toEqual(ordered(...ids(1, 6), 'new1', 'new2', 'm9'));
    await close(moves.hot, ref);
    await moves.mover().move(ref);
    expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
    expect(await history()).toEqual(ordered(...ids(1, 6), 'new1', 'new2', 'm9'));
  });

  it('is not taken for whole without what came after, and its header is newer than any before', async () => {
    await say(...ids(1, 3));
    const goBack = await remember();
    await say(...ids(4, 6));
    for (const summary of ['1', '2', '3', '4']) await moves.conversations.update({ tenantId: 'acme', tier: 'enterprise' }, ref.conversationId, { summary });
    await close(moves.hot, ref);
    await moves.mover({ releaseSeconds: 1_000 }).move(ref);
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'transferred' });
    await goBack();
    await say('new1');
    await moves.mover().move(ref);
    expect((await moves.stored(ref)).row).toMatchObject({ status: 'active', message_count: 7, summary: null });
    await close(moves.hot, ref);
    await moves.mover().move(ref);
    expect(await moves.hot.read(ref, { tail: 0 })).toBeNull();
    expect(await history()).toEqual(ordered(...ids(1, 6), 'new1'));
  });

  it('is in no window any more, of any process', async () => {
    await forgetful();
    const memory = moves.memory();
    expect((await memory.window(ref, 'builtin/chat', 50)).messages).toHaveLength(5);
    await moves.mover().move(ref);
    expect((await memory.window(ref, 'builtin/chat', 50)).messages.map(({ messageId }) => messageId)).toEqual([...ids(1, 6), 'new1', 'new2']);
  });

  it('has a message once that was sent again', async () => {
    await say(...ids(1, 3));
    const goBack = await remember();
    await say(...ids(4, 6));
    await moves.mover().move(ref);
    await goBack();
    await say('m5', 'new1');
    await moves.mover().move(ref);
    expect(await history()).toEqual(ordered(...ids(1, 6), 'new1'));
  });

  it('is brought together by many movers at once while messages arrive', async () => {
    await forgetful();
    const movers = numbers(1, 4).map(() => moves.mover({ batchSize: 2 }));
    const more = numbers(1, 20).map((i) => `x${String(i)}`);
    await Promise.all([...movers.map(async ({ move }) => move(ref).catch(() => undefined)), ...more.map(async (id) => say(id))]);
    await moves.mover().move(ref);
    const seen = await history();
    expect(seen.slice(0, 6)).toEqual(ordered(...ids(1, 6)));
    expect(seen.map((line) => line.split(':')[1]).sort()).toEqual([...ids(1, 6), 'new1', 'new2', ...more].sort());
    expect(seen.map((line) => Number(line.split(':')[0]))).toEqual(numbers(1, 28));
    expect((await moves.stored(ref)).messages).toHaveLength(28);
  });
});

describe('a PostgreSQL that came back with older data', () => {
  it.each([
    ['without the conversation', ['DELETE FROM messages WHERE conversation_id = $1', 'DELETE FROM conversations WHERE conversation_id = $1']],
    ['without its end', ['DELETE FROM messages WHERE conversation_id = $1 AND seq > 2', 'UPDATE conversations SET archived_seq = 2 WHERE conversation_id = $1']],
  ])('%s is given again what Redis still has', async (_, restore) => {
    await say(...ids(1, 5));
    await moves.mover().move(ref);
    for (const statement of restore) await moves.nooble.database.query(statement, [ref.conversationId]);
    await say('m6');
    await moves.mover().move(ref);
    expect((await moves.stored(ref)).messages.map(({ seq, message_id }) => `${String(seq)}:${String(message_id)}`)).toEqual(ordered(...ids(1, 6)));
    expect(await history()).toEqual(ordered(...ids(1, 6)));
    expect((await moves.ranges(ref)).map(([, , , outcome]) => outcome)).toEqual(['verified', 'resequenced', 'verified']);
  });

  it('is left alone when Redis has no more what is missing: a person must decide', async () => {
    await say(...ids(1, 30));
    await moves.mover({ hotTailMessages: 5 }).move(ref);
    await moves.nooble.database.query('DELETE FROM messages WHERE conversation_id = $1 AND seq > 10', [ref.conversationId]);
    await moves.nooble.database.query('UPDATE conversations SET archived_seq = 10 WHERE conversation_id = $1', [ref.conversationId]);
    await say('m31');
    const before = await moves.hot.read(ref, { tail: 100 });
    await expect(moves.mover().move(ref)).rejects.toMatchObject({ kind: 'conflict', code: 'ARCHIVE_BEHIND' });
    expect(await moves.hot.read(ref, { tail: 100 })).toEqual(before);
    expect((await moves.ranges(ref)).at(-1)).toEqual([31, 31, 1, 'failed']);
  });
});
