import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { DataSource, EntityManager } from 'typeorm';
import { SYSTEM_TENANT, newId } from '../../src/contracts/index.js';
import { DatabaseSettings } from '../../src/shared/config/index.js';
import { dataSourceOptions } from '../../src/shared/database/data-source-options.js';
import { Transactions } from '../../src/shared/database/index.js';
import { type TestDatabase, createDatabase } from '../support/services.js';

const TENANTS = ['acme', 'other'] as const;

let database: TestDatabase;
let owner: Client;
let source: DataSource;
let transactions: Transactions;

beforeAll(async () => {
  database = await createDatabase();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  source = await new DataSource({ ...dataSourceOptions(Object.assign(new DatabaseSettings(), { url: database.url })), migrations: [], entities: [] }).initialize();
  transactions = new Transactions(source);
  for (const tenantId of TENANTS) await insert(tenantId);
});
afterAll(async () => {
  await source.destroy();
  await owner.end();
  await database.drop();
});

async function insert(tenantId: string, conversationId = newId()): Promise<void> {
  await owner.query(
    `INSERT INTO conversations (tenant_id, conversation_id, agent_id, session_id, status, model, message_count, token_count, archived_seq, revision, metadata, created_at, last_message_at)
     VALUES ($1, $2, $2, 's', 'active', 'm', 1, 1, 1, 1, '{}', now(), now())`,
    [tenantId, conversationId],
  );
  await owner.query("INSERT INTO messages (tenant_id, conversation_id, seq, message_id, role, content, tokens, created_at) VALUES ($1, $2, 1, 'm1', 'user', 'hello', 1, now())", [tenantId, conversationId]);
}

/** What the server gets for this statement when it serves this tenant; nothing is kept. */
async function as<T = { tenant_id: string }>(tenantId: string, sql: string): Promise<T[]> {
  const rows: T[] = [];
  const undone = new Error('undone');
  await transactions
    .within(tenantId, undefined, async (manager) => {
      rows.push(...[await manager.query<T[] | [T[], number]>(sql)].flat(2).filter((row): row is T => typeof row === 'object'));
      throw undone;
    })
    .catch((error: unknown) => {
      if (error !== undone) throw error;
    });
  return rows;
}

const tenantsIn = async (table: string, tenantId: string): Promise<string[]> => (await as(tenantId, `SELECT tenant_id FROM ${table}`)).map(({ tenant_id }) => tenant_id).sort();

describe.each(['conversations', 'messages'])('the table %s', (table) => {
  it('shows the rows of the tenant that is served, whatever a statement asks for', async () => {
    for (const tenantId of TENANTS) expect(await tenantsIn(table, tenantId)).toEqual([tenantId]);
    expect(await as('acme', `SELECT tenant_id FROM ${table} WHERE tenant_id = 'other' OR true`)).toEqual([{ tenant_id: 'acme' }]);
  });

  it('shows nothing when no tenant is served, or one that has nothing', async () => {
    for (const tenantId of ['', 'acme%', 'nobody', '~']) expect(await tenantsIn(table, tenantId)).toEqual([]);
  });

  it('shows the system the rows of all', async () => {
    expect(await tenantsIn(table, SYSTEM_TENANT)).toEqual([...TENANTS]);
  });

  it('lets nobody change or delete what is another tenant’s', async () => {
    expect(await as('acme', `UPDATE ${table} SET tenant_id = tenant_id WHERE tenant_id = 'other' RETURNING tenant_id`)).toEqual([]);
    expect(await as('acme', `DELETE FROM ${table} WHERE tenant_id = 'other' RETURNING tenant_id`)).toEqual([]);
  });

  it('lets nobody give anything to another tenant', async () => {
    await expect(as('acme', `UPDATE ${table} SET tenant_id = 'other' WHERE tenant_id = 'acme'`)).rejects.toThrow('row-level security');
  });
});

describe('a transaction', () => {
  it('is that of a role that owns nothing, cannot log in, and cannot touch what says how the schema is', async () => {
    const [role] = await as<object>('acme', "SELECT current_user AS name, rolcanlogin, rolsuper, rolbypassrls, (SELECT count(*)::integer FROM pg_class WHERE relowner = pg_roles.oid) AS owns FROM pg_roles WHERE rolname = current_user");
    expect(role).toEqual({ name: 'nooble_app', rolcanlogin: false, rolsuper: false, rolbypassrls: false, owns: 0 });
    await expect(as('acme', 'DELETE FROM schema_migrations')).rejects.toThrow('permission denied');
    await expect(as('acme', 'DROP TABLE messages')).rejects.toThrow('must be owner');
  });

  it('leaves nothing behind on its connection: neither the role nor the tenant', async () => {
    const one = await new DataSource({ ...dataSourceOptions(Object.assign(new DatabaseSettings(), { url: database.url, poolSize: 1 })), migrations: [], entities: [] }).initialize();
    try {
      await new Transactions(one).run('acme', () => Promise.resolve());
      await expect(new Transactions(one).run('acme', () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
      const [after] = await one.query<{ role: string; tenant: string | null }[]>("SELECT current_user = session_user AS is_login, current_setting('nooble.tenant', true) AS tenant");
      expect(after).toEqual({ is_login: true, tenant: '' });
    } finally {
      await one.destroy();
    }
  });

  it('of one tenant is refused for another', async () => {
    await transactions.run('acme', async (tx) => {
      await expect(transactions.within('other', tx, () => Promise.resolve())).rejects.toMatchObject({ code: 'TRANSACTION_OF_ANOTHER_TENANT' });
      await expect(transactions.within(SYSTEM_TENANT, tx, () => Promise.resolve())).rejects.toMatchObject({ code: 'TRANSACTION_OF_ANOTHER_TENANT' });
      expect(await transactions.within('acme', tx, (manager) => Promise.resolve(manager instanceof EntityManager))).toBe(true);
    });
  });
});

describe('the schema', () => {
  it('has a wall around every table, by the same rule', async () => {
    const { rows } = await owner.query<{ name: string; has: boolean; rules: string[] }>(`
      SELECT c.relname AS name, c.relrowsecurity AS has, coalesce(array_agg(p.polname::text) FILTER (WHERE p.polname IS NOT NULL), '{}') AS rules
      FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') GROUP BY c.oid ORDER BY 1`);
    expect(rows.length).toBeGreaterThan(10);
    const open = rows.filter(({ has, rules }) => !has || rules.join() !== 'one_tenant');
    expect(open.map(({ name }) => name)).toEqual(['schema_migrations']);
  });
});
