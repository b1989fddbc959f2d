import type { Pool, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { ExistingOnly } from './memo-backend.js';
import { SqlBackend } from './sql-backend.js';

// Both MySQL and MariaDB: names and slots compare by their bytes.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS nooble_memo (
    namespace VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    slot CHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    func VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    entry LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    expires_at BIGINT,
    written_at BIGINT NOT NULL,
    PRIMARY KEY (namespace, slot),
    INDEX nooble_memo_func (namespace, func),
    INDEX nooble_memo_expires_at (expires_at)
  ) ENGINE = InnoDB
`;

const ON_CONFLICT = 'ON DUPLICATE KEY UPDATE func = VALUES(func), entry = VALUES(entry), expires_at = VALUES(expires_at), written_at = VALUES(written_at)';

export interface MysqlOptions extends ExistingOnly {
  /** `mysql://user:password@host:port/database` */
  readonly url: string;
  /** One cache's part of the table; `default` without it. */
  readonly namespace?: string;
  readonly maxConnections?: number;
}

/** Entries in MySQL or MariaDB. The driver is loaded when the first backend is made: other caches do without. */
export class MysqlBackend extends SqlBackend {
  private readonly pool: Promise<Pool>;
  private closing: Promise<void> | undefined;

  constructor({ url, maxConnections = 4, ...part }: MysqlOptions) {
    const opening = import('mysql2/promise').then(({ createPool }) => createPool({ uri: url, connectionLimit: maxConnections, charset: 'utf8mb4' }));
    const run = async (sql: string, values: readonly (string | number | null)[]): Promise<{ rows: RowDataPacket[]; changed: number }> => {
      const [result] = await (await opening).query<RowDataPacket[] | ResultSetHeader>(sql, [...values]);
      return Array.isArray(result) ? { rows: result, changed: 0 } : { rows: [], changed: result.affectedRows };
    };
    super({ schema: SCHEMA, missingTable: 'ER_NO_SUCH_TABLE', onConflict: ON_CONFLICT, placeholder: () => '?', run }, part);
    this.pool = opening;
    // A faulty URL is told by the first statement.
    opening.catch(() => undefined);
  }

  override async close(): Promise<void> {
    this.closing ??= this.pool.then((pool) => pool.end());
    await this.closing;
  }
}
