import pg from 'pg';
import type { ExistingOnly } from './memo-backend.js';
import { SqlBackend } from './sql-backend.js';

/** A host that does not answer is given up after this long. As mysql2's. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Held while the table is made: two sessions that do it at once would meet in the catalogue. Any number that nobody else has. */
const LOCK = 7_246_031_984;

const SCHEMA = `
  SELECT pg_advisory_xact_lock(${String(LOCK)});
  CREATE TABLE IF NOT EXISTS nooble_memo (
    namespace text COLLATE "C" NOT NULL,
    slot text COLLATE "C" NOT NULL,
    func text NOT NULL,
    entry text NOT NULL,
    expires_at bigint,
    written_at bigint NOT NULL,
    PRIMARY KEY (namespace, slot)
  );
  CREATE INDEX IF NOT EXISTS nooble_memo_func ON nooble_memo (namespace, func);
  CREATE INDEX IF NOT EXISTS nooble_memo_expires_at ON nooble_memo (expires_at) WHERE expires_at IS NOT NULL;
`;

const ON_CONFLICT = 'ON CONFLICT (namespace, slot) DO UPDATE SET func = excluded.func, entry = excluded.entry, expires_at = excluded.expires_at, written_at = excluded.written_at';

export interface PostgresOptions extends ExistingOnly {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  /** One cache's part of the table; `default` without it. */
  readonly namespace?: string;
  readonly maxConnections?: number;
}

/** Entries in PostgreSQL. The entry is text, since jsonb would reorder its properties: `entry::jsonb` reads it. */
export class PostgresBackend extends SqlBackend {
  private readonly pool: pg.Pool;

  constructor({ url, maxConnections = 4, ...part }: PostgresOptions) {
    const pool = new pg.Pool({ connectionString: url, max: maxConnections, allowExitOnIdle: true, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    // An idle connection that breaks is replaced at the next statement, which says so itself if it cannot.
    pool.on('error', () => undefined);
    const run = async (sql: string, values: readonly (string | number | null)[]): Promise<{ rows: Record<string, unknown>[]; changed: number }> => {
      const { rows = [], rowCount } = await pool.query<Record<string, unknown>>(sql, values.length > 0 ? [...values] : undefined);
      return { rows, changed: rowCount ?? 0 };
    };
    super({ schema: SCHEMA, missingTable: '42P01', onConflict: ON_CONFLICT, placeholder: (place) => `$${String(place)}`, run }, part);
    this.pool = pool;
  }

  override async close(): Promise<void> {
    if (!this.pool.ending) await this.pool.end();
  }
}
