import pg from 'pg';
import { Redis } from 'ioredis';
import { CommandError } from '../scripts/command.mjs';
import { poll } from '../scripts/processes.mjs';
import { withProgress } from '../scripts/progress.mjs';
import { startHelper } from './helper.mjs';
import { othersShare } from './neighbours.mjs';
import { createAgent, readMetrics, startProduct, withServerLog } from './product.mjs';
import { medianOfRuns } from './statistics.mjs';
import { report } from './turn/report.mjs';

/** After so many turns the memory window of a conversation (50 messages) is full: from then on every turn costs the same. */
const WARM_UP_ROUNDS = 30;
const WARM_UP_MS = 1_000;
/** A guess: after so much full load at once the compiler of V8 has mostly done its work. */
const FULL_LOAD_WARM_UP_MS = 5_000;
const PERSIST_TIMEOUT_MS = 30_000;
const EXTENT = { runs: 5, durationMs: 6_000 };
const QUICK_EXTENT = { runs: 3, durationMs: 1_500 };

/**
 * Turns of an agent on the running server, and beside them what the machine can do at best.
 *
 * @param {{ isQuick: boolean }} options
 */
export async function run({ isQuick }) {
  const { runs, durationMs } = isQuick ? QUICK_EXTENT : EXTENT;
  const product = await startProduct();
  return withServerLog(async () => {
    const cells = await withProgress('Opening the clients', () => openCells(product));
    await withProgress('Warming up', (update) => warmUp(cells, update));
    const { measured, others } = await withProgress('Measuring', (update) => measure(cells, { runs, durationMs, update }));
    const persisted = await withProgress('Comparing with PostgreSQL', () => checkPersisted(product, cells));
    return report({ runs, durationMs, persisted, measured, others, versions: await readVersions(product) });
  });
}

/** Every combination of what is measured and how many clients there are. */
async function openCells(product) {
  const agent = await createAgent(product);
  const turns = { url: product.url, key: agent.key, agentId: agent.agentId };
  const route = await startHelper(new URL('turn/route.process.mjs', import.meta.url), { redisUrl: product.redisUrl });
  const jobs = await startHelper(new URL('turn/job.process.mjs', import.meta.url), { redisUrl: product.redisUrl });
  const load = async (name, options) => {
    const helper = await startHelper(new URL('turn/load.process.mjs', import.meta.url), options);
    return { name, clients: options.clients, isTurn: options.kind !== 'route', url: product.url, count: 0, ask: helper.ask };
  };
  const job = (clients) => ({ name: `job${clients}`, clients, isTurn: false, url: product.url, count: 0, ask: (extent) => jobs.ask({ clients, ...extent }) });
  return [
    await load('socket1', { kind: 'socket', clients: 1, ...turns }),
    await load('socket50', { kind: 'socket', clients: 50, ...turns }),
    await load('sse1', { kind: 'sse', clients: 1, ...turns }),
    await load('route1', { kind: 'route', clients: 1, url: route.ready }),
    await load('route50', { kind: 'route', clients: 50, url: route.ready }),
    job(1),
    job(50),
  ];
}

async function warmUp(cells, update) {
  for (const cell of cells) {
    update(cell.name);
    const { count } = await cell.ask(cell.isTurn ? { rounds: WARM_UP_ROUNDS } : { durationMs: WARM_UP_MS });
    cell.count += count;
  }
  // The one-client conversations have little work to warm the server with; a full load has.
  const busiest = cells.find(({ name }) => name === 'socket50');
  busiest.count += (await busiest.ask({ durationMs: FULL_LOAD_WARM_UP_MS })).count;
}

/** The runs of the cells take turns, so that whatever else the machine does meets all of them. */
async function measure(cells, { runs, durationMs, update }) {
  const results = new Map(cells.map(({ name }) => [name, []]));
  const others = [];
  for (let run = 1; run <= runs; run++) {
    others.push(await othersShare());
    for (const cell of cells) {
      update(`run ${run} of ${runs}: ${cell.name}`);
      results.get(cell.name).push(await measureCell(cell, durationMs));
    }
  }
  const measured = Object.fromEntries([...results].map(([name, all]) => [name, { ...medianOfRuns(all), spread: all.map(({ perSecond }) => perSecond) }]));
  return { measured, others };
}

async function measureCell(cell, durationMs) {
  const before = await readMetrics(cell.url);
  const { count, perSecond, times } = await cell.ask({ durationMs });
  const after = await readMetrics(cell.url);
  cell.count += count;
  return { perSecond, times, serverCpuMs: ((after.cpuSeconds - before.cpuSeconds) * 1000) / count };
}

/** Every turn must be in PostgreSQL, completed: what is fast because it is not written does not count. */
async function checkPersisted({ databaseUrl }, cells) {
  const turns = cells.filter(({ isTurn }) => isTurn).reduce((sum, { count }) => sum + count, 0);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const completed = async () => Number((await client.query(`SELECT count(*) FROM executions WHERE status = 'completed'`)).rows[0].count);
    await poll(async () => (await completed()) >= turns, PERSIST_TIMEOUT_MS);
    const found = await completed();
    if (found !== turns) throw new CommandError(`PostgreSQL has ${found} completed executions of ${turns} turns.`);
    return turns;
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
