import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { DataSource, getMetadataArgsStorage } from 'typeorm';
import { DatabaseSettings } from '../../src/shared/config/index.js';
import { dataSourceOptions } from '../../src/shared/database/data-source-options.js';
import { migrateSchema } from '../../src/shared/database/index.js';
import { type TestDatabase, createDatabase, createEmptyDatabase } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const ROOT = join(import.meta.dirname, '../..');
const ENTITIES = globSync('src/**/*.entity.ts', { cwd: ROOT });
const UP_FILES = globSync('migrations/*.up.sql', { cwd: ROOT });
const DESCRIBE = `
  SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype::text, '', '' FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT tablename, indexname, indexdef, '', '', '' FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2, 3`;

/** What TypeORM's entities do not say, and its schema builder would therefore drop: each is the SQL files' own. */
const BEYOND_ENTITIES = [
  ...['tenants_tier_check', 'conversations_satisfaction_check', 'conversations_status_check', 'messages_role_check', 'migration_ledger_outcome_check', 'executions_status_check', 'webhook_deliveries_status_check', 'commands_status_check', 'audit_log_outcome_check', 'audit_log_actor_check', 'erasures_status_check', 'erasures_completed_check'],
  ...['api_keys_tenant_fk', 'agents_tenant_fk', 'agent_versions_agent_fk', 'messages_conversation_fk'],
];

const settingsOf = ({ url }: TestDatabase, overrides: Partial<DatabaseSettings> = {}): DatabaseSettings => Object.assign(new DatabaseSettings(), { url }, overrides);

/** Who waits for the lock of `migrate-schema.ts`. */
const WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";

/** The statements by which TypeORM would make the schema what the entities say. */
async function drift(database: TestDatabase): Promise<string[]> {
  const dataSource = await new DataSource({ ...dataSourceOptions(settingsOf(database)), entities: getMetadataArgsStorage().tables.map(({ target }) => target as () => void) }).initialize();
  try {
    return (await dataSource.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);
  } finally {
    await dataSource.destroy();
  }
}

const isAllowed = (statement: string): boolean => BEYOND_ENTITIES.some((name) => statement.endsWith(`DROP CONSTRAINT "${name}"`));

describe('the schema migrations', () => {
  let database: TestDatabase;
  const tables = async (): Promise<string[]> => (await database.query<{ name: string }>("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1")).map(({ name }) => name);
  const settings = (overrides: Partial<DatabaseSettings> = {}): DatabaseSettings => settingsOf(database, overrides);
  /** Another process that is applying schema migrations, until it is ended. */
  const holdLock = async (): Promise<Client> => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query('SELECT pg_advisory_lock(7106625)');
    return client;
  };
  beforeEach(async () => {
    database = await createEmptyDatabase();
  });
  afterEach(async () => {
    await database.drop();
  });

  it('make the whole schema in an empty database, and then have nothing to do', async () => {
    expect(await migrateSchema(settings())).toHaveLength(UP_FILES.length);
    expect(await tables()).toEqual(['agent_changes', 'agent_versions', 'agents', 'api_keys', 'audit_log', 'commands', 'conversation_assignments', 'conversation_labels', 'conversation_notes', 'conversation_total_changes', 'conversation_totals', 'conversations', 'embedding_usage', 'erasures', 'execution_events', 'executions', 'messages', 'migration_ledger', 'schema_migrations', 'tenants', 'webhook_deliveries']);
    expect(await migrateSchema(settings())).toEqual([]);
  });

  it('are taken back one by one until nothing is left, and make the same schema again', async () => {
    const applied = await migrateSchema(settings());
    const before = await database.query(DESCRIBE);
    for (const name of applied.toReversed()) expect(await migrateSchema(settings(), 'down')).toEqual([name]);
    expect(await tables()).toEqual(['schema_migrations']);
    expect(await migrateSchema(settings(), 'down')).toEqual([]);
    expect(await migrateSchema(settings())).toEqual(applied);
    expect(await database.query(DESCRIBE)).toEqual(before);
  });

  it('have nothing to take back in an empty database', async () => {
    expect(await migrateSchema(settings(), 'down')).toEqual([]);
  });

  it('each have their other half', () => {
    expect(globSync('migrations/*.sql', { cwd: ROOT }).sort()).toEqual(UP_FILES.flatMap((file) => [file.replace('.up.', '.down.'), file]).sort());
  });

  it('run once when several processes begin them at once: one after the other is let in', async () => {
    const gate = await holdLock();
    const node = (): Promise<{ stdout: string }> => promisify(execFile)(process.execPath, [join(ROOT, 'dist/migrate-schema.js')], { env: { PATH: process.env['PATH'], DATABASE_URL: database.url } });
    const running = Promise.all([node(), node(), node(), node()]);
    running.catch(() => undefined);
    await waitFor('all of them to wait', async () => (await gate.query(WAITING)).rowCount === 4);
    await gate.end();
    const outputs = (await running).map(({ stdout }) => stdout);
    expect(outputs.filter((output) => output.startsWith('applied '))).toHaveLength(1);
    expect(outputs.filter((output) => output === 'The schema is up to date.\n')).toHaveLength(3);
    expect(await database.query('SELECT name FROM schema_migrations')).toHaveLength(UP_FILES.length);
  });

  it('run on a single connection, as DATABASE_POOL_SIZE allows', async () => {
    expect(await migrateSchema(settings({ poolSize: 1 }))).toHaveLength(UP_FILES.length);
  });

  it('wait for another process as long as that takes, whatever a statement of ours may take', async () => {
    const other = await holdLock();
    let outcome: string | undefined;
    const waiting = migrateSchema(settings({ statementTimeoutMs: 100 })).then((names) => (outcome = `applied ${String(names.length)}`), (error: unknown) => (outcome = String(error)));
    try {
      await waitFor('a wait beyond the time-out, or its end', async () => outcome !== undefined || (await other.query(`${WAITING} AND now() - query_start > interval '300 ms'`)).rowCount === 1);
    } finally {
      await other.end();
    }
    await waiting;
    expect(outcome).toBe(`applied ${String(UP_FILES.length)}`);
  });

  it('leave the lock free when they fail', async () => {
    await database.query('CREATE TABLE tenants (x integer)');
    await expect(migrateSchema(settings())).rejects.toThrow(/already exists/);
    await database.query('DROP TABLE tenants');
    expect(await migrateSchema(settings())).toHaveLength(UP_FILES.length);
  });
});

describe('the entities', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    for (const file of ENTITIES) await import(join(ROOT, file));
    database = await createDatabase();
  });
  afterAll(async () => {
    await database.drop();
  });

  it('are all known to this test, one for each table', async () => {
    const tables = await database.query<{ name: string }>("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations' ORDER BY 1");
    expect(getMetadataArgsStorage().tables).toHaveLength(ENTITIES.length);
    expect(getMetadataArgsStorage().tables.map(({ name }) => name).sort()).toEqual(tables.map(({ name }) => name));
  });

  it('say what the migrated schema is, but for what TypeORM cannot say', async () => {
    expect((await drift(database)).filter((statement) => !isAllowed(statement))).toEqual([]);
  });

  it('leave to the SQL files exactly the constraints that are listed here', async () => {
    const constraints = await database.query<{ name: string }>("SELECT conname AS name FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f')");
    expect(constraints.map(({ name }) => name).sort()).toEqual([...BEYOND_ENTITIES].sort());
  });

  it('say which rows a partial index is of, which TypeORM does not compare', async () => {
    const partial = await database.query<{ name: string; rows: string }>("SELECT indexrelid::regclass::text AS name, pg_get_expr(indpred, indrelid) AS rows FROM pg_index WHERE indpred IS NOT NULL AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) ORDER BY 1");
    const said = getMetadataArgsStorage().indices.filter(({ where }) => where !== undefined);
    expect(said.map(({ name, where }) => ({ name, rows: `(${String(where)})` })).sort((a, b) => String(a.name).localeCompare(String(b.name)))).toEqual(partial);
    expect(partial.length).toBeGreaterThan(0);
  });

  it.each([
    'ALTER TABLE agents ALTER COLUMN name DROP NOT NULL',
    'ALTER TABLE agents DROP COLUMN slug',
    'ALTER TABLE agents ADD COLUMN surprise text',
    'ALTER TABLE messages ALTER COLUMN tokens TYPE bigint',
    'DROP INDEX executions_conversation',
    'DROP INDEX agents_slug_unique',
    'ALTER TABLE agent_versions ALTER COLUMN definition TYPE json',
    'ALTER TABLE messages DROP CONSTRAINT messages_message_id_unique',
    'ALTER TABLE tenants ALTER COLUMN is_active DROP DEFAULT',
  ])('would be found out by: %s', async (change) => {
    const changed = await createDatabase();
    try {
      await changed.query(change);
      expect((await drift(changed)).filter((statement) => !isAllowed(statement))).not.toEqual([]);
    } finally {
      await changed.drop();
    }
  });

  it('begin every primary key with the tenant', async () => {
    const columns = await database.query<{ table: string; first: string }>(`
      SELECT conrelid::regclass::text AS table, attname AS first FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
      WHERE contype = 'p' AND connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'schema_migrations'`);
    expect(columns).toHaveLength(ENTITIES.length);
    expect(columns.filter(({ first }) => first !== 'tenant_id')).toEqual([]);
  });
});
