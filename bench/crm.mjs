import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { Client } from 'undici';
import { CommandError } from '../scripts/command.mjs';
import { createApi } from '../scripts/demo-client.mjs';
import { withProgress } from '../scripts/progress.mjs';
import { loadDatabase } from './crm/load.mjs';
import { questionsOf } from './crm/questions.mjs';
import { report } from './crm/report.mjs';
import { startHelper } from './helper.mjs';
import { openFill } from './migration/product.mjs';
import { othersShare } from './neighbours.mjs';
import { startProduct, withServerLog } from './product.mjs';
import { percentiles } from './statistics.mjs';

const number = (name, otherwise) => Number(process.env[name] ?? otherwise);
const EXTENT = { conversations: number('BENCH_CRM_CONVERSATIONS', 1_000_000), messages: number('BENCH_CRM_MESSAGES', 10), hot: number('BENCH_CRM_HOT', 1_000), rounds: 200, bareMs: 5_000, requests: 5_000 };
const QUICK_EXTENT = { ...EXTENT, conversations: number('BENCH_CRM_CONVERSATIONS', 20_000), hot: number('BENCH_CRM_HOT', 100), rounds: 40, bareMs: 2_000, requests: 1_000 };
const HOT_MESSAGES = 10;
const WARM_UP = 5;
/** A question that takes long is asked for so long, and a few times at least. */
const QUESTION_MS = 10_000;
const AT_LEAST = 3;
/** What PostgreSQL says of a statement that took too long. */
const STATEMENT_TIMEOUT = '57014';

/** Requests a minute: far away, as of a client that behaves. */
const CEILING = 1_000_000;

/**
 * The CRM over a year of conversations: lists, searches, details and statistics over REST, beside bare SQL of the same; and what the guard costs a request.
 *
 * @param {{ isQuick: boolean }} options
 */
export async function run({ isQuick }) {
  const extent = isQuick ? QUICK_EXTENT : EXTENT;
  // What is hot stays where it is.
  const product = await startProduct({ MIGRATION_INTERVAL_SECONDS: '86400' });
  return withServerLog(async () => {
    const admin = createApi(product.url, { authorization: `Bearer ${product.adminKey}` });
    const { tenantId } = await admin('POST', '/api/v1/admin/tenants', { name: 'Bench', tier: 'enterprise' });
    const { key } = await admin('POST', '/api/v1/admin/api-keys', { tenantId, name: 'bench', scopes: ['operator'] });
    const loadedAt = performance.now();
    await withProgress(`Loading ${extent.conversations} conversations`, (update) => loadDatabase({ ...extent, ...product, tenantId }, update));
    await withProgress(`Filling Redis with ${extent.hot}`, () => fillRedis(product, tenantId, extent.hot));
    const loadSeconds = (performance.now() - loadedAt) / 1_000;
    const sql = await openSql(product.databaseUrl, extent.bareMs);
    const others = [await othersShare()];
    const questions = questionsOf(await lookAround(sql, tenantId, extent));
    const cells = await withProgress('Asking', (update) => measure({ ...product, key, tenantId, sql, extent }, questions, update));
    others.push(await othersShare());
    // An enterprise tenant has no ceiling: this one has, so that its requests are counted.
    await admin('PUT', `/api/v1/admin/tenants/${tenantId}/limits`, { apiRequestsPerMinute: CEILING });
    const guard = await withProgress('Asking for nothing', () => measureGuard(product, key, extent));
    others.push(await othersShare());
    const version = (await sql.query('SHOW server_version')).rows[0].server_version;
    const size = (await sql.query("SELECT pg_size_pretty(pg_database_size(current_database())) AS size")).rows[0].size;
    await sql.end();
    return report({ extent, isQuick, cells, guard, others, loadSeconds, version, size });
  });
}

async function fillRedis({ redisUrl }, tenantId, count) {
  const fill = await openFill({ redisUrl });
  // Of most of them PostgreSQL has all, as the moves leave it: every tenth has messages that it lacks.
  for (let i = 0; i < count; i++) await fill.fillOne(tenantId, HOT_MESSAGES, { status: 'active', closedAt: null, archivedSeq: i % 10 === 0 ? 0 : HOT_MESSAGES });
  fill.close();
}

async function openSql(connectionString, statementTimeoutMs) {
  const client = new pg.Client({ connectionString, statement_timeout: statementTimeoutMs });
  // It may outlive the server for a moment.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Whom the questions can name. */
async function lookAround(sql, tenantId, { conversations }) {
  const agents = await sql.query("SELECT DISTINCT agent_id AS id, min(created_at) FROM conversations WHERE tenant_id = $1 AND session_id IN (SELECT 's' || i FROM generate_series(0, 20) AS i) GROUP BY 1 ORDER BY 2", [tenantId]);
  const details = await sql.query('SELECT conversation_id AS id FROM conversations WHERE tenant_id = $1 ORDER BY conversation_id LIMIT 500', [tenantId]);
  const agentIds = Array.from({ length: 20 }, (_, i) => agents.rows[(i + 19) % agents.rows.length].id);
  return { conversations, agentIds, detailIds: details.rows.map(({ id }) => id) };
}

/** One question after the other, one client: what an operator waits for. */
async function measure({ url, key, tenantId, sql, extent }, questions, update) {
  const client = new Client(url);
  const cells = {};
  for (const [name, { title, kind, path, headers, sql: bareSql }] of Object.entries(questions)) {
    update(title);
    const ask = async (n) => {
      const { statusCode, body } = await client.request({ method: 'GET', path: path(n), headers: { authorization: `Bearer ${key}`, ...headers } });
      const text = await body.text();
      if (statusCode !== 200) throw new CommandError(`GET ${path(n)} answered ${statusCode}: ${text.slice(0, 200)}`);
    };
    const bare = async (n) => {
      for (const statement of bareSql(n)) await sql.query(statement, statement.includes('$1') ? [tenantId] : []);
    };
    const ours = await timesOf(ask, extent.rounds, QUESTION_MS);
    cells[name] = { title, kind, ours, hasBare: bareSql(0).length > 0, bare: await bareTimes(bare, extent) };
  }
  await client.close();
  return cells;
}

/** Times of pieces of work: some that do not count, then as many as are wanted or the time is enough for, and a few at least. */
async function timesOf(work, rounds, forMs) {
  const warmUntil = performance.now() + forMs / 4;
  for (let n = 0; n < WARM_UP && performance.now() < warmUntil; n++) await work(n);
  const endAt = performance.now() + forMs;
  const times = [];
  while (times.length < rounds && (times.length < AT_LEAST || performance.now() < endAt)) {
    const at = performance.now();
    await work(WARM_UP + times.length);
    times.push(performance.now() - at);
  }
  return { count: times.length, ...percentiles(times) };
}

/** @returns null when a statement takes longer than `bareMs` */
async function bareTimes(bare, { rounds, bareMs }) {
  try {
    return await timesOf(bare, rounds, bareMs);
  } catch (error) {
    if (error.code === STATEMENT_TIMEOUT) return null;
    throw error;
  }
}

/** The three routes take turns, request by request, so that whatever else the machine does meets all of them. */
async function measureGuard({ databaseUrl, redisUrl, adminKey }, key, { requests }) {
  const environment = { AUTH_MODE: 'keys', DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, NOOBLE_ROLE: 'api', NODE_ENV: 'production', LOG_LEVEL: 'warn', NOOBLE_ADMIN_KEY: adminKey };
  const probe = await startHelper(new URL('crm/probe.process.mjs', import.meta.url), { environment });
  const times = { fastify: [], bare: [], guarded: [] };
  const clients = Object.fromEntries(Object.entries(probe.ready).map(([name, address]) => [name, { client: new Client(new URL(address).origin), path: new URL(address).pathname }]));
  for (let i = -200; i < requests; i++) {
    for (const [name, { client, path }] of Object.entries(clients)) {
      const at = performance.now();
      const { statusCode, body } = await client.request({ method: 'GET', path, headers: { authorization: `Bearer ${key}` } });
      await body.dump();
      if (statusCode !== 200) throw new CommandError(`GET ${path} answered ${statusCode}.`);
      if (i >= 0) times[name].push(performance.now() - at);
    }
  }
  await Promise.all(Object.values(clients).map(({ client }) => client.close()));
  await probe.stop();
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, percentiles(all)]));
}
