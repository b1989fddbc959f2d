import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CommandError, oneLine, onExit } from '../scripts/command.mjs';
import { createApi } from '../scripts/demo-client.mjs';
import { projectDir, stateDir } from '../scripts/paths.mjs';
import { findFreePort } from '../scripts/processes.mjs';
import { withProgress } from '../scripts/progress.mjs';
import { startServer } from '../scripts/server.mjs';
import { startServices } from '../scripts/services.mjs';

const FAILED = 1;
const dir = join(stateDir, `bench-${process.pid}`);
const logFile = join(dir, 'server.log');

/**
 * Starts PostgreSQL, Redis and the compiled server as they run in production, except that what they keep is removed at the end.
 *
 * @param {Record<string, string>} [env] more settings of the server
 * @returns {Promise<{ url: string, adminKey: string, databaseUrl: string, redisUrl: string }>}
 */
export async function startProduct(env = {}) {
  mkdirSync(dir, { recursive: true });
  onExit((exitCode) => (exitCode === FAILED && existsSync(logFile)) || rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  const services = await withProgress('Starting PostgreSQL and Redis', (onProgress) =>
    startServices({ dataDir: join(dir, 'services'), persistent: false, onProgress }));
  onExit(services.stop);
  const { databaseUrl, redisUrl } = services;
  const adminKey = `bench-${randomUUID()}`;
  const address = { host: '127.0.0.1', port: await findFreePort() };
  const settings = { AUTH_MODE: 'keys', DATABASE_MIGRATE_ON_START: 'true', DATABASE_URL: databaseUrl, LOG_LEVEL: 'warn', NOOBLE_ADMIN_KEY: adminKey, NODE_ENV: 'production', REDIS_URL: redisUrl };
  const server = await withProgress('Starting the server', () => startServer({ address, env: { ...settings, ...env }, logFile }));
  onExit(server.stop);
  return { url: server.url, adminKey, databaseUrl, redisUrl };
}

/**
 * A tenant of the tier enterprise, a key of it, and an agent with the builtin model, which answers without delay.
 *
 * @param {{ url: string, adminKey: string }} product
 * @returns {Promise<{ tenantId: string, key: string, agentId: string }>}
 */
export async function createAgent({ url, adminKey }) {
  const admin = createApi(url, { authorization: `Bearer ${adminKey}` });
  const { tenantId } = await admin('POST', '/api/v1/admin/tenants', { name: 'Bench', tier: 'enterprise' });
  const { key } = await admin('POST', '/api/v1/admin/api-keys', { tenantId, name: 'bench', scopes: ['user', 'agent', 'operator'] });
  const api = createApi(url, { authorization: `Bearer ${key}` });
  const { agentId } = await api('POST', '/api/v1/agents', { name: 'Bench', type: 'conversational', provider: 'builtin', model: 'builtin/chat' });
  return { tenantId, key, agentId };
}

/**
 * Reads counters of the server.
 *
 * @param {string} url base URL
 * @returns {Promise<{ cpuSeconds: number }>} since its start
 */
export async function readMetrics(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name) => Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ').at(-1) ?? 0);
  return { cpuSeconds: value('process_cpu_seconds_total') };
}

/**
 * Runs the measuring; a failure names the server's log.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withServerLog(work) {
  try {
    return await work();
  } catch (error) {
    const log = existsSync(logFile) ? ` (server log: ${relative(projectDir, logFile)})` : '';
    throw new CommandError(oneLine(error) + log);
  }
}
