import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { CommandError } from './command.mjs';
import { endChild, findFreePort, findProgram, poll, runToEnd } from './processes.mjs';

const PROGRAMS = ['redis-server', 'valkey-server'];
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const MISSING = 'Redis is missing: neither redis-server nor valkey-server is on the PATH. '
  + 'Ways out: install one (such as "apt install redis-server" or "brew install redis"); '
  + 'or set REDIS_URL to a running one; or run as root or with password-less sudo on a system with apt, dnf, apk or brew, and it is installed for you.';

const apt = { program: 'apt-get', needsRoot: true, env: { DEBIAN_FRONTEND: 'noninteractive' } };
const INSTALLERS = [
  { ...apt, steps: [['update', '-q'], ['install', '-q', '-y', '--no-install-recommends', 'redis-server']], startsService: true },
  { program: 'dnf', needsRoot: true, steps: [['install', '-y', 'valkey']] },
  { program: 'dnf', needsRoot: true, steps: [['install', '-y', 'redis']] },
  { program: 'apk', needsRoot: true, steps: [['add', '--no-cache', 'redis']] },
  { program: 'brew', needsRoot: false, steps: [['install', 'redis']] },
];

/**
 * Finds the Redis server program.
 *
 * @returns {string | undefined} its path
 */
export function findRedisProgram() {
  return PROGRAMS.map(findProgram).find(Boolean);
}

/**
 * Installs Redis with the system's package manager.
 *
 * @param {(text: string) => void} onProgress sees each line that the package manager prints
 * @returns {Promise<string>} the path of the server program
 * @throws {CommandError} with the ways out, when it cannot be installed
 */
export async function installRedis(onProgress) {
  for (const installer of INSTALLERS.filter(({ program }) => findProgram(program))) {
    const prefix = installer.needsRoot ? await rootPrefix() : [];
    if (!prefix || !(await runInstaller(installer, prefix, onProgress))) continue;
    const program = findRedisProgram();
    if (program) return program;
  }
  throw new CommandError(MISSING);
}

/**
 * Starts a Redis server on a loopback port, with its data in `dir`.
 *
 * @param {{ program: string, dir: string, args: string[], port?: number }} options `args` are added to the server's, `port` is free (default: any)
 * @returns {Promise<{ url: string, pid: number, mark: string, stop: () => Promise<void>, exited: Promise<void> }>}
 */
export async function startRedis({ program, dir, args, port: wanted }) {
  mkdirSync(dir, { recursive: true });
  const port = wanted ?? (await findFreePort());
  const address = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--databases', '64'];
  const durability = ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction', '--save', ''];
  const child = spawn(program, [...address, ...durability, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let lastLine = 'it said nothing';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => { lastLine = chunk.trim().split('\n').at(-1) || lastLine; });
  }
  const ended = Promise.withResolvers();
  child.once('exit', ended.resolve).once('error', (error) => {
    lastLine = error.message;
    ended.resolve();
  });
  let hasEnded = false;
  ended.promise.then(() => { hasEnded = true; });
  await poll(async () => hasEnded || (await answersPing(port)), START_TIMEOUT_MS);
  const stop = () => endChild(child, { timeoutMs: STOP_TIMEOUT_MS });
  if (hasEnded || !(await answersPing(port))) {
    await (hasEnded || stop());
    throw new CommandError(`Redis did not start: ${lastLine}`);
  }
  return { url: `redis://127.0.0.1:${port}`, pid: child.pid, mark: `127.0.0.1:${port}`, stop, exited: ended.promise };
}

/** The words to put before a command to run it as root; nothing when that is not possible without a password. */
async function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  if (!findProgram('sudo')) return undefined;
  const { code } = await runToEnd('sudo', ['-n', 'true']);
  return code === 0 ? ['sudo', '-n'] : undefined;
}

async function runInstaller({ program, steps, env, startsService }, prefix, onProgress) {
  for (const step of steps) {
    const assignments = Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`);
    const [first, ...rest] = [...prefix, 'env', ...assignments, program, ...step];
    const { code } = await runToEnd(first, rest, { onLine: onProgress });
    if (code !== 0 && step[0] !== 'update') return false;
  }
  if (startsService) await stopSystemService(prefix);
  return true;
}

/** Debian's package starts a server of its own, which nobody asked for. */
async function stopSystemService(prefix) {
  if (!existsSync('/run/systemd/system')) return;
  const [first, ...rest] = [...prefix, 'systemctl', 'disable', '--now', 'redis-server'];
  await runToEnd(first, rest);
}

async function answersPing(port) {
  const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
  socket.on('timeout', () => socket.destroy(new Error('no answer')));
  try {
    socket.write('PING\r\n');
    const [reply] = await once(socket, 'data');
    return reply.toString().startsWith('+PONG');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
