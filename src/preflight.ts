import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressOf, reasonOf } from './service-address.js';
import { DatabaseSettings, RedisSettings, ServerSettings, type Settings } from './shared/config/index.js';
import { inspectDatabase } from './shared/database/index.js';
import { AppError } from './shared/errors/index.js';
import { inspectRedis } from './shared/redis/index.js';

/** How long one try of a service may take, and the time until the next, milliseconds. */
const TRY_MS = 3_000;
const PAUSE_MS = 500;
/** Without WAIT_FOR_SERVICES the start gives up after this long, milliseconds. */
const GIVE_UP_MS = 10_000;

type Report = (sentence: string) => void;

/**
 * Refuses to start what would not be safe or could not work, with a reason that fits on one line.
 *
 * @param warn hears of what is at risk but allowed in development
 * @throws AUTH_MODE_UNSAFE, REDIS_UNSAFE (invalid), DATABASE_UNREACHABLE, REDIS_UNREACHABLE (unavailable)
 */
export async function preflight(settings: Settings, warn: Report): Promise<void> {
  const server = settings.get(ServerSettings) as ServerSettings;
  const database = settings.get(DatabaseSettings) as DatabaseSettings;
  const redis = settings.get(RedisSettings) as RedisSettings;
  checkAuthMode(server);
  const giveUpAt = server.waitForServices ? Infinity : Date.now() + GIVE_UP_MS;
  await reach({ name: 'PostgreSQL', variable: 'DATABASE_URL', url: database.url, giveUpAt, warn }, () => inspectDatabase(database.url, TRY_MS));
  const faults = await reach({ name: 'Redis', variable: 'REDIS_URL', url: redis.url, giveUpAt, warn }, () => inspectRedis(redis.url, TRY_MS));
  if (faults.length > 0 && server.environment === 'production') throw new AppError({ kind: 'invalid', code: 'REDIS_UNSAFE', message: faults.join(' ') });
  faults.forEach(warn);
}

function checkAuthMode({ authMode, host, environment }: ServerSettings): void {
  if (authMode !== 'headers') return;
  const isLoopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (isLoopback && environment !== 'production') return;
  const message = 'AUTH_MODE=headers believes every caller, so it is for HOST=127.0.0.1 and development only; set AUTH_MODE=keys and NOOBLE_ADMIN_KEY.';
  throw new AppError({ kind: 'invalid', code: 'AUTH_MODE_UNSAFE', message });
}

interface Service {
  readonly name: string;
  readonly variable: string;
  readonly url: string;
  /** Epoch milliseconds. */
  readonly giveUpAt: number;
  readonly warn: Report;
}

async function reach<T>({ name, variable, url, giveUpAt, warn }: Service, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const sentence = `${name} at ${addressOf(url)} cannot be used: ${reasonOf(error)}. Start it, or set ${variable}.`;
      if (Date.now() + PAUSE_MS > giveUpAt || isFinal(error)) throw new AppError({ kind: 'unavailable', code: 'SERVICE_UNREACHABLE', message: sentence, cause: error });
      if (tries === 1) warn(`${sentence} Waiting for it.`);
      await sleep(PAUSE_MS);
    }
  }
}

/** A wrong password or a missing database does not mend itself. SQLSTATE classes 28 and 3D; Redis WRONGPASS, NOAUTH. */
function isFinal(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return /^(28|3D)/.test(code ?? '') || /^(WRONGPASS|NOAUTH)/.test(message ?? '');
}
