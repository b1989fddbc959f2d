import { Redis } from 'ioredis';
import { AppError } from '../errors/index.js';

/** What the hot store needs of the server, and why it matters. */
const DURABILITY = [
  { setting: 'appendonly', wanted: 'yes', why: 'without the append-only file a restart loses hot messages' },
  { setting: 'maxmemory-policy', wanted: 'noeviction', why: 'any other policy may delete hot messages' },
] as const;

/** How long a server may take to take note that a connection ends, milliseconds. A frozen one never does. */
const GOODBYE_MS = 100;

/**
 * Tries a Redis server once.
 *
 * @param timeoutMs for all of it
 * @returns sentences about settings that put hot messages at risk; empty when all is well or the server does not tell
 * @throws what ioredis says when the server cannot be reached, or REDIS_SILENT (unavailable)
 */
export async function inspectRedis(url: string, timeoutMs: number): Promise<string[]> {
  const redis = new Redis(url, { lazyConnect: true, disconnectTimeout: GOODBYE_MS, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  let reason: Error | undefined;
  redis.on('error', (error: Error) => (reason = error));
  // Each step may be the one that is not answered, so time-outs of steps would add up.
  const deadline = setTimeout(() => {
    reason = new AppError({ kind: 'unavailable', code: 'REDIS_SILENT', message: `it has not answered within ${String(timeoutMs / 1_000)} s` });
    redis.disconnect();
  }, timeoutMs);
  try {
    await redis.connect();
    await redis.ping();
    const faults = await durabilityFaults(redis);
    if (redis.status === 'ready') return faults;
    throw new AppError({ kind: 'unavailable', code: 'REDIS_SILENT', message: 'it has closed the connection' });
  } catch (error) {
    throw reason ?? error;
  } finally {
    clearTimeout(deadline);
    // ioredis waits for the end of a connection that has ended already.
    if (redis.status !== 'end') redis.disconnect();
  }
}

async function durabilityFaults(redis: Redis): Promise<string[]> {
  const faults: string[] = [];
  for (const { setting, wanted, why } of DURABILITY) {
    // Managed servers may forbid CONFIG; what cannot be read cannot be judged.
    const answer = (await redis.config('GET', setting).catch(() => [])) as string[];
    if (answer[1] !== undefined && answer[1] !== wanted) faults.push(`Redis has ${setting} ${answer[1]}; set it to ${wanted}: ${why}.`);
  }
  return faults;
}
