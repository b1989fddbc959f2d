import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CommandError } from './command.mjs';
import { projectDir } from './paths.mjs';
import { endChild, listenFailure } from './processes.mjs';

const READY_TIMEOUT_MS = 60_000;
const READY_INTERVAL_MS = 100;
const REQUEST_TIMEOUT_MS = 5_000;
const STOP_TIMEOUT_MS = 25_000;
const ERROR_LEVEL = 50;

/** The arguments of Node that run the compiled server. */
export const serverArgs = ['--enable-source-maps', join(projectDir, 'dist', 'main.js')];

/**
 * Where the server is to listen, from HOST and PORT; checks that it can.
 *
 * @returns {Promise<{ host: string, port: number }>} default 127.0.0.1:3000
 */
export async function listenAddress() {
  const host = process.env.HOST || '127.0.0.1';
  const port = Number(process.env.PORT || 3000);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new CommandError(`PORT must be a number from 1 to 65535, not "${process.env.PORT}".`);
  const failure = await listenFailure(host, port);
  if (failure === 'EADDRINUSE') throw new CommandError(`Port ${port} on ${host} is in use: stop the program that uses it, or set PORT to another.`);
  if (failure) throw new CommandError(`The server cannot listen on ${host}:${port} (${failure}): set HOST and PORT to an address of this machine.`);
  return { host, port };
}

/**
 * Starts the server; it stops when this process ends in any way.
 *
 * @param {object} options
 * @param {{ host: string, port: number }} options.address where it listens
 * @param {Record<string, string>} options.env added to the environment
 * @param {string} [options.logFile] takes its output; else it goes to this process's
 * @param {string[]} [options.args] arguments of Node; default: the compiled server
 * @returns {{ url: string, exitCode: () => number | undefined, exited: Promise<number>, stop: () => Promise<void> }}
 */
export function runServer({ address, env, logFile, args = serverArgs }) {
  const output = logFile ? openSync(logFile, 'a') : 'inherit';
  const guard = fileURLToPath(new URL('guard.mjs', import.meta.url));
  const child = spawn(process.execPath, [guard, process.execPath, ...args], {
    cwd: projectDir,
    detached: true,
    env: { ...process.env, HOST: address.host, PORT: String(address.port), ...env },
    stdio: ['pipe', output, output],
  });
  if (logFile) closeSync(output);
  child.stdin.on('error', () => undefined);
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal])));
  const stop = () => {
    child.stdin.end();
    return endChild(child, { timeoutMs: STOP_TIMEOUT_MS });
  };
  return { url: urlOf(address), exitCode: () => child.exitCode ?? (child.signalCode === null ? undefined : 128 + constants.signals[child.signalCode]), exited, stop };
}

/**
 * Starts the server with its output in a file and waits until it is ready.
 *
 * @param {Parameters<typeof runServer>[0] & { logFile: string }} options as of `runServer`
 * @returns {Promise<ReturnType<typeof runServer>>}
 * @throws {CommandError} with its last words, when it ends before
 */
export async function startServer(options) {
  const server = runServer(options);
  const failure = await untilReady(server);
  if (!failure) return server;
  await server.stop();
  throw new CommandError(`${failure}: ${lastWords(options.logFile)}`);
}

/**
 * The address at which a client on this machine reaches the server.
 *
 * @param {{ host: string, port: number }} address where it listens
 * @returns {string} an http URL
 */
export function urlOf({ host, port }) {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? (host.includes(':') ? `[${host}]` : host);
  return `http://${reachable}:${port}`;
}

/**
 * Waits until GET /health/ready answers 200.
 *
 * @param {ReturnType<typeof runServer>} server
 * @param {number} [timeoutMs] when to give up
 * @returns {Promise<string | undefined>} why it did not become ready
 */
export async function untilReady(server, timeoutMs = READY_TIMEOUT_MS) {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (server.exitCode() !== undefined) return `${endingOf(server.exitCode())} while it was starting`;
    if (await isReady(server.url)) return undefined;
    await sleep(READY_INTERVAL_MS);
  }
  return `The server was not ready after ${timeoutMs / 1000} s`;
}

/**
 * How the server ended, as the beginning of a sentence.
 *
 * @param {number} code its exit code; 128 + its number after a signal
 * @returns {string}
 */
export function endingOf(code) {
  const [signal] = Object.entries(constants.signals).find(([, number]) => number === code - 128) ?? [];
  return signal === undefined ? `The server ended with code ${code}` : `The server was ended by ${signal}${signal === 'SIGKILL' ? ' (kill -9, or the system had no memory left)' : ''}`;
}

async function isReady(url) {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** The last error of a log of JSON lines, or its last line. */
function lastWords(logFile) {
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').trim().split('\n').filter(Boolean) : [];
  const entries = lines.map(parseEntry);
  return entries.findLast(({ isError }) => isError)?.text ?? entries.at(-1)?.text ?? 'it said nothing';
}

function parseEntry(line) {
  try {
    const { level, msg, err } = JSON.parse(line);
    return { isError: level >= ERROR_LEVEL || level === 'error' || level === 'fatal', text: [msg, err?.message].filter(Boolean).join(': ') || line };
  } catch {
    return { isError: /^\w*Error\b/.test(line), text: line };
  }
}
