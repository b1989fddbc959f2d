import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandError } from './command.mjs';
import { commandLine } from './processes.mjs';
import { startServices } from './services.mjs';

/**
 * The services of the instance that runs on a data folder, such as that of `npm start`; where none runs, those that `startServices` starts.
 * DATABASE_URL and REDIS_URL come first where they are set.
 *
 * @param {Parameters<typeof startServices>[0]} options for `startServices`
 * @returns {ReturnType<typeof startServices>} `stop()` leaves alone what was running
 * @throws {CommandError} with one line that says what to do
 */
export async function joinServices(options) {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = process.env;
  const running = databaseUrl && redisUrl ? undefined : await findRunning(resolve(options.dataDir));
  if (!running) return startServices(options);
  const urls = { DATABASE_URL: databaseUrl || running.find((url) => url.startsWith('postgresql:')), REDIS_URL: redisUrl || running.find((url) => url.startsWith('redis:')) };
  const missing = Object.keys(urls).filter((name) => !urls[name]);
  if (missing.length === 0) return { databaseUrl: urls.DATABASE_URL, redisUrl: urls.REDIS_URL, pids: {}, stop: async () => undefined };
  throw new CommandError(`An instance is running on ${options.dataDir}, and is still starting or has services of its own elsewhere: try again, or set ${missing.join(' and ')} to what it uses.`);
}

/** URLs of the services that an instance has started; undefined when none is running. */
async function findRunning(dir) {
  const { host, urls = [] } = readRecord(dir);
  return host && (await commandLine(host)).includes('services-host') ? urls : undefined;
}

function readRecord(dir) {
  try {
    return JSON.parse(readFileSync(join(dir, 'services.json'), 'utf8'));
  } catch {
    return {};
  }
}
