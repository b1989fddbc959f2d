import { join } from 'node:path';
import pg from 'pg';
import { Redis } from 'ioredis';
import { CommandError } from '../scripts/command.mjs';
import { stateDir } from '../scripts/paths.mjs';
import { poll } from '../scripts/processes.mjs';
import { withProgress } from '../scripts/progress.mjs';
import { othersShare } from './neighbours.mjs';
import { startProduct, withServerLog } from './product.mjs';
import { medianOfRuns } from './statistics.mjs';
import { SUBJECTS } from './turn/cells.mjs';
import { openCells } from './turn/open-cells.mjs';
import { report } from './turn/report.mjs';

/** After so many turns the memory window of a conversation (50 messages) is full: from then on every turn costs the same. */
const WARM_UP_ROUNDS = 30;
const WARM_UP_MS = 1_000;
/** A guess: after so much full load at once the compiler of V8 has mostly done its work. */
const FULL_LOAD_WARM_UP_MS = 4_000;
/** Before each measure: a server that has had a break has its first turns slower, whatever they are. */
const WARM_AGAIN_MS = 400;
const PERSIST_TIMEOUT_MS = 30_000;
const EXTENT = { runs: 5, durationMs: 2_500 };
const QUICK_EXTENT = { runs: 3, durationMs: 1_000 };

/**
 * Turns of an agent on the running server, and beside them what the machine can do at best and what another server does.
 *
 * @param {{ isQuick: boolean }} options
 */
export async function run({ isQuick }) {
  const extent = isQuick ? QUICK_EXTENT : EXTENT;
  const product = await startProduct();
  return withServerLog(async () => {
    const cells = await withProgress('Opening the clients', () => openCells(product, join(stateDir, `bench-${process.pid}`, 'langgraph')));
    const warmed = await withProgress('Warming up', (update) => warmUp(cells, update));
    const { results, others } = await withProgress('Measuring', (update) => measure(cells, { ...extent, update }));
    const measured = cells.filter(isOurs).flatMap(({ name }) => results[name].all);
    const turns = measured.reduce((sum, { count, unmeasured }) => sum + count + unmeasured, warmed);
    await withProgress('Comparing with PostgreSQL', () => checkPersisted(product, turns));
    return report({ extent, turns, results, others, versions: await readVersions(product), isQuick });
  });
}

/** @returns turns of ours */
async function warmUp(cells, update) {
  let turns = 0;
  const warm = async (cell, extent) => {
    update(cell.name);
    const { count } = await cell.ask(extent);
    if (isOurs(cell)) turns += count;
  };
  for (const cell of cells) await warm(cell, isOurs(cell) ? { rounds: WARM_UP_ROUNDS } : { durationMs: WARM_UP_MS, ...SUBJECTS[cell.subject].extent });
  // The one-client conversations have little work to warm the server with; a full load has.
  await warm(cells.find(({ name }) => name === 'sse64'), { durationMs: FULL_LOAD_WARM_UP_MS });
  return turns;
}

/** The runs of the cells take turns, so that whatever else the machine does meets all of them. */
async function measure(cells, { runs, durationMs, update }) {
  const results = Object.fromEntries(cells.map(({ name }) => [name, { all: [] }]));
  const others = [];
  for (let run = 1; run <= runs; run++) {
    others.push(await othersShare());
    for (const cell of cells) {
      update(`run ${run} of ${runs}: ${cell.name}`);
      results[cell.name].all.push(await measureCell(cell, durationMs));
    }
  }
  for (const result of Object.values(results)) result.median = medianOfRuns(result.all);
  return { results, others };
}

async function measureCell({ subject, ask, cpuSeconds }, durationMs) {
  const { extent } = SUBJECTS[subject];
  const { count: unmeasured } = await ask({ durationMs: WARM_AGAIN_MS, ...extent });
  const before = await cpuSeconds();
  const measured = await ask({ durationMs, ...extent });
  return { ...measured, unmeasured, serverCpuMs: (((await cpuSeconds()) - before) * 1000) / measured.count };
}

function isOurs({ subject }) {
  return SUBJECTS[subject].server === 'ours';
}

/** Every turn must be in PostgreSQL, completed: what is fast because it is not written does not count. */
async function checkPersisted({ databaseUrl }, turns) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const completed = async () => Number((await client.query(`SELECT count(*) FROM executions JOIN execution_events USING (tenant_id, execution_id) WHERE status = 'completed'`)).rows[0].count);
    await poll(async () => (await completed()) >= turns, PERSIST_TIMEOUT_MS);
    const found = await completed();
    if (found !== turns) throw new CommandError(`PostgreSQL has ${found} completed executions of ${turns} turns.`);
  } finally {
    await client.end();
  }
}

async function readVersions({ databaseUrl, redisUrl }) {
  const client = new pg.Client({ connectionString: databaseUrl });
  const redis = new Redis(redisUrl);
  try {
    await client.connect();
    const { rows } = await client.query('SHOW server_version');
    const [, redisVersion] = /redis_version:(\S+)/.exec(await redis.info('server')) ?? [];
    return { postgres: rows[0].server_version, redis: redisVersion };
  } finally {
    redis.disconnect();
    await client.end();
  }
}
