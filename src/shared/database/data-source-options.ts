import { fileURLToPath } from 'node:url';
import type { ClientBase } from 'pg';
import type { DataSourceOptions } from 'typeorm';
import type { DatabaseSettings } from '../config/index.js';
import { schemaMigrations } from './schema-migrations.js';
import { SnakeNaming } from './snake-naming.js';

/** `migrations/` at the top of the repository; the same distance from `src/` and from `dist/`. */
const MIGRATIONS = fileURLToPath(new URL('../../../migrations', import.meta.url));
const CONNECT_TIMEOUT_MS = 5_000;

/** How the process talks to PostgreSQL. The schema changes only by the files in `migrations/`. */
export function dataSourceOptions(settings: DatabaseSettings): DataSourceOptions {
  return {
    type: 'postgres',
    url: settings.url,
    applicationName: 'nooble',
    poolSize: settings.poolSize,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    namingStrategy: new SnakeNaming(),
    migrations: schemaMigrations(MIGRATIONS),
    migrationsTableName: 'schema_migrations',
    migrationsTransactionMode: 'each',
    synchronize: false,
    // The second one is the client's: a server that is frozen ends no statement.
    extra: { statement_timeout: settings.statementTimeoutMs, query_timeout: settings.statementTimeoutMs && settings.statementTimeoutMs + 1_000, keepAlive: true, onConnect: heedErrors },
  };
}

/**
 * A server that goes away may say so right behind its greeting. Without a hook here the pool has let go of the new connection by then, and TypeORM has
 * not taken it yet: nobody would listen, and the process end. Whoever asks over this connection is told that it is broken.
 */
function heedErrors(client: ClientBase): void {
  client.on('error', () => undefined);
}
