// PostgreSQL of one test, in a folder that goes with it: begins and is killed by the messages of own-postgres.ts; [folder] is its argument.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { stateDir } from '../../scripts/paths.mjs';
import { startPostgres } from '../../scripts/postgres.mjs';
import { findFreePort } from '../../scripts/processes.mjs';
import { preparePostgres } from '../../scripts/services.mjs';

const TRIES = 40;
const PAUSE_MS = 250;
const ARGS = ['-c', 'max_connections=300', '-c', 'restart_after_crash=on'];

const dataDir = join(stateDir, process.argv[2]);
const place = await preparePostgres(dataDir, () => undefined);
const port = await findFreePort();
let server;

/** What a killed server leaves behind keeps the data locked for a moment. */
async function begin() {
  for (let tries = 1; ; tries++) {
    try {
      server = await startPostgres({ ...place, port, args: ARGS });
      return server.url;
    } catch (error) {
      if (tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** Each backend is a process of its own. */
function childrenOf(pid) {
  const lines = execFileSync('ps', ['-A', '-o', 'ppid=,pid='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => line.trim().split(/\s+/).map(Number)).filter(([parent]) => parent === pid).map(([, child]) => child);
}

function killOne(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function kill() {
  if (!server) return;
  const { pid, exited } = server;
  [pid, ...childrenOf(pid)].forEach(killOne);
  server = undefined;
  await exited;
}

async function remove() {
  await kill();
  for (const dir of new Set([dataDir, place.dir])) rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

const ORDERS = { begin, kill, remove };
let last = Promise.resolve();

async function obey(order) {
  const answer = await ORDERS[order]().then((given) => ({ answer: given }), ({ message }) => ({ error: message }));
  if (process.connected) process.send({ order, ...answer });
}

process.on('message', (order) => {
  last = last.then(() => obey(order));
});
process.on('disconnect', () => void last.then(remove).finally(() => process.exit()));
// Whoever began it says when it ends, or is gone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
