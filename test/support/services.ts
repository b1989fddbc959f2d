import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { waitFor } from './wait-for.js';

/** PostgreSQL and Redis of this run, as `global-setup.js` has started them. */
export const templateUrl = process.env['TEST_DATABASE_URL'] ?? '';
const redisBase = process.env['TEST_REDIS_URL'] ?? '';

/** The Redis database of this jest worker; files of one worker run one after the other. */
export const redisUrl = `${redisBase}/${process.env['JEST_WORKER_ID'] ?? '1'}`;

/** A machine that is busy, or stands still for a moment, is no outage. */
const PATIENT = { REDIS_COMMAND_TIMEOUT_MS: '15000', CACHE_DEADLINE_MS: '5000', CACHE_SOFT_DEADLINE_MS: '5000', CACHE_BUS_BEAT_MS: '5000' };

/** How long a server waits for a Redis: for the one of this worker, which no test takes away, longer than by default. */
export function patienceWith(url: string | undefined): Record<string, string> {
  return url === redisUrl ? PATIENT : {};
}

/** A database of one test file, with the whole schema. */
export interface TestDatabase {
  readonly url: string;
  /** Rows of one statement, on a connection of its own. */
  query<T extends object>(sql: string, values?: readonly unknown[]): Promise<T[]>;
  drop(): Promise<void>;
}

/** Copies the migrated template. */
export async function createDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = withPath(templateUrl, name);
  await run(maintenanceUrl(), `CREATE DATABASE ${name} TEMPLATE ${new URL(templateUrl).pathname.slice(1)}`);
  return {
    url,
    query: (sql, values) => run(url, sql, values),
    drop: async () => {
      // PostgreSQL refuses to end its own autovacuum for us.
      await waitFor('the end of the database', async () => (await run(maintenanceUrl(), `DROP DATABASE ${name} WITH (FORCE)`)).length === 0);
    },
  };
}

/** An empty database without any schema. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const database = await createDatabase();
  await database.query('DROP SCHEMA public CASCADE');
  await database.query('CREATE SCHEMA public');
  return database;
}

/** Empties a Redis database, by default this worker's. @returns a connection for looking behind the curtain; disconnect it */
export async function emptyRedis(url = redisUrl): Promise<Redis> {
  const redis = new Redis(url);
  redis.on('error', () => undefined);
  await redis.flushdb();
  return redis;
}

function maintenanceUrl(): string {
  return withPath(templateUrl, 'postgres');
}

function withPath(url: string, name: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${name}`;
  return parsed.href;
}

async function run<T extends object>(url: string, sql: string, values: readonly unknown[] = []): Promise<T[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}
