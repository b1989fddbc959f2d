import { DataSource } from 'typeorm';
import type { DatabaseSettings } from '../config/index.js';
import { dataSourceOptions } from './data-source-options.js';

/** Any number, the same in every process: whoever holds it applies the schema migrations, the others wait. */
const LOCK = 7_106_625;

/**
 * Brings the schema up to date, or takes the last change back. Several processes may call it at once: an advisory lock lets them in one by one.
 *
 * @returns the names of the schema migrations applied or reverted, oldest first
 */
export async function migrateSchema(settings: DatabaseSettings, direction: 'up' | 'down' = 'up'): Promise<string[]> {
  // One connection holds the lock while the other migrates, and neither waiting nor migrating has a time limit.
  const dataSource = await new DataSource({ ...dataSourceOptions({ ...settings, poolSize: 2, statementTimeoutMs: 0 }) }).initialize();
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [LOCK]);
    if (direction === 'up') return (await dataSource.runMigrations()).map(({ name }) => name);
    if (!(await runner.hasTable('schema_migrations'))) return [];
    const applied = await dataSource.query<{ name: string }[]>('SELECT name FROM schema_migrations ORDER BY id DESC LIMIT 1');
    await dataSource.undoLastMigration();
    return applied.map(({ name }) => name);
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    await runner.release();
    await dataSource.destroy();
  }
}
