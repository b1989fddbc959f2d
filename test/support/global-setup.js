import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { startServices } from '../../scripts/services.mjs';

const root = join(import.meta.dirname, '../..');

/**
 * Fresh PostgreSQL and Redis for this run of the tests. DATABASE_URL and REDIS_URL are left alone: tests empty what they use.
 * The database becomes the template that every test file copies (`test/support/database.ts`).
 */
export default async function globalSetup() {
  delete process.env.DATABASE_URL;
  delete process.env.REDIS_URL;
  const dataDir = join(root, '.nooble', `test-${process.pid}`);
  const services = await startServices({ dataDir, persistent: false, postgresArgs: ['-c', 'fsync=off', '-c', 'max_connections=300'] });
  execFileSync(process.execPath, [join(root, 'dist/migrate-schema.js')], { env: { ...process.env, DATABASE_URL: services.databaseUrl } });
  process.env.TEST_DATABASE_URL = services.databaseUrl;
  process.env.TEST_REDIS_URL = services.redisUrl;
  globalThis.stopTestServices = services.stop;
}
