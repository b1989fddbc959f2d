import { ensureBuild } from '../scripts/build.mjs';
import { withProgress } from '../scripts/progress.mjs';
import { MEASURES, report } from './commands/report.mjs';
import { SUBJECTS } from './commands/subjects.mjs';
import { startHelper } from './helper.mjs';
import { othersShare } from './neighbours.mjs';

const EXTENT = { runs: 7, durationMs: 500, commands: 1_000 };
const QUICK_EXTENT = { runs: 3, durationMs: 150, commands: 1_000 };
const HELPER = new URL('commands/commands.process.mjs', import.meta.url);

/**
 * The command cache beside a bare Map and lru-cache.
 *
 * @param {{ isQuick: boolean }} options
 */
export async function run({ isQuick }) {
  const extent = isQuick ? QUICK_EXTENT : EXTENT;
  await ensureBuild();
  const helpers = new Map();
  for (const name of Object.keys(SUBJECTS)) helpers.set(name, await startHelper(HELPER, { name, commands: extent.commands }));
  const others = [await othersShare()];
  const rates = await withProgress('Timing gets and updates', (update) => measure(helpers, extent, update));
  others.push(await othersShare());
  await Promise.all([...helpers.values()].map(({ stop }) => stop()));
  return report({ extent, rates, others, isQuick });
}

/** The runs take turns, so that whatever else the machine does meets all of them. The first one warms up and does not count. */
async function measure(helpers, { runs, durationMs }, update) {
  const rates = Object.fromEntries(Object.keys(MEASURES).map((name) => [name, Object.fromEntries([...helpers.keys()].map((who) => [who, []]))]));
  for (let run = 0; run <= runs; run++) {
    for (const name of Object.keys(MEASURES)) {
      for (const [who, { ask }] of helpers) {
        update(`run ${run} of ${runs}: ${name} ${who}`);
        const rate = await ask({ measure: name, durationMs });
        if (run > 0) rates[name][who].push(rate);
      }
    }
  }
  return rates;
}
