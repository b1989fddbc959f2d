import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CommandError } from './command.mjs';
import { projectDir, stateDir } from './paths.mjs';
import { canReach, copyPrograms, findPostgresPrograms, postgresOwner } from './postgres.mjs';
import { acceptsConnections, endChild, endRecorded } from './processes.mjs';
import { findRedisProgram, installRedis } from './redis.mjs';

const STOP_TIMEOUT_MS = 40_000;
const SHARED_DIR = '/var/tmp';

/** Where `npm start`, `npm run dev`, `npm run migrate` and `npm run nooble` keep their data. */
export const devDataDir = join(stateDir, 'dev');

/**
 * Brings up PostgreSQL and Redis on loopback, on free ports; DATABASE_URL and REDIS_URL are used instead where they are set.
 * What was started stops with `stop()`, and also when this process ends in any way.
 *
 * @param {object} options
 * @param {string} options.dataDir folder for their data; one running instance at a time
 * @param {boolean} options.persistent false removes `dataDir` when they stop
 * @param {string[]} [options.redisArgs] more arguments for redis-server, such as `['--appendfsync', 'always']`
 * @param {string[]} [options.postgresArgs] more arguments for postgres, such as `['-c', 'fsync=off']`
 * @param {boolean} [options.restarts] a service that ends by itself is started again; otherwise all of them stop
 * @param {(text: string) => void} [options.onProgress] what is going on
 * @returns {Promise<{ databaseUrl: string, redisUrl: string, pids: { host?: number, postgres?: number, redis?: number }, stop: () => Promise<void>, ended: Promise<void> }>} `ended` resolves when they are gone
 * @throws {CommandError} with one line that says what to do
 */
export async function startServices({ dataDir, persistent, redisArgs = [], postgresArgs = [], restarts, onProgress = () => undefined }) {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = process.env;
  await Promise.all([checkUrl('DATABASE_URL', databaseUrl, 5432), checkUrl('REDIS_URL', redisUrl, 6379)]);
  if (databaseUrl && redisUrl) return { databaseUrl, redisUrl, pids: {}, stop: async () => undefined, ended: new Promise(() => undefined) };
  const dir = resolve(dataDir);
  const redis = redisUrl ? undefined : { ...(await prepareRedis(dir, onProgress)), args: redisArgs };
  const postgres = databaseUrl ? undefined : { ...(await preparePostgres(dir, onProgress)), args: postgresArgs };
  onProgress('starting');
  const removeDirs = persistent ? [] : [dir, postgres?.dir].filter(Boolean);
  const started = await startHost({ dataDir: dir, removeDirs, redis, postgres, restarts });
  const given = Object.fromEntries(Object.entries({ databaseUrl, redisUrl }).filter(([, url]) => url));
  return { ...started, ...given };
}

async function checkUrl(name, value, defaultPort) {
  if (!value) return;
  const url = URL.parse(value);
  if (!url) throw new CommandError(`${name} is not a URL.`);
  const port = Number(url.port || defaultPort);
  if (!url.hostname || (await acceptsConnections(url.hostname.replace(/^\[|\]$/g, ''), port))) return;
  throw new CommandError(`${name} names ${url.hostname}:${port}, where nothing accepts connections: start it, or unset ${name}.`);
}

async function prepareRedis(dataDir, onProgress) {
  const dir = join(dataDir, 'redis');
  const found = findRedisProgram();
  if (found) return { dir, program: found };
  onProgress('installing Redis');
  return { dir, program: await installRedis((line) => onProgress(`installing Redis: ${line}`)) };
}

/**
 * Finds where PostgreSQL can run. As root, it runs as another account: where that account cannot enter the checkout, programs and data go to a shared folder.
 *
 * @param {string} dataDir folder for its data, below `stateDir`
 * @param {(text: string) => void} onProgress what is going on
 * @returns {Promise<{ dir: string, binDir: string, owner?: { uid: number, gid: number } }>} for `startPostgres`
 */
export async function preparePostgres(dataDir, onProgress) {
  const binDir = await findPostgresPrograms();
  const dir = join(dataDir, 'postgres');
  mkdirSync(dir, { recursive: true });
  const owner = await postgresOwner();
  if (!owner) return { dir, binDir };
  if (canReach(dir, owner) && canReach(join(binDir, 'postgres'), owner)) return { dir, binDir, owner };
  const shared = sharedDir();
  onProgress(`PostgreSQL in ${shared}, as its account cannot enter ${projectDir}`);
  const sharedData = join(shared, relative(stateDir, dataDir).replaceAll(/[^\w-]+/g, '_'));
  mkdirSync(sharedData, { recursive: true });
  chmodSync(sharedData, 0o755);
  return { dir: sharedData, binDir: await copyPrograms(binDir, shared), owner };
}

function sharedDir() {
  const checkout = createHash('sha256').update(projectDir).digest('hex').slice(0, 12);
  const dir = join(SHARED_DIR, `nooble-${checkout}`);
  mkdirSync(dir, { recursive: true });
  if (lstatSync(dir).uid !== 0 || !lstatSync(dir).isDirectory()) throw new CommandError(`${dir} belongs to another user: remove it, or set DATABASE_URL.`);
  chmodSync(dir, 0o755);
  return dir;
}

async function startHost(config) {
  const script = fileURLToPath(new URL('services-host.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(config)], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined);
  const ended = new Promise((resolve) => child.once('exit', () => resolve()));
  const message = await firstMessage(child);
  const stop = async () => {
    child.ref();
    child.stdin.end();
    await endChild(child, { timeoutMs: STOP_TIMEOUT_MS });
    await Promise.all((readRecord(config.dataDir).services ?? message.services ?? []).map((service) => endRecorded(service, STOP_TIMEOUT_MS)));
  };
  if (message.error) {
    await stop();
    throw new CommandError(message.error);
  }
  for (const handle of [child, child.stdin, child.stdout]) handle.unref();
  const { databaseUrl, redisUrl, pids } = message;
  return { databaseUrl, redisUrl, pids, stop, ended };
}

/** What the host last wrote down; nothing once it has ended in order. */
function readRecord(dataDir) {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'services.json'), 'utf8'));
  } catch {
    return {};
  }
}

function firstMessage(child) {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new CommandError(`The services could not be started: ${error.message}`)));
    child.once('exit', () => reject(new CommandError('The services ended while they were starting.')));
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
  });
}
