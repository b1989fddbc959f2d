import { Redis } from 'ioredis';

/** What the hot store needs of the server, and why it matters. */
const DURABILITY = [
  { setting: 'appendonly', wanted: 'yes', why: 'without the append-only file a restart loses hot messages' },
  { setting: 'maxmemory-policy', wanted: 'noeviction', why: 'any other policy may delete hot messages' },
] as const;

/**
 * Tries a Redis server once.
 *
 * @returns sentences about settings that put hot messages at risk; empty when all is well or the server does not tell
 * @throws what ioredis says when the server cannot be reached
 */
export async function inspectRedis(url: string, timeoutMs: number): Promise<string[]> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: timeoutMs, commandTimeout: timeoutMs, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  let reason: Error | undefined;
  redis.on('error', (error: Error) => (reason = error));
  try {
    await redis.connect();
    await redis.ping();
    return await durabilityFaults(redis);
  } catch (error) {
    throw reason ?? error;
  } finally {
    // ioredis waits two seconds for the end of a connection that has ended already.
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
