import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { newId } from '../../src/contracts/index.js';
import { type TestDatabase, createDatabase } from '../support/services.js';

/** Roles are the server's, not the database's. */
const ROLE = `guest_${randomBytes(6).toString('hex')}`;
const TENANTS = ['acme', 'other'] as const;

let database: TestDatabase;
let owner: Client;

beforeAll(async () => {
  database = await createDatabase();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  await owner.query(`CREATE ROLE ${ROLE}; GRANT SELECT, INSERT, UPDATE, DELETE ON conversations, messages TO ${ROLE}`);
  for (const tenantId of TENANTS) await insert(tenantId);
});
afterAll(async () => {
  await owner.query(`DROP OWNED BY ${ROLE}; DROP ROLE ${ROLE}`);
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

/** Does something as a role that does not own the tables, in a transaction for a tenant. */
async function asGuest<T>(tenantId: string | undefined, work: () => Promise<T>): Promise<T> {
  await owner.query(`BEGIN; SET LOCAL ROLE ${ROLE}`);
  try {
    if (tenantId !== undefined) await owner.query("SELECT set_config('nooble.tenant', $1, true)", [tenantId]);
    return await work();
  } finally {
    await owner.query('ROLLBACK');
  }
}

const tenantsIn = async (table: string): Promise<string[]> => (await owner.query<{ tenant_id: string }>(`SELECT tenant_id FROM ${table}`)).rows.map(({ tenant_id }) => tenant_id);

describe.each(['conversations', 'messages'])('the table %s', (table) => {
  it('shows a role that does not own it the rows of the tenant that the transaction names', async () => {
    for (const tenantId of TENANTS) expect(await asGuest(tenantId, () => tenantsIn(table))).toEqual([tenantId]);
    expect((await tenantsIn(table)).sort()).toEqual([...TENANTS]);
  });

  it('shows it nothing when the transaction names none, or one that has nothing', async () => {
    for (const tenantId of [undefined, '', 'acme%', 'nobody']) expect(await asGuest(tenantId, () => tenantsIn(table))).toEqual([]);
  });

  it('lets it change and delete nothing of another tenant', async () => {
    const changed = await asGuest('acme', () => owner.query(`UPDATE ${table} SET tenant_id = tenant_id WHERE tenant_id = 'other'`));
    expect(changed.rowCount).toBe(0);
    const deleted = await asGuest('acme', () => owner.query(`DELETE FROM ${table} WHERE tenant_id = 'other'`));
    expect(deleted.rowCount).toBe(0);
  });

  it('lets it give nothing to another tenant', async () => {
    await expect(asGuest('acme', () => owner.query(`UPDATE ${table} SET tenant_id = 'other' WHERE tenant_id = 'acme'`))).rejects.toThrow('row-level security');
  });
});
