import { callsByTurns, slicesByTurns } from './slices.mjs';
import { makeTurns, messagesOf } from './text.mjs';
import { idOf, prepare } from './turns.mjs';

const TEXTS = messagesOf(makeTurns(500));
const LISTS = { lrange20: 20, lrange200: 200 };
const WHOLE = 200;
const WHOLES = 32;

/** Fills the lists that LRANGE reads: messages as the product writes them. */
export async function prepareLists({ product: { redis, newMessage, storedText } }) {
  for (const [name, length] of Object.entries(LISTS)) {
    await redis.del(listOf(name));
    await redis.rpush(listOf(name), ...TEXTS.slice(0, length).map((text) => storedText(newMessage({ ...text, tokens: 1 }))));
  }
}

/**
 * Appends, beside bare round trips on the same connection that write the same bytes.
 *
 * @param {Extent & { group: string, count: number }} extent `count`: conversations of the group, a multiple of `clients`
 * @typedef {{ clients: number, each: number, slices: number }} Extent
 */
export async function appends({ product, refOf }, { group, count, ...extent }) {
  const { append, redis } = product;
  const added = makeMessages(product, extent);
  const works = {
    rpush: (i) => redis.rpush(`bare:${idOf(group, i % count)}`, added[i].text),
    append: (i) => append(refOf(idOf(group, i % count)), added[i].message),
  };
  return byTurns({ ...(extent.clients === 1 && { ping: () => redis.ping() }), ...works }, extent);
}

/** Windows of conversations that this process has read before, beside bare round trips on the same connection; with one client also of whole conversations. */
export async function windows(memory, { group, count, window, ...extent }) {
  const { product, refOf } = memory;
  const { lrange20, ...others } = bareReads(product);
  const read = (i) => product.window(refOf(idOf(group, i % count)), window);
  for (let i = 0; i < count; i++) await read(i);
  if (extent.clients > 1) return byTurns({ lrange20, window: read }, extent);
  // In conversations of their own, and few: what a process remembers has its limits.
  const wholes = `${group}-whole`;
  const readWhole = (i) => product.window(refOf(idOf(wholes, i % WHOLES)), WHOLE);
  await prepare(memory, { group: wholes, count: WHOLES, messages: WHOLE });
  for (let i = 0; i < WHOLES; i++) await readWhole(i);
  return byTurns({ ...others, lrange20, window: read, windowAll: readWhole }, extent);
}

/** Windows of conversations that this process has never seen. */
export async function firstWindows({ product, refOf }, { group, count, window }) {
  return callsByTurns({ ...bareReads(product), window: (i) => product.window(refOf(idOf(group, i)), window) }, count);
}

/**
 * Appends and windows in conversations of several lengths, by turns. The windows have as many messages as the shortest conversation.
 *
 * @param {{ group: string, lengths: { length: number, count: number }[], each: number }} extent shortest first, `count` conversations of each length
 */
export async function lengths(memory, { group, lengths: kinds, each }) {
  const { product, refOf } = memory;
  const window = kinds[0].length;
  const works = {};
  for (const { length, count } of kinds) {
    const groupOf = `${group}-${length}`;
    await prepare(memory, { group: groupOf, count, messages: length });
    const refs = Array.from({ length: count }, (_, i) => refOf(idOf(groupOf, i)));
    const added = makeMessages(product, { clients: 1, each, slices: 1 });
    for (const ref of refs) await product.window(ref, window);
    works[`append${length}`] = (i) => product.append(refs[i % count], added[i].message);
    works[`window${length}`] = (i) => product.window(refs[i % count], window);
  }
  return callsByTurns(works, each);
}

/** How long counting the tokens of a message takes that was never counted before. @returns milliseconds, the mean */
export async function counting({ product }, { count }) {
  const texts = messagesOf(makeTurns(count / 2, Date.now()));
  const startedAt = performance.now();
  for (const { content } of texts) product.countTokens(content);
  return (performance.now() - startedAt) / texts.length;
}

/** Removes what a group has in Redis. */
export async function purge({ product: { redis }, forget }, { group }) {
  forget(group);
  for (const pattern of [`nb:{${group}}:*`, `nb:{${group}-*}:*`, `bare:${group}.*`]) {
    for await (const keys of redis.scanStream({ match: pattern, count: 1_000 })) if (keys.length > 0) await redis.unlink(...keys);
  }
}

function bareReads({ redis }) {
  const lists = Object.keys(LISTS).map((name) => [name, () => redis.lrange(listOf(name), 0, -1)]);
  return { ping: () => redis.ping(), ...Object.fromEntries(lists) };
}

function byTurns(works, extent) {
  return extent.clients === 1 ? callsByTurns(works, extent.each) : slicesByTurns(works, extent);
}

function makeMessages({ newMessage, storedText }, { clients, each, slices }) {
  return Array.from({ length: clients * each * slices }, (_, i) => {
    const text = TEXTS[i % TEXTS.length];
    const message = newMessage({ ...text, tokens: Math.ceil(text.content.length / 4) });
    return { message, text: storedText(message) };
  });
}

function listOf(name) {
  return `bare:list:${name}`;
}
