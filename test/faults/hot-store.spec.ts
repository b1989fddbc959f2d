import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import { type ConversationRef } from '../../src/modules/conversations/conversation.js';
import { keys } from '../../src/shared/redis/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { freePort } from '../support/free-port.js';
import { HotStores, append, newRef, numbers, seqOf, seqsOf } from '../support/hot-store.js';
import { OwnRedis } from '../support/own-redis.js';
import { waitFor } from '../support/wait-for.js';

const MESSAGES = 200;
const CONNECTIONS = 8;
/** Appends under way on one connection. */
const AT_ONCE = 5;

describe('a hot store whose Redis is killed', () => {
  let server: OwnRedis;
  let stores: HotStores;
  beforeAll(async () => {
    server = await OwnRedis.start(await freePort());
    stores = new HotStores(server.url);
  });
  afterAll(async () => {
    stores.close();
    await server.remove();
  });

  /** The message is acknowledged, or it is not known whether it is in the conversation. */
  const tryAppend = async (store: HotConversationStore, ref: ConversationRef, messageId: string): Promise<number | null> =>
    append(store, ref, newMessage({ messageId, content: messageId.repeat(50) }), { create: newConversation({ conversationId: ref.conversationId }) }).then(seqOf, () => null);

  it.each([1, 40, 120])('after %i of 200 acknowledgements has every acknowledged message once, and takes the others once when they are sent again', async (killAfter) => {
    const ref = newRef();
    const processes = numbers(1, CONNECTIONS).map(() => stores.open());
    for (const store of processes) await waitFor('Redis', async () => (await store.read(ref, { tail: 0 })) === null);
    const left = numbers(1, MESSAGES).map((i) => `m${String(i)}`);
    const acknowledged = new Map<string, number>();
    const unknown: string[] = [];
    let killed: Promise<void> | undefined;
    const work = async (store: HotConversationStore): Promise<void> => {
      for (let messageId = left.pop(); messageId !== undefined; messageId = left.pop()) {
        const seq = await tryAppend(store, ref, messageId);
        if (seq === null) unknown.push(messageId);
        else acknowledged.set(messageId, seq);
        if (acknowledged.size >= killAfter) killed ??= server.kill();
      }
    };
    await Promise.all(processes.flatMap((store) => numbers(1, AT_ONCE).map(() => work(store))));
    await killed;
    expect(acknowledged.size).toBeGreaterThanOrEqual(killAfter);
    expect(unknown.length).toBeGreaterThan(0);

    await server.begin();
    const before = await waitFor('Redis', () => processes[0]!.read(ref, { from: 1, count: 10_000 }));
    const survived = new Map(before.messages.map(({ messageId, seq }) => [messageId, seq]));
    for (const [messageId, seq] of acknowledged) expect([messageId, survived.get(messageId)]).toEqual([messageId, seq]);
    expect(seqsOf(before)).toEqual(numbers(1, before.conversation.seq));

    const again = await Promise.all(unknown.map((messageId, i) => waitFor(messageId, () => tryAppend(processes[i % CONNECTIONS]!, ref, messageId))));
    unknown.forEach((messageId, i) => {
      if (survived.has(messageId)) expect(again[i]).toBe(survived.get(messageId));
    });
    const after = (await processes[1]!.read(ref, { from: 1, count: 10_000 }))!;
    expect(seqsOf(after)).toEqual(numbers(1, MESSAGES));
    expect(new Set(after.messages.map(({ messageId }) => messageId)).size).toBe(MESSAGES);
    expect(after.messages.every(({ messageId, content }) => content === messageId.repeat(50))).toBe(true);
    expect(after.conversation).toMatchObject({ seq: MESSAGES, messageCount: MESSAGES, tokenCount: MESSAGES });
    const redis = stores.connect();
    const ids = await redis.hgetall(keys.messageIds(ref.tenantId, ref.conversationId));
    expect(ids).toEqual(Object.fromEntries(after.messages.map(({ messageId, seq }) => [messageId, String(seq)])));
    expect(Number(await redis.zscore(keys.due(ref.tenantId), ref.conversationId))).toBeGreaterThan(0);
  });
});
