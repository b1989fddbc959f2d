import { setTimeout as sleep } from 'node:timers/promises';
import { CACHES } from './peers.mjs';

const BATCH = 100;
/** What a bus has to say has then been heard. */
const SETTLE_MS = 20;

/** A load begins, its key is deleted, the load ends: how often is the value from before the deletion read afterwards, by either process? */
export async function measureStaleness({ extent: { tries }, open }, update) {
  const findings = {};
  for (const name of Object.keys(CACHES)) {
    update(name);
    const [loader, other] = await Promise.all([open(name), open(name)]);
    findings[name] = {
      tries,
      alone: await staleReads({ loader, deleter: loader, readers: [loader] }, { tries, name: 'alone' }),
      apart: await staleReads({ loader, deleter: other, readers: [loader, other] }, { tries, name: 'apart' }),
    };
    await Promise.all([loader.stop(), other.stop()]);
  }
  return findings;
}

async function staleReads({ loader, deleter, readers }, { tries, name }) {
  const stale = new Set();
  for (let first = 0; first < tries; first += BATCH) {
    const keys = Array.from({ length: BATCH }, (_, i) => `${name}-${first + i}`);
    await loader.ask({ measure: 'beginLoads', keys });
    await deleter.ask({ measure: 'deleteAll', keys });
    await loader.ask({ measure: 'endLoads' });
    await sleep(SETTLE_MS);
    for (const { ask } of readers) for (const key of await ask({ measure: 'readStale', keys })) stale.add(key);
  }
  return stale.size;
}
