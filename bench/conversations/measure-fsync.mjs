import { join } from 'node:path';
import { startHelper } from '../helper.mjs';
import { medianOfRuns } from '../statistics.mjs';

export const SETTINGS = ['always', 'everysec', 'no'];

/** Appends and turns on Redis servers that differ in when they force their file to disk; they take turns. */
export async function measureFsync({ extent: { runs, fsync, messages, window }, dir, open, redisArgs }, update) {
  const cells = [];
  for (const setting of SETTINGS) {
    update(`starting ${setting}`);
    const args = [...redisArgs, '--appendfsync', setting];
    const redis = await startHelper(new URL('../redis.process.mjs', import.meta.url), { dir: join(dir, `redis-${setting}`), args });
    cells.push({ setting, redis, helper: await open('ours', { redisUrl: redis.ready }), all: [] });
  }
  for (let run = 0; run <= runs; run++) {
    for (const { setting, helper, all } of cells) {
      update(`run ${run} of ${runs}: ${setting}`);
      const extent = { group: `f${run}`, count: fsync.clients, window };
      await helper.ask({ measure: 'prepare', ...extent, messages });
      const appends = await helper.ask({ measure: 'appends', ...extent, ...fsync });
      const turn = await helper.ask({ measure: 'takeTurns', ...extent, ...fsync });
      if (run > 0) all.push({ ...appends, turn });
      await helper.ask({ measure: 'purge', ...extent });
    }
  }
  await Promise.all(cells.flatMap(({ helper, redis }) => [helper.stop(), redis.stop()]));
  return Object.fromEntries(cells.map(({ setting, all }) => [setting, { all, median: medianOfRuns(all) }]));
}
