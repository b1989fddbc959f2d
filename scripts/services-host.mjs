// Keeps PostgreSQL and Redis running for the process that started it: they stop when its standard input closes,
// which happens even when that process is killed. Runs in its own process group, so Ctrl-C does not reach it.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, oneLine } from './command.mjs';
import { startPostgres } from './postgres.mjs';
import { commandLine, endRecorded } from './processes.mjs';
import { startRedis } from './redis.mjs';

const STOP_TIMEOUT_MS = 15_000;
/** A service that has ended this often within a minute is given up. */
const MAX_ENDS = 3;
const MINUTE_MS = 60_000;
/** What is left of a killed PostgreSQL may be in the way of the next one for a moment. */
const START_TRIES = 10;
const START_PAUSE_MS = 1_000;
const config = JSON.parse(process.argv[2]);
const recordFile = join(config.dataDir, 'services.json');
const started = [];
/** Services that are being started again; none may outlive this process. */
const restarting = new Set();
let stopping = null;

async function main() {
  await claimDataDir();
  const [postgres, redis] = await Promise.allSettled([
    config.postgres && startPostgres(config.postgres).then((service) => keep('PostgreSQL', service, (port) => startPostgres({ ...config.postgres, port }))),
    config.redis && startRedis(config.redis).then((service) => keep('Redis', service, (port) => startRedis({ ...config.redis, port }))),
  ]);
  const failed = [postgres, redis].find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  const pids = { host: process.pid, postgres: postgres.value?.pid, redis: redis.value?.pid };
  report({ databaseUrl: postgres.value?.url, redisUrl: redis.value?.url, pids, services: started.map(recorded) });
}

function keep(name, service, startAgain, ends = []) {
  started.push(service);
  record();
  service.exited.then(() => void onEnd(name, service, startAgain, ends));
  return service;
}

/** A service that ends by itself takes the host along, or is started again on its port, with its data. */
async function onEnd(name, service, startAgain, ends) {
  if (stopping) return;
  started.splice(started.indexOf(service), 1);
  const recent = [...ends.filter((at) => at > Date.now() - MINUTE_MS), Date.now()];
  if (!config.restarts) return stop(1);
  if (recent.length >= MAX_ENDS) return giveUp(`${name} has ended ${recent.length} times within a minute`);
  say(`${name} (process ${service.pid}) has ended; it is started again with its data.`);
  try {
    const again = await restart(startAgain, Number(new URL(service.url).port));
    keep(name, again, startAgain, recent);
    say(`${name} is back (process ${again.pid}).`);
  } catch (error) {
    if (!stopping) await giveUp(`${name} could not be started again: ${oneLine(error)}`);
  }
}

async function restart(startAgain, port) {
  const trying = tryToStart(startAgain, port);
  restarting.add(trying);
  return trying.finally(() => restarting.delete(trying));
}

async function tryToStart(startAgain, port) {
  for (let tries = 1; ; tries++) {
    try {
      return await startAgain(port);
    } catch (error) {
      if (stopping || tries === START_TRIES) throw error;
      await sleep(START_PAUSE_MS);
    }
  }
}

function giveUp(reason) {
  say(`${reason}. Its data is kept.`);
  return stop(1);
}

/** To the terminal of whoever started this. */
function say(sentence) {
  process.stderr.write(`nooble: ${sentence}\n`);
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

async function stopAll() {
  const late = await Promise.allSettled(restarting);
  const services = [...started, ...late.flatMap(({ value }) => value ?? [])];
  await Promise.allSettled(services.map((service) => service.stop()));
}

function stop(exitCode) {
  stopping ??= stopAll().then(() => {
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
