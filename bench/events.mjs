import pg from 'pg';
import { Redis } from 'ioredis';
import { CommandError } from '../scripts/command.mjs';
import { createApi } from '../scripts/demo-client.mjs';
import { poll } from '../scripts/processes.mjs';
import { withProgress } from '../scripts/progress.mjs';
import { report } from './events/report.mjs';
import { startHelper } from './helper.mjs';
import { othersShare } from './neighbours.mjs';
import { createAgent, startProduct, withServerLog } from './product.mjs';
import { medianOfRuns } from './statistics.mjs';

/** A word a millisecond, about two of them an event: a long log that is written in a reasonable time. */
const EXTENT = { runs: 5, words: 20_000, sockets: 1_000, liveWords: 200 };
const QUICK_EXTENT = { runs: 3, words: 4_000, sockets: 1_000, liveWords: 60 };
const LIVE_DELAY_MS = 50;
const RUN_TIMEOUT_MS = 120_000;
const WARM_UP_REPLAYS = 3;

/**
 * The events of runs: how fast a long log is replayed, and how late they come to many sockets.
 *
 * @param {{ isQuick: boolean }} options
 */
export async function run({ isQuick }) {
  const extent = isQuick ? QUICK_EXTENT : EXTENT;
  const product = await startProduct({ EXECUTION_DELTA_INTERVAL_MS: '0' });
  return withServerLog(async () => {
    const tenant = await createAgent(product);
    const api = createApi(product.url, { authorization: `Bearer ${tenant.key}` });
    const long = await withProgress('Writing a long log', () => runToEnd(api, { ...product, tenantId: tenant.tenantId }, `@tokens ${extent.words}\n@delay 1`));
    const replays = await measureReplays({ ...product, ...tenant, ...long }, extent);
    const delivery = await measureDelivery({ ...product, ...tenant, api }, extent);
    return report({ extent, isQuick, events: long.events, ...replays, ...delivery, liveDelayMs: LIVE_DELAY_MS, versions: await readVersions(product) });
  });
}

/** @returns {Promise<{ executionId: string, events: number }>} once PostgreSQL has its events */
async function runToEnd(api, { databaseUrl }, prompt) {
  const executionId = await start(api, prompt);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const stored = async () => Number((await client.query('SELECT coalesce(sum(jsonb_array_length(events)), 0) AS events FROM execution_events WHERE execution_id = $1', [executionId])).rows[0].events);
    await poll(async () => (await stored()) > 0, RUN_TIMEOUT_MS);
    return { executionId, events: await stored() };
  } finally {
    await client.end();
  }
}

async function start(api, systemPrompt) {
  const { agentId } = await api('POST', '/api/v1/agents', { name: 'Bench', type: 'conversational', provider: 'builtin', model: 'builtin/chat', systemPrompt });
  return (await api('POST', `/api/v1/agents/${agentId}/executions`, { message: 'Go on.' })).executionId;
}

/** From Redis first; then the log is taken out of it, and PostgreSQL alone has it. */
async function measureReplays({ url, key, redisUrl, tenantId, executionId, events }, { runs }) {
  const state = `nb:{${tenantId}}:exec:${executionId}`;
  const helper = (name, options) => startHelper(new URL(`events/${name}.process.mjs`, import.meta.url), options);
  const limit = await helper('limit', { redisUrl, key: `${state}:events` });
  const clients = { socket: await helper('replay', { kind: 'socket', url, key, executionId }), sse: await helper('replay', { kind: 'sse', url, key, executionId }) };
  const hot = await withProgress('Replaying from Redis', () => takeTurns({ limit, ...clients }, { runs, events }));
  const redis = new Redis(redisUrl);
  await redis.del(state, `${state}:events`);
  redis.disconnect();
  const cold = await withProgress('Replaying from PostgreSQL', () => takeTurns(clients, { runs, events }));
  await Promise.all([limit, ...Object.values(clients)].map(({ stop }) => stop()));
  return { hot: hot.rates, cold: cold.rates, others: [...hot.others, ...cold.others] };
}

/** The readers take turns, so that whatever else the machine does meets all of them. */
async function takeTurns(readers, { runs, events }) {
  const rates = Object.fromEntries(Object.keys(readers).map((name) => [name, []]));
  const others = [];
  for (let run = 1 - WARM_UP_REPLAYS; run <= runs; run++) {
    if (run > 0) others.push(await othersShare());
    for (const [name, { ask }] of Object.entries(readers)) {
      const { count, durationMs } = await ask({});
      if (count !== events) throw new CommandError(`A replay (${name}) had ${count} events of ${events}.`);
      if (run > 0) rates[name].push((count / durationMs) * 1_000);
    }
  }
  return { rates, others };
}

async function measureDelivery({ url, key, api }, { runs, sockets, liveWords }) {
  const audience = await withProgress(`Opening ${sockets} sockets`, () => startHelper(new URL('events/audience.process.mjs', import.meta.url), { url, key, sockets }));
  const all = [];
  await withProgress('Following a live run', async (update) => {
    for (let run = 0; run <= runs; run++) {
      update(run === 0 ? 'warm-up' : `run ${run} of ${runs}`);
      const answer = await audience.ask({ executionId: await start(api, `@think 1000\n@tokens ${liveWords}\n@delay ${LIVE_DELAY_MS}`) });
      if (run > 0) all.push(answer);
    }
  });
  await audience.stop();
  return { delivery: { ...medianOfRuns(all), all: all.map(({ times }) => times.p99) } };
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
