import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Redis } from 'ioredis';
import { createApp } from '../../src/create-app.js';
import { loadSettings } from '../../src/shared/config/index.js';
import { ApiClient } from './api-client.js';
import { type TestDatabase, createDatabase, emptyRedis, patienceWith, redisUrl } from './services.js';

/** The whole system in this process, on a port of its own, with a database of its own. */
export interface TestApp {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly database: TestDatabase;
  readonly redis: Redis;
  /** A client that speaks for a tenant, made on first sight with every scope. */
  client(tenantId: string, tier?: string): ApiClient;
  close(): Promise<void>;
}

/** Quick enough for tests: the sweep every second, no grace. */
const DEFAULTS = { AUTH_MODE: 'headers', LOG_LEVEL: 'silent', NODE_ENV: 'test', MIGRATION_INTERVAL_SECONDS: '1', MIGRATION_CLOSE_GRACE_SECONDS: '0', SHUTDOWN_GRACE_SECONDS: '1' };

export interface TestAppOptions {
  /** A proxy's port in front of PostgreSQL. */
  readonly databasePort?: number;
  /** A second process, as far as the caches can tell: on the database and the Redis of this one, which has to outlive it. */
  readonly beside?: TestApp;
}

/** @param environment settings besides {@link DEFAULTS}, by their variables */
export async function startTestApp(environment: Record<string, string> = {}, { databasePort, beside }: TestAppOptions = {}): Promise<TestApp> {
  const { REDIS_URL = redisUrl } = environment;
  const [database, redis] = beside ? [beside.database, beside.redis] : await Promise.all([createDatabase(), emptyRedis(REDIS_URL)]);
  const databaseUrl = new URL(database.url);
  if (databasePort !== undefined) databaseUrl.port = String(databasePort);
  const settings = loadSettings({ ...DEFAULTS, ...patienceWith(REDIS_URL), DATABASE_URL: databaseUrl.href, REDIS_URL, ...environment });
  const app = await createApp(settings);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    ...{ app, url, database, redis },
    client: (tenantId, tier = 'enterprise') => new ApiClient(url, { 'x-tenant-id': tenantId, 'x-tenant-tier': tier }),
    close: async () => {
      await app.close();
      if (beside) return;
      redis.disconnect();
      await database.drop();
    },
  };
}
