import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { ensureBuild } from '../scripts/build.mjs';
import { onExit } from '../scripts/command.mjs';
import { stateDir } from '../scripts/paths.mjs';
import { withProgress } from '../scripts/progress.mjs';
import { measureHerds } from './cache/measure-herds.mjs';
import { measureInvalidations } from './cache/measure-invalidations.mjs';
import { measureOutages } from './cache/measure-outages.mjs';
import { measureStaleness } from './cache/measure-staleness.mjs';
import { CACHES, LIMITS, VARIANTS } from './cache/peers.mjs';
import { report } from './cache/report.mjs';
import { startHelper } from './helper.mjs';
import { othersShare } from './neighbours.mjs';
import { medianOfRuns } from './statistics.mjs';

const EXTENT = { runs: 5, hitsMs: 400, reads: 1_500, rounds: 5, tries: 1_000, entries: 100_000, samples: 20, capMs: 3_000 };
const QUICK_EXTENT = { runs: 3, hitsMs: 150, reads: 500, rounds: 3, tries: 200, entries: 10_000, samples: 5, capMs: 1_000 };
const HELPER = new URL('cache/cache.process.mjs', import.meta.url);
const dir = join(stateDir, `bench-cache-${process.pid}`);

/**
 * The cache engine beside other caches of memory and Redis, and beside what the machine can do at best.
 *
 * @param {{ isQuick: boolean }} options
 */
export async function run({ isQuick }) {
  const extent = isQuick ? QUICK_EXTENT : EXTENT;
  await ensureBuild();
  mkdirSync(dir, { recursive: true });
  onExit(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  const { ready: redisUrl } = await withProgress('Starting Redis', () => startHelper(new URL('redis.process.mjs', import.meta.url), { dir }));
  const redis = await createClient({ url: redisUrl }).connect();
  onExit(() => redis.destroy());
  const bench = { extent, redis, redisUrl, open: (name, options = {}) => startHelper(HELPER, { name, redisUrl, ...options }) };
  const others = [await othersShare()];
  const timings = await withProgress('Timing hits and misses', (update) => measureTimings(bench, update));
  others.push(await othersShare());
  const herds = await withProgress('Herds of callers', (update) => measureHerds(bench, update));
  const staleness = await withProgress('Deletions during loads', (update) => measureStaleness(bench, update));
  others.push(await othersShare());
  const invalidations = await withProgress('Invalidating a scope', (update) => measureInvalidations(bench, update));
  const outages = await withProgress('Redis without an answer', (update) => measureOutages(bench, update));
  others.push(await othersShare());
  const [, redisVersion] = /redis_version:(\S+)/.exec(await redis.info('server')) ?? [];
  return report({ extent, timings, herds, staleness, invalidations, outages, others, redisVersion, isQuick });
}

/** The runs of the cells take turns, so that whatever else the machine does meets all of them. */
async function measureTimings({ extent, open }, update) {
  const { runs, hitsMs, reads } = extent;
  update('opening');
  const helpers = await openAll(open);
  const cells = cellsOf(helpers, { hitsMs, reads });
  const results = cells.map(() => []);
  // The first run warms up and does not count.
  for (let run = 0; run <= runs; run++) {
    for (const [i, { name, who, question }] of cells.entries()) {
      update(`run ${run} of ${runs}: ${name} ${who}`);
      const answer = await helpers.get(who).ask(question);
      if (run > 0) results[i].push(answer);
    }
  }
  await Promise.all([...helpers.values()].map(({ stop }) => stop()));
  const timings = { hits: {}, peeks: {}, remoteHits: {}, bareGets: {}, pairedRatio: {}, misses: {} };
  for (const [i, { name, who }] of cells.entries()) timings[name][who] = { median: medianOfRuns(results[i]), all: results[i] };
  return timings;
}

async function openAll(open) {
  const helpers = new Map();
  for (const name of [...Object.keys(CACHES), ...Object.keys(LIMITS)]) helpers.set(name, await open(name));
  for (const name of Object.keys(VARIANTS.withoutCopies)) helpers.set(`${name} without copies`, await open(name, { variant: 'withoutCopies' }));
  return helpers;
}

function cellsOf(helpers, { hitsMs, reads }) {
  const all = [...helpers.keys()];
  const overRedis = all.filter((who) => who !== 'lru' && !who.endsWith('without copies'));
  const cells = (name, names, extent) => names.map((who) => ({ name, who, question: { measure: name, ...extent } }));
  return [
    ...cells('hits', all.filter((who) => who !== 'nodeRedis' && who !== 'ioredis'), { durationMs: hitsMs }),
    ...cells('peeks', ['ours', 'lru'], { durationMs: hitsMs }),
    ...cells('remoteHits', overRedis, { count: reads }),
    ...cells('bareGets', ['ours'], { count: reads }),
    ...cells('pairedRatio', ['ours'], { count: reads }),
    ...cells('misses', overRedis, { count: reads }),
  ];
}
