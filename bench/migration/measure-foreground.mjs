import { medianOfRuns } from '../statistics.mjs';
import { runWorkers } from './workers.mjs';

/** Appends of a client in a process of its own while nothing moves, while one worker moves, while PostgreSQL has bare rows inserted and nobody reads Redis, and when all is over. */
export async function measureForeground(bench, update) {
  const { foreground: { durationMs, slices, conversations, messages }, batch, shapes, timeoutMs } = bench.extent;
  const client = await bench.open('append', { database: 'ours_foreground_client' });
  const limits = await bench.open('limits', { database: 'ours_foreground_limits', hasSearch: true, batch });
  const slice = async (all) => {
    for (let i = 0; i < slices; i++) all.push(await client.ask({ durationMs }));
  };
  const cells = { quiet: [], moving: [], inserting: [] };
  update('warming up');
  await client.ask({ durationMs });
  update('nothing moves');
  await slice(cells.quiet);
  update('one worker moves');
  await runWorkers(bench, { name: 'foreground', workers: 1, conversations, messages, timeoutMs }, () => slice(cells.moving));
  await bench.fill.redis.flushall();
  update('bare rows are inserted');
  await besideInserts(limits, shapes.short.slice, () => slice(cells.inserting));
  update('nothing moves any more');
  await slice(cells.quiet);
  await Promise.all([client.stop(), limits.stop()]);
  return Object.fromEntries(Object.entries(cells).map(([cell, all]) => [cell, { all, median: medianOfRuns(all) }]));
}

/** Inserts slices of bare rows, on as many connections as a worker's moves use, until the work is over. */
async function besideInserts(limits, slice, work) {
  let isOver = false;
  const insert = async () => {
    while (!isOver) await limits.ask({ measure: 'unnestTogether', ...slice });
  };
  const inserting = insert();
  try {
    await work();
  } finally {
    isOver = true;
    await inserting;
  }
}
