import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import type { ConversationRef } from '../../src/modules/conversations/conversation.js';
import type { HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import type { HotIndexStore } from '../../src/modules/conversations/hot/hot-index.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { newMessage } from '../factories/conversation.js';
import { HotStores, append, fill, markArchived, newRef } from '../support/hot-store.js';
import { emptyRedis } from '../support/services.js';

const stores = new HotStores();
let redis: Redis;
let store: HotConversationStore;
let index: HotIndexStore;
/** A conversation of a tenant of its own. */
let ref: ConversationRef;

beforeAll(async () => {
  redis = await emptyRedis();
  store = stores.open({ hotTailMessages: 3 });
  index = stores.openIndex();
});
beforeEach(() => {
  ref = newRef(newId());
});
afterAll(() => {
  stores.close();
  redis.disconnect();
});

describe('the oldest message that PostgreSQL lacks', () => {
  const since = async (): Promise<number | undefined> => (await index.backlog(ref.tenantId)).oldestUnarchivedAt?.getTime();
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
    expect(await store.trim(ref)).toBe(3);
    await nextMillisecond();
    await append(store, ref, newMessage());
    await markArchived(store, ref, 6);
    expect(await since()).toBe(await createdAt(7));
  });

  it('is that of all conversations of the tenant, and not of one that has left', async () => {
    const other = newRef(ref.tenantId);
    await fill(store, other, 1);
    await nextMillisecond();
    await fill(store, ref, 1);
    expect(await since()).toBe(await createdAt(1, other));
    await store.purge(other, (await store.read(other, { tail: 0 }))!.conversation);
    expect(await since()).toBe(await createdAt(1));
    await redis.del(keys.conversation(ref.tenantId, ref.conversationId));
    await markArchived(store, ref, 0);
    expect(await since()).toBeUndefined();
  });
});
