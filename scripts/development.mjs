import { CommandError, onExit } from './command.mjs';
import { loadEnvFile } from './environment.mjs';
import { style, withProgress } from './progress.mjs';
import { endingOf, listenAddress, runServer, untilReady, urlOf } from './server.mjs';
import { devDataDir, startServices } from './services.mjs';

/** A stop that is done in this time needs no words. */
const SILENT_STOP_MS = 700;

/**
 * Runs the server on HOST:PORT with the development services until it ends; its output goes to the terminal.
 *
 * @param {{ args?: string[], isWatching?: boolean, store?: { dataDir: string, persistent: boolean } }} [options] `args` of Node, default the compiled server;
 *   a watching one may take as long as it likes to become ready: its sources may not compile yet; `store` is where the services keep their data
 * @throws {CommandError} when it ends
 */
export async function runForDevelopment({ args, isWatching = false, store } = {}) {
  loadEnvFile();
  const address = await listenAddress();
  const services = await startDevServices(store);
  onExit(services.stop);
  const { AUTH_MODE = 'headers' } = process.env;
  const server = runServer({ address, args, env: { AUTH_MODE, DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl } });
  onExit(() => sayingWhy(server.stop()));
  const failure = await untilReady(server, isWatching ? Infinity : undefined);
  if (failure) throw new CommandError(`${failure}: see its output above.`);
  const url = urlOf(address);
  console.log(`${style.green('✓')} Nooble listens on ${style.bold(url)} (documentation: ${url}/docs). Ctrl-C stops it.`);
  const servicesEnded = services.ended.then(() => 'PostgreSQL and Redis have ended, so the server is stopped, too. What was acknowledged is kept: start again.');
  const serverEnded = server.exited.then((code) => `${endingOf(code)}: ${code > 128 ? 'nobody here asked for it. What was acknowledged is kept: start again.' : 'see its output above.'}`);
  throw new CommandError(await Promise.race([servicesEnded, serverEnded]));
}

/** A stop that takes its time says what it waits for. */
async function sayingWhy(stopping) {
  const grace = process.env.SHUTDOWN_GRACE_SECONDS || 10;
  const timer = setTimeout(() => console.log(`Stopping. Turns that are running have ${grace} s to end; what is not done then goes back to its queue and begins again at the next start.`), SILENT_STOP_MS);
  await stopping;
  clearTimeout(timer);
}

/** Starts the services of development, which are started again when they end by themselves, with a progress display. */
export function startDevServices(store = { dataDir: devDataDir, persistent: true }) {
  return withProgress('Starting PostgreSQL and Redis', (onProgress) => startServices({ ...store, restarts: true, onProgress }));
}
