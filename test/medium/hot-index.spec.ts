import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import type { ConversationRef, HotConversation } from '../../src/modules/conversations/conversation.js';
import type { HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import type { HotIndexStore } from '../../src/modules/conversations/hot/hot-index.store.js';
import { SessionSocketsStore } from '../../src/modules/conversations/hot/session-sockets.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { HotStores, append, close, fill, markArchived, newRef, numbers, release } from '../support/hot-store.js';
import { emptyRedis } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const stores = new HotStores();
let redis: Redis;
let store: HotConversationStore;
let index: HotIndexStore;
let tenantId: string;

beforeAll(async () => {
  redis = await emptyRedis();
  store = stores.open({ releaseSeconds: 0 });
  index = stores.openIndex();
});
beforeEach(() => {
  tenantId = newId();
});
afterAll(() => {
  stores.close();
  redis.disconnect();
});

const idsOf = (conversations: readonly HotConversation[]): string[] => conversations.map(({ conversationId }) => conversationId);
const header = async (ref: ConversationRef): Promise<HotConversation> => (await store.read(ref, { tail: 0 }))!.conversation;
const remove = async (ref: ConversationRef): Promise<unknown> => store.change(ref, await header(ref), { fields: { status: 'deleted' }, session: 'leave', dueInSeconds: 0 });
/** A conversation that became active then, and had its last message later or at the same time. */
async function begun(at: number, lastMessageAt = at): Promise<ConversationRef> {
  const ref = newRef(tenantId);
  await fill(store, ref, 1);
  await redis.zadd(keys.active(tenantId), at, ref.conversationId);
  await redis.hset(keys.conversation(tenantId, ref.conversationId), 'lastMessageAt', lastMessageAt);
  return ref;
}
const activeScore = async ({ conversationId }: ConversationRef): Promise<string | null> => redis.zscore(keys.active(tenantId), conversationId);

describe('what is idle', () => {
  const since = new Date(1_700_000_000_000);

  it('is what has had no message since, the longest silent first, and no more than was asked for', async () => {
    const [silent, longer, justSilent] = [await begun(1_699_999_000_000), await begun(1_699_998_000_000), await begun(since.getTime())];
    await begun(since.getTime() + 1);
    expect(idsOf((await index.findIdle(tenantId, since, 10)).idle)).toEqual([longer, silent, justSilent].map(({ conversationId }) => conversationId));
    expect(idsOf((await index.findIdle(tenantId, since, 2)).idle)).toEqual([longer, silent].map(({ conversationId }) => conversationId));
    expect((await index.findIdle(newId(), since, 10)).idle).toEqual([]);
  });

  it('is not what has had one since: that is put back by it, and makes room for the others', async () => {
    const busy = await begun(1_699_998_000_000, since.getTime() + 5_000);
    const idle = await begun(1_699_999_000_000);
    expect((await index.findIdle(tenantId, since, 1)).idle).toEqual([]);
    expect(await activeScore(busy)).toBe(String(since.getTime() + 5_000));
    expect(idsOf((await index.findIdle(tenantId, since, 1)).idle)).toEqual([idle.conversationId]);
    expect(idsOf((await index.findIdle(tenantId, new Date(since.getTime() + 5_000), 10)).idle)).toEqual([idle.conversationId, busy.conversationId]);
  });

  it('is not what is gone or deleted: it is dropped', async () => {
    await redis.zadd(keys.active(tenantId), 1, 'vanished');
    const deleted = await begun(2);
    await redis.hset(keys.conversation(tenantId, deleted.conversationId), 'status', 'deleted');
    expect((await index.findIdle(tenantId, since, 10)).idle).toEqual([]);
    expect(await redis.zcard(keys.active(tenantId))).toBe(0);
  });
});

describe('what a tenant has in Redis', () => {
  it('is every hot conversation, newest first, of more than a thousand', async () => {
    const refs = numbers(1, 1_050).map(() => newRef(tenantId));
    await Promise.all(refs.map(async (ref) => fill(store, ref, 1)));
    await Promise.all(refs.map(({ conversationId }, i) => redis.zadd(keys.hot(tenantId), i, conversationId)));
    const found = await index.hotConversations(tenantId);
    expect(idsOf(found)).toEqual(refs.map(({ conversationId }) => conversationId).reverse());
    expect(found.every(({ seq, status }) => seq === 1 && status === 'active')).toBe(true);
  });

  it('is also what is being deleted, so that nobody asks PostgreSQL for it, but not what has left, or is another tenant’s', async () => {
    const [kept, deleted, left] = [newRef(tenantId), newRef(tenantId), newRef(tenantId)] as const;
    for (const ref of [kept, deleted, left, newRef('someone-else')]) await fill(store, ref, 1);
    await remove(deleted);
    await close(store, left);
    await markArchived(store, left, 1);
    expect(await release(store, left)).toBe(true);
    await redis.zadd(keys.hot(tenantId), 1, 'vanished');
    expect(idsOf(await index.hotConversations(tenantId)).sort()).toEqual([kept.conversationId, deleted.conversationId].sort());
  });

  it('of one conversation is its header, or null', async () => {
    const ref = newRef(tenantId);
    expect(await index.header(ref)).toBeNull();
    await fill(store, ref, 2);
    expect(await index.header(ref)).toEqual(await header(ref));
    await remove(ref);
    expect(await index.header(ref)).toBeNull();
  });
});

describe('a session', () => {
  it('has its active conversations, and the newest closed one of an agent that has none', async () => {
    const [first, second] = [newId(), newId()];
    const begin = async (agentId: string): Promise<ConversationRef> => {
      const ref = newRef(tenantId);
      await append(store, ref, newMessage(), { create: newConversation({ conversationId: ref.conversationId, agentId, sessionId: 's' }) });
      return ref;
    };
    const older = await begin(first);
    await close(store, older);
    const newer = await begin(first);
    await close(store, newer);
    const active = await begin(second);
    const entries = await index.session(tenantId, 's');
    expect(entries).toHaveLength(2);
    expect(entries).toEqual(expect.arrayContaining([{ agentId: first, conversationId: newer.conversationId, isActive: false }, { agentId: second, conversationId: active.conversationId, isActive: true }]));
    expect(await index.session('someone-else', 's')).toEqual([]);
  });
});

describe('the sockets of a session', () => {
  const LONG_MS = 60_000;
  const open = (): [SessionSocketsStore, SessionSocketsStore] => [new SessionSocketsStore(stores.connect()), new SessionSocketsStore(stores.connect())];

  it('are open while one of them is, in whichever process', async () => {
    const [here, there] = open();
    expect(await here.isAnyOpen(tenantId, 's')).toBe(false);
    await here.seen(tenantId, 's', 'a', LONG_MS);
    await there.seen(tenantId, 's', 'b', LONG_MS);
    await here.gone(tenantId, 's', 'a');
    expect(await here.isAnyOpen(tenantId, 's')).toBe(true);
    expect([await here.isAnyOpen(tenantId, 'other'), await here.isAnyOpen('someone-else', 's')]).toEqual([false, false]);
    await there.gone(tenantId, 's', 'b');
    expect([await here.isAnyOpen(tenantId, 's'), await there.isAnyOpen(tenantId, 's')]).toEqual([false, false]);
  });

  it('count no more when they are silent, and leave nothing behind', async () => {
    const [here, there] = open();
    await here.seen(tenantId, 's', 'dead', 1_500);
    expect(await there.isAnyOpen(tenantId, 's')).toBe(true);
    await waitFor('silence', async () => !(await there.isAnyOpen(tenantId, 's')));
    await waitFor('the end of the key', async () => (await redis.exists(keys.sessionSockets(tenantId, 's'))) === 0);
  });

  it('one of which is silent are open by the other, and the silent one is back with its next sign', async () => {
    const [here, there] = open();
    await here.seen(tenantId, 's', 'quiet', 100);
    await there.seen(tenantId, 's', 'lively', LONG_MS);
    await waitFor('silence', async () => (await redis.zcount(keys.sessionSockets(tenantId, 's'), Date.now(), '+inf')) === 1);
    expect(await here.isAnyOpen(tenantId, 's')).toBe(true);
    await there.gone(tenantId, 's', 'lively');
    expect(await here.isAnyOpen(tenantId, 's')).toBe(false);
    await here.seen(tenantId, 's', 'quiet', LONG_MS);
    expect(await there.isAnyOpen(tenantId, 's')).toBe(true);
  });

  it('are kept for the longest of them: a short sign of life shortens nothing', async () => {
    const [here] = open();
    await here.seen(tenantId, 's', 'a', LONG_MS);
    await here.seen(tenantId, 's', 'b', 1_000);
    expect(await redis.pttl(keys.sessionSockets(tenantId, 's'))).toBeGreaterThan(LONG_MS / 2);
  });

  it('that are gone twice, or were never there, are gone', async () => {
    const [here] = open();
    await here.gone(tenantId, 's', 'never');
    expect(await here.isAnyOpen(tenantId, 's')).toBe(false);
  });
});

describe('the oldest message that PostgreSQL lacks', () => {
  let ref: ConversationRef;
  beforeEach(() => {
    ref = newRef(tenantId);
  });
  const since = async (): Promise<number | undefined> => (await index.backlog(tenantId)).oldestUnarchivedAt?.getTime();
  const createdAt = async (seq: number, of = ref): Promise<number | undefined> => (await store.read(of, { from: seq, count: 1 }))?.messages[0]?.createdAt.getTime();
  /** A later message has a later time. */
  const nextMillisecond = (): Promise<unknown> => sleep(2);

  it('is the first one that was not moved, whatever stands in it, and none when all were', async () => {
    expect(await since()).toBeUndefined();
    await fill(store, ref, 2);
    await nextMillisecond();
    await append(store, ref, newMessage({ content: '"createdAt":1,', metadata: { createdAt: 2 } }));
    await append(store, ref, newMessage());
    expect(await since()).toBe(await createdAt(1));
    for (const archivedSeq of [2, 3]) {
      await markArchived(store, ref, archivedSeq);
      expect(await since()).toBe(await createdAt(archivedSeq + 1));
    }
    await markArchived(store, ref, 4);
    expect(await since()).toBeUndefined();
    await nextMillisecond();
    await append(store, ref, newMessage());
    expect(await since()).toBe(await createdAt(5));
  });

  it('is found in lists that were cut', async () => {
    await fill(store, ref, 6);
    await markArchived(store, ref, 5);
    expect(await stores.open({ hotTailMessages: 3 }).trim(ref)).toBe(3);
    await nextMillisecond();
    await append(store, ref, newMessage());
    await markArchived(store, ref, 6);
    expect(await since()).toBe(await createdAt(7));
  });

  it('is that of all conversations of the tenant, and not of one that has left', async () => {
    const other = newRef(tenantId);
    await fill(store, other, 1);
    await nextMillisecond();
    await fill(store, ref, 1);
    expect(await since()).toBe(await createdAt(1, other));
    await store.purge(other, await header(other));
    expect(await since()).toBe(await createdAt(1));
    await redis.del(keys.conversation(tenantId, ref.conversationId));
    await markArchived(store, ref, 0);
    expect(await since()).toBeUndefined();
  });
});
