import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild } from '../scripts/build.mjs';
import { CommandError, onExit } from '../scripts/command.mjs';
import { stateDir } from '../scripts/paths.mjs';
import { withProgress } from '../scripts/progress.mjs';
import { startHelper } from './helper.mjs';
import { measureUnforced } from './durability/measure-unforced.mjs';
import { report } from './durability/report.mjs';
import { CONTROL, SETTINGS } from './durability/settings.mjs';
import { runTrial } from './durability/trial.mjs';
import { othersShare } from './neighbours.mjs';

const EXTENT = { trials: 20, controls: 2, clients: 32, leastMs: 100, mostMs: 1_700, watchMs: 20_000 };
const QUICK_EXTENT = { ...EXTENT, trials: 3, controls: 1, watchMs: 5_000 };
const dir = join(stateDir, `bench-durability-${process.pid}`);

/**
 * What is lost of acknowledged messages when Redis is killed, under each `appendfsync`.
 *
 * @param {{ isQuick: boolean }} options
 */
export async function run({ isQuick }) {
  const extent = isQuick ? QUICK_EXTENT : EXTENT;
  await ensureBuild();
  mkdirSync(dir, { recursive: true });
  onExit(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  const startRedis = (name, args) => startHelper(new URL('redis.process.mjs', import.meta.url), { dir: join(dir, name), args });
  const others = [await othersShare()];
  const trials = await withProgress('Killing Redis under appends', (update) => runTrials({ extent, startRedis }, update));
  others.push(await othersShare());
  const unforced = await withProgress('Watching what is not on disk', () => measureUnforced({ extent, redis: startRedis('watched', SETTINGS.everysec) }));
  others.push(await othersShare());
  return report({ extent, trials, unforced, others, isQuick });
}

/** The settings take turns; the control first, as without it the others say nothing. */
async function runTrials({ extent, startRedis }, update) {
  const found = { control: [], ...Object.fromEntries(Object.keys(SETTINGS).map((setting) => [setting, []])) };
  const take = async (setting, args, i) => {
    const name = `${setting}-${i}`;
    update(name);
    found[setting].push(await runTrial({ ...extent, start: () => startRedis(name, args) }));
    rmSync(join(dir, name), { recursive: true, force: true, maxRetries: 5 });
  };
  for (let i = 1; i <= extent.controls; i++) await take('control', CONTROL, i);
  if (found.control.some(({ acknowledged, lost }) => acknowledged === 0 || lost < acknowledged)) throw new CommandError('A Redis that keeps nothing has lost nothing: the trials do not measure what they should.');
  for (let i = 1; i <= extent.trials; i++) {
    for (const [setting, args] of Object.entries(SETTINGS)) await take(setting, args, i);
  }
  return found;
}
