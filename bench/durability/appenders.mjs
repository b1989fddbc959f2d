import { performance } from 'node:perf_hooks';
import { makeTurns, messagesOf } from '../conversations/text.mjs';
import { openStore } from '../conversations/product.mjs';

const TEXTS = messagesOf(makeTurns(200));
const TOKENS = 200;

/**
 * Clients that append without a pause, each to a conversation of its own, through the product's store, until it fails or they are stopped.
 *
 * @param {{ redisUrl: string, clients: number }} options
 * @returns {Promise<{ count: () => number, stop: () => Promise<Conversation[]> }>} `count` of acknowledged messages so far
 * @typedef {{ ref: object, acknowledged: { id: string, at: number }[] }} Conversation with when the answers came, oldest first
 */
export async function startAppenders({ redisUrl, clients }) {
  const store = await openStore({ redisUrl });
  store.redis.on('error', () => undefined);
  const conversations = Array.from({ length: clients }, () => ({ ref: store.newRef('bench'), acknowledged: [] }));
  await Promise.all(conversations.map(({ ref }) => store.begin(ref)));
  let [count, isStopping] = [0, false];
  const append = async ({ ref, acknowledged }) => {
    for (let i = 0; !isStopping; i++) {
      const message = store.newMessage({ ...TEXTS[i % TEXTS.length], tokens: TOKENS });
      try {
        await store.append(ref, message);
      } catch {
        return;
      }
      acknowledged.push({ id: message.messageId, at: performance.now() });
      count++;
    }
  };
  const stopped = Promise.all(conversations.map(append));
  const stop = async () => {
    isStopping = true;
    await stopped;
    store.close();
    return conversations;
  };
  return { count: () => count, stop };
}

/** @param {Conversation[]} conversations @returns {Promise<Conversation['acknowledged']>} what is not there */
export async function findMissing({ redisUrl }, conversations) {
  const store = await openStore({ redisUrl });
  const missing = [];
  for (const { ref, acknowledged } of conversations) {
    const there = new Set(await store.readIds(ref));
    missing.push(...acknowledged.filter(({ id }) => !there.has(id)));
  }
  store.close();
  return missing;
}
