import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../../scripts/command.mjs';
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
    await control(loader, tries);
    findings[name] = {
      tries,
      alone: await staleReads({ loader, deleter: loader, readers: [loader] }, { tries, name: 'alone' }),
      apart: await staleReads({ loader, deleter: other, readers: [loader, other] }, { tries, name: 'apart' }),
    };
    await Promise.all([loader.stop(), other.stop()]);
  }
  return findings;
}

/** Without a load under way a deletion is a deletion: else the measure would measure something else. */
async function control(helper, tries) {
  const keys = Array.from({ length: Math.min(BATCH, tries) }, (_, i) => `control-${i}`);
  await helper.ask({ measure: 'beginLoads', keys });
  await helper.ask({ measure: 'endLoads' });
  const before = await helper.ask({ measure: 'readStale', keys });
  await helper.ask({ measure: 'deleteAll', keys });
  const after = await helper.ask({ measure: 'readStale', keys });
  if (before.length !== keys.length || after.length > 0) throw new CommandError('A plain deletion is not what the bench takes it for.');
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
