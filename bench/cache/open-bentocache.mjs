import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { TTL_MS } from './values.mjs';

const MAX_ITEMS = 10_000;
const TAG = 'agent-a1';

export async function openCache({ redisUrl, variant }) {
  const { hostname: host, port } = new URL(redisUrl);
  const connection = { host, port: Number(port), ...(variant === 'forOutages' ? { commandTimeout: 150 } : {}) };
  const options = variant === 'forOutages' ? { l2CircuitBreakerDuration: '2s' } : {};
  const memory = memoryDriver({ maxItems: MAX_ITEMS, ...(variant === 'withoutCopies' ? { serialize: false } : {}) });
  const tiers = bentostore(options).useL1Layer(memory).useL2Layer(redisDriver({ connection })).useBus(redisBusDriver({ connection }));
  const bento = new BentoCache({ default: 'tiers', ttl: TTL_MS, stores: { tiers, remote: bentostore().useL2Layer(redisDriver({ connection })) } });
  const remote = bento.use('remote');
  await bento.get({ key: 'ready' });
  return {
    at: (key) => key,
    read: (key, load) => bento.getOrSet({ key, factory: load }),
    readRemote: (key, load) => remote.getOrSet({ key, factory: load }),
    set: (key, value) => bento.set({ key, value, tags: [TAG] }),
    delete: (key) => bento.delete({ key }),
    invalidate: () => bento.deleteByTag({ tags: [TAG] }),
  };
}
