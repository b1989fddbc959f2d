import { execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CommandError, onExit } from './command.mjs';

const run = promisify(execFile);
const POLL_INTERVAL_MS = 25;
/** Below the ports of outgoing connections: from 32768 on Linux, from 49152 elsewhere. */
const [FIRST_PORT, LAST_PORT] = [20_000, 32_000];
const CHILD_STOP_TIMEOUT_MS = 20_000;

/**
 * Runs a program to its end and collects what it prints.
 *
 * @param {string} program name or path
 * @param {string[]} args its arguments
 * @param {import('node:child_process').SpawnOptions & { onLine?: (line: string) => void }} [options] `onLine` sees each line
 * @returns {Promise<{ code: number, output: string }>} `code` is 1 when a signal ended it
 */
export function runToEnd(program, args, { onLine, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        output += chunk;
        if (onLine) chunk.split('\n').filter(Boolean).forEach(onLine);
      });
    }
    child.on('error', (error) => reject(new CommandError(`${program} could not be started: ${error.message}`)));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/**
 * Waits for a child that shares this process's terminal, and ends it when this command is interrupted.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>} its exit code; 1 when a signal ended it
 */
export function waitForChild(child) {
  onExit(() => endChild(child, { timeoutMs: CHILD_STOP_TIMEOUT_MS }));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new CommandError(`${child.spawnfile} could not be started: ${error.message}`)));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/**
 * Finds a program on the PATH.
 *
 * @param {string} name file name
 * @returns {string | undefined} its full path
 */
export function findProgram(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * A TCP port of the loopback address that is free now.
 * A system hands none of these out by itself: nobody is given it before its server has taken it, nor while that is started again.
 *
 * @returns {Promise<number>}
 */
export async function findFreePort() {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if ((await listenFailure('127.0.0.1', port)) === undefined) return port;
  }
}

/**
 * Tells why an address cannot be listened on.
 *
 * @param {string} host address
 * @param {number} port TCP port
 * @returns {Promise<string | undefined>} an error code such as EADDRINUSE, or nothing when it can
 */
export function listenFailure(host, port) {
  return new Promise((resolve) => {
    const server = createServer().once('error', (error) => resolve(error.code));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

/**
 * Tells whether something accepts TCP connections at an address.
 *
 * @param {string} host address or name
 * @param {number} port TCP port
 * @param {number} [timeoutMs] how long to wait for it
 * @returns {Promise<boolean>}
 */
export function acceptsConnections(host, port, timeoutMs = 5_000) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const answer = (value) => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false)).once('timeout', () => answer(false));
  });
}

/**
 * The command line of a running process: what tells a recorded process from a later one with the same id.
 *
 * @param {number} pid process id
 * @returns {Promise<string>} empty when there is none
 */
export async function commandLine(pid) {
  if (existsSync('/proc/self/cmdline')) {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    } catch {
      return '';
    }
  }
  return run('ps', ['-p', String(pid), '-o', 'command=']).then(({ stdout }) => stdout.trim(), () => '');
}

/**
 * Ends a child: a signal first, SIGKILL when it does not end in time.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {{ signal?: NodeJS.Signals, timeoutMs: number }} options
 * @returns {Promise<void>} resolves when it has ended
 */
export async function endChild(child, { signal = 'SIGTERM', timeoutMs }) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  await ended;
  clearTimeout(timer);
}

/**
 * Ends a process that is not a child of this one, if its command line still says what was recorded.
 *
 * @param {{ pid: number, mark: string, signal: NodeJS.Signals }} recorded `mark` is part of its command line
 * @param {number} timeoutMs then SIGKILL
 */
export async function endRecorded({ pid, mark, signal }, timeoutMs) {
  const isRunning = async () => (await commandLine(pid)).includes(mark);
  if (!(await isRunning())) return;
  process.kill(pid, signal);
  const ended = await poll(async () => !(await isRunning()), timeoutMs);
  if (!ended && (await isRunning())) process.kill(pid, 'SIGKILL');
}

/**
 * Asks until the answer is yes.
 *
 * @param {() => Promise<boolean> | boolean} question
 * @param {number} timeoutMs when to give up
 * @returns {Promise<boolean>} false after the timeout
 */
export async function poll(question, timeoutMs) {
  const deadline = Date.now() + timeoutMs;
  while (!(await question())) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_INTERVAL_MS);
  }
  return true;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
