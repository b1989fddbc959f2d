import { CommandError, onExit } from './command.mjs';
import { loadEnvFile } from './environment.mjs';
import { style, withProgress } from './progress.mjs';
import { listenAddress, runServer, untilReady, urlOf } from './server.mjs';
import { devDataDir, startServices } from './services.mjs';

/**
 * Runs the server on HOST:PORT with the development services until it ends; its output goes to the terminal.
 *
 * @param {{ args?: string[], isWatching?: boolean }} [options] `args` of Node, default the compiled server;
 *   a watching one may take as long as it likes to become ready: its sources may not compile yet
 * @throws {CommandError} when it ends
 */
export async function runForDevelopment({ args, isWatching = false } = {}) {
  loadEnvFile();
  const address = await listenAddress();
  const services = await startDevServices();
  onExit(services.stop);
  const { AUTH_MODE = 'headers' } = process.env;
  const server = runServer({ address, args, env: { AUTH_MODE, DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl } });
  onExit(server.stop);
  const failure = await untilReady(server, isWatching ? Infinity : undefined);
  if (failure) throw new CommandError(`${failure}: see its output above.`);
  const url = urlOf(address);
  console.log(`${style.green('✓')} Nooble listens on ${style.bold(url)} (documentation: ${url}/docs). Ctrl-C stops it.`);
  throw new CommandError(`The server ended with code ${await server.exited}: see its output above.`);
}

/** Starts the persistent services of development, with a progress display. */
export function startDevServices() {
  return withProgress('Starting PostgreSQL and Redis', (onProgress) => startServices({ dataDir: devDataDir, persistent: true, onProgress }));
}
