import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild } from '../scripts/build.mjs';
import { CommandError, onExit } from '../scripts/command.mjs';
import { stateDir } from '../scripts/paths.mjs';
import { withProgress } from '../scripts/progress.mjs';
import { startServices } from '../scripts/services.mjs';
import { createDatabases } from './conversations/databases.mjs';
import { measureFsync } from './conversations/measure-fsync.mjs';
import { measureStorage } from './conversations/measure-storage.mjs';
import { MEMORIES } from './conversations/peers.mjs';
import { report } from './conversations/report.mjs';
import { stepsOf } from './conversations/steps.mjs';
import { startHelper } from './helper.mjs';
import { othersShare } from './neighbours.mjs';
import { medianOfRuns } from './statistics.mjs';

const WINDOW = 20;
const EXTENT = {
  ...{ runs: 5, conversations: 256, messages: 200, window: WINDOW, storedTurns: 200, countings: 2_000 },
  single: { appends: 1_500, windows: 800, lengths: 300 },
  many: { 32: { each: 50, slices: 4 }, 256: { each: 8, slices: 4 } },
  turns: { 1: 200, 32: 10, 256: 3 },
  slowTurns: { 1: 15, 32: 2, 256: 1 },
  lengths: [{ length: 10, count: 64 }, { length: 200, count: 32 }, { length: 2_000, count: 4 }, { length: 20_000, count: 1 }],
  fsync: { clients: 32, each: 30, slices: 2 },
};
const QUICK_EXTENT = {
  ...EXTENT,
  ...{ runs: 2, countings: 500 },
  single: { appends: 500, windows: 300, lengths: 100 },
  slowTurns: { 1: 5, 32: 1 },
  lengths: EXTENT.lengths.slice(0, 3),
};
/** A rewrite of the append-only file would meet one measure and not the other. */
const REDIS_ARGS = ['--auto-aof-rewrite-percentage', '0'];
const dir = join(stateDir, `bench-conversations-${process.pid}`);

/**
 * The hot store of conversations beside what Redis can do at best, and a turn beside what other keepers of conversations need for it.
 *
 * @param {{ isQuick: boolean }} options
 */
export async function run({ isQuick }) {
  const extent = isQuick ? QUICK_EXTENT : EXTENT;
  await ensureBuild();
  mkdirSync(dir, { recursive: true });
  onExit(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  const services = await withProgress('Starting PostgreSQL and Redis', (onProgress) => startServices({ dataDir: join(dir, 'services'), persistent: false, redisArgs: REDIS_ARGS, onProgress }));
  onExit(services.stop);
  const databases = await createDatabases(services.databaseUrl);
  const open = (name, { redisUrl = services.redisUrl, database = name } = {}) => openMemory(name, { redisUrl, window: extent.window }, () => databases.create(database));
  const bench = { extent, dir, databases, open, redisArgs: REDIS_ARGS };
  const others = [await othersShare()];
  const { timings, unavailable } = await withProgress('Timing turns, appends and windows', (update) => measureTimings(bench, update));
  others.push(await othersShare());
  const fsync = await withProgress('Appending with each appendfsync', (update) => measureFsync(bench, update));
  others.push(await othersShare());
  const storage = await withProgress('Storing conversations', (update) => measureStorage(bench, update, Object.keys(unavailable)));
  others.push(await othersShare());
  return report({ extent, timings, fsync, storage, others, unavailable, versions: await databases.versions(services.redisUrl), isQuick });
}

/** @returns its helper, or `{ failure }` of a peer that this Redis has not got enough for */
async function openMemory(name, options, createDatabase) {
  const helper = await startHelper(new URL('conversations/memory.process.mjs', import.meta.url), { name, databaseUrl: await createDatabase(), ...options });
  const { failure } = helper.ready;
  if (!failure) return helper;
  await helper.stop();
  if (!MEMORIES[name].isOptional) throw new CommandError(`${MEMORIES[name].title}: ${failure}`);
  return { failure };
}

/** The runs of the cells take turns, so that whatever else the machine does meets all of them. */
async function measureTimings({ extent, open }, update) {
  update('opening');
  const helpers = new Map();
  const unavailable = {};
  for (const who of Object.keys(MEMORIES).filter((name) => !MEMORIES[name].isNotTimed)) {
    const helper = await open(who);
    if (helper.failure) unavailable[who] = helper.failure;
    else helpers.set(who, helper);
  }
  const results = {};
  // The first run warms up and does not count.
  for (let run = 0; run <= extent.runs; run++) {
    for (const { who, cell, question } of stepsOf(run, { extent, all: [...helpers.keys()] })) {
      update(`run ${run} of ${extent.runs}: ${question.measure} ${who}`);
      const answer = await helpers.get(who).ask(question);
      if (run > 0 && cell) (results[cell] ??= []).push(answer);
    }
  }
  await Promise.all([...helpers.values()].map(({ stop }) => stop()));
  return { unavailable, timings: Object.fromEntries(Object.entries(results).map(([cell, all]) => [cell, { all, median: medianOfRuns(all) }])) };
}
