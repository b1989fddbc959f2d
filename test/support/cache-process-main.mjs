// A cache of its own process, driven by the messages of cache-process.ts: [redisUrl, settings] are its arguments.
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCacheEngine } from '../../dist/shared/cache/cache-engine.js';
import { CacheSettings } from '../../dist/shared/config/index.js';

const [url, settings] = process.argv.slice(2);
const engine = createCacheEngine(Object.assign(new CacheSettings(), JSON.parse(settings)), url);
engine.events.on('bus', ({ isSound }) => isSound && process.send({ kind: 'ready' }));
engine.start();

process.on('message', async ({ ref, value, callers, loadMs }) => {
  const load = async () => {
    process.send({ kind: 'loading' });
    await sleep(loadMs);
    return value;
  };
  const lookups = await Promise.all(Array.from({ length: callers }, () => engine.cache.getOrLoad(ref, load)));
  process.send({ kind: 'answered', values: lookups.map((lookup) => lookup.value) });
});
process.on('disconnect', () => process.exit());
