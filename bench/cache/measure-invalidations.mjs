import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../statistics.mjs';

/** Nooble by generations, with and without counting what was there; the others by tags. cache-manager has nothing of the kind. */
const WAYS = [
  { name: 'ours', isCounted: false },
  { name: 'ours', isCounted: true },
  { name: 'bentocache' },
  { name: 'cacheable', options: { withTags: true } },
];
const SCOPE_KEYS = ['nb:{bench}:cache:g:a:a1', 'nb:{bench}:cache:n:a:a1:agent_config'];
/** Redis frees what was unlinked in the background, which must not meet the next sample. */
const SETTLE_MS = 100;
/** Ours to ask with, and the tidying up of this bench. */
const NOT_COUNTED = new Set(['config', 'info', 'copy']);

/** How long it takes, and how many commands of Redis, to make void what belongs to one agent. */
export async function measureInvalidations({ extent: { entries, samples }, open, redis }, update) {
  const findings = [];
  for (const { name, options, isCounted = false } of WAYS) {
    update(`${name}: filling`);
    await redis.flushAll();
    const helper = await open(name, options);
    const startedAt = performance.now();
    await helper.ask({ measure: 'fill', entries });
    const fillMs = performance.now() - startedAt;
    const isRestored = name === 'ours';
    if (isRestored) await copyKeys(redis, '', 'kept:');
    const times = [];
    for (let sample = 0; sample < samples; sample++) {
      update(`${name}: ${sample} of ${samples}`);
      times.push(await helper.ask({ measure: 'invalidateScope', isCounted, isRestored }));
      if (isRestored) await copyKeys(redis, 'kept:', '');
      await sleep(SETTLE_MS);
    }
    const commands = await commandsOf(redis, () => helper.ask({ measure: 'invalidateOnly', isCounted }));
    await helper.stop();
    findings.push({ name, isCounted, entries, fillMs, invalidateMs: times.map((time) => time.invalidateMs), readMs: median(times.map((time) => time.readMs)), ...commands });
  }
  await redis.flushAll();
  return findings;
}

/** The generation and the index are put back after each invalidation: then every entry is valid again, and the next one has as much to do. */
async function copyKeys(redis, from, to) {
  for (const key of SCOPE_KEYS) await redis.copy(from + key, to + key, { REPLACE: true });
}

/** Every command that Redis ran meanwhile, those inside scripts included; the sign of life that the engine publishes once a second may be among them. */
async function commandsOf(redis, work) {
  await redis.sendCommand(['CONFIG', 'RESETSTAT']);
  const answer = await work();
  const lines = (await redis.info('commandstats')).split('\r\n');
  const calls = lines.map((line) => /^cmdstat_([^:]+):calls=(\d+)/.exec(line)).filter(Boolean);
  const commands = Object.fromEntries(calls.map(([, name, count]) => [name, Number(count)]).filter(([name]) => !NOT_COUNTED.has(name.split('|')[0])));
  return { answer, commands };
}
