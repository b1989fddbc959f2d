import { medianOfRuns } from '../statistics.mjs';
import { runWorkers } from './workers.mjs';

/** Appends of a client in a process of its own while nothing moves, while one worker moves, and when that is over. */
export async function measureForeground(bench, update) {
  const { foreground: { durationMs, slices, conversations, messages }, timeoutMs } = bench.extent;
  const client = await bench.open('append', { database: 'ours_foreground_client' });
  const slice = async (all) => {
    for (let i = 0; i < slices; i++) all.push(await client.ask({ durationMs }));
  };
  const [quiet, moving] = [[], []];
  update('warming up');
  await client.ask({ durationMs });
  update('nothing moves');
  await slice(quiet);
  update('one worker moves');
  await runWorkers(bench, { name: 'foreground', workers: 1, conversations, messages, timeoutMs }, () => slice(moving));
  update('nothing moves any more');
  await bench.fill.redis.flushall();
  await slice(quiet);
  await client.stop();
  return { quiet: { all: quiet, median: medianOfRuns(quiet) }, moving: { all: moving, median: medianOfRuns(moving) } };
}
