import { ensureBuild } from '../scripts/build.mjs';
import { withProgress } from '../scripts/progress.mjs';
import { startHelper } from './helper.mjs';
import { ARITIES, report } from './memo/report.mjs';
import { SUBJECTS } from './memo/subjects.mjs';
import { othersShare } from './neighbours.mjs';

const EXTENT = { runs: 7, durationMs: 400, keys: 1_000_000, gets: 5_000 };
const QUICK_EXTENT = { runs: 3, durationMs: 120, keys: 200_000, gets: 2_000 };
const HELPER = new URL('memo/memo.process.mjs', import.meta.url);

/**
 * Memoised functions beside other memoisers, and single gets of the stores that keep texts.
 *
 * @param {{ isQuick: boolean }} options
 */
export async function run({ isQuick }) {
  const extent = isQuick ? QUICK_EXTENT : EXTENT;
  await ensureBuild();
  const others = [await othersShare()];
  const { rates, wrong } = await withProgress('Timing hits', (update) => measureHits(extent, update));
  others.push(await othersShare());
  const heap = await withProgress('Filling a cache', () => asked('ours', { measure: 'heap', keys: extent.keys }));
  const stores = await withProgress('Timing stores', () => measureStores(extent));
  others.push(await othersShare());
  return report({ extent, rates, wrong, heap, stores, others, isQuick });
}

/** The runs take turns, so that whatever else the machine does meets all of them. The first one warms up and does not count. */
async function measureHits({ runs, durationMs }, update) {
  const helpers = new Map();
  for (const name of Object.keys(SUBJECTS)) helpers.set(name, await startHelper(HELPER, { name }));
  const rates = Object.fromEntries(Object.keys(ARITIES).map((arity) => [arity, Object.fromEntries([...helpers.keys()].map((who) => [who, []]))]));
  for (let run = 0; run <= runs; run++) {
    for (const arity of Object.keys(ARITIES)) {
      for (const [who, { ask }] of helpers) {
        update(`run ${run} of ${runs}: ${who}, ${ARITIES[arity]}`);
        const rate = await ask({ measure: 'hits', arity, durationMs });
        if (run > 0) rates[arity][who].push(rate);
      }
    }
  }
  const wrong = {};
  for (const [who, { ask }] of helpers) if (who !== 'oursAsync') wrong[who] = await ask({ measure: 'wrong' });
  await Promise.all([...helpers.values()].map(({ stop }) => stop()));
  return { rates, wrong };
}

async function measureStores({ runs, gets }) {
  const times = [];
  for (let run = 0; run < runs; run++) times.push(await asked('stores', { gets }));
  return times;
}

async function asked(name, question) {
  const { ask, stop } = await startHelper(HELPER, { name });
  const answer = await ask(question);
  await stop();
  return answer;
}
