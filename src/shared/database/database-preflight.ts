import { Client } from 'pg';

/**
 * Tries a PostgreSQL server once.
 *
 * @throws what pg says when the server cannot be reached or refuses
 */
export async function inspectDatabase(url: string, timeoutMs: number): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end().catch(() => undefined);
  }
}
