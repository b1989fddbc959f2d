// Keeps PostgreSQL and Redis running for the process that started it: they stop when its standard input closes,
// which happens even when that process is killed. Runs in its own process group, so Ctrl-C does not reach it.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, oneLine } from './command.mjs';
import { startPostgres } from './postgres.mjs';
import { commandLine, endRecorded } from './processes.mjs';
import { startRedis } from './redis.mjs';

const STOP_TIMEOUT_MS = 15_000;
const config = JSON.parse(process.argv[2]);
const recordFile = join(config.dataDir, 'services.json');
const started = [];
let stopping = null;

async function main() {
  await claimDataDir();
  const [postgres, redis] = await Promise.allSettled([
    config.postgres && startPostgres(config.postgres).then(keep),
    config.redis && startRedis(config.redis).then(keep),
  ]);
  const failed = [postgres, redis].find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  const pids = { host: process.pid, postgres: postgres.value?.pid, redis: redis.value?.pid };
  report({ databaseUrl: postgres.value?.url, redisUrl: redis.value?.url, pids, services: started.map(recorded) });
}

function keep(service) {
  started.push(service);
  record();
  service.exited.then(() => void stop(1));
  return service;
}

/** One host per data folder; what a killed one left running is ended first. */
async function claimDataDir() {
  mkdirSync(config.dataDir, { recursive: true });
  try {
    writeFileSync(recordFile, recordText(), { flag: 'wx', mode: 0o600 });
    return;
  } catch (error) {
    if (error.code !== 'EEXIST') throw new CommandError(`The folder ${config.dataDir} cannot be written: ${error.message}`);
  }
  const previous = readRecord();
  if (previous.host && (await commandLine(previous.host)).includes('services-host')) {
    throw new CommandError(`${config.dataDir} is in use by a running instance (process ${previous.host}): stop it first, or set DATABASE_URL and REDIS_URL.`);
  }
  await Promise.all((previous.services ?? []).map((service) => endRecorded(service, STOP_TIMEOUT_MS)));
  record();
}

function record() {
  writeFileSync(recordFile, recordText(), { mode: 0o600 });
}

function recordText() {
  return JSON.stringify({ host: process.pid, services: started.map(recorded), urls: started.map(({ url }) => url) });
}

/** What a later host, or the starter of this one, needs to end a service when this process was killed. */
function recorded({ pid, mark }) {
  return { pid, mark, signal: 'SIGINT' };
}

function readRecord() {
  try {
    return JSON.parse(readFileSync(recordFile, 'utf8'));
  } catch {
    return {};
  }
}

function report(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function stop(exitCode) {
  stopping ??= Promise.allSettled(started.map((service) => service.stop())).then(() => {
    release();
    process.exit(exitCode);
  });
  return stopping;
}

function release() {
  if (readRecord().host !== process.pid) return;
  rmSync(recordFile, { force: true });
  for (const dir of config.removeDirs) rmSync(dir, { recursive: true, force: true });
}

process.stdin.on('end', () => void stop(0)).on('error', () => void stop(0)).resume();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => void stop(0));
process.stdout.on('error', () => void stop(0));
try {
  await main();
} catch (error) {
  report({ error: oneLine(error) });
  await stop(1);
}
