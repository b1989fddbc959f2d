import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { TTL_MS } from './values.mjs';

const OPEN = { lru: openLru, nodeRedis: openNodeRedis, ioredis: openIoredis };

/** What can be done without a cache layer: a read is one GET, a miss a GET and a SET. */
export async function openCache({ name, redisUrl }) {
  return { at: (key) => key, ...(await OPEN[name](redisUrl)) };
}

function openLru() {
  const entries = new LRUCache({ max: 10_000 });
  const peek = (key) => entries.get(key);
  return { peek, read: async (key, load) => entries.get(key) ?? keep(await load(), (value) => entries.set(key, value)) };
}

async function openNodeRedis(url) {
  const client = await createClient({ url }).connect();
  return overRedis((key) => client.get(key), (key, text) => client.set(key, text, { PX: TTL_MS }));
}

function openIoredis(url) {
  const client = new Redis(url);
  return overRedis((key) => client.get(key), (key, text) => client.set(key, text, 'PX', TTL_MS));
}

/** The text as it is: nothing is parsed. */
function overRedis(get, set) {
  const readRemote = async (key, load) => (await get(key)) ?? keep(await load(), (value) => set(key, JSON.stringify(value)));
  return { readRemote, read: readRemote };
}

async function keep(value, write) {
  await write(value);
  return value;
}
