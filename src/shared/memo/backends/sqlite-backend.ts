import { statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { CacheEntry } from '../entry/cache-entry.js';
import { entryOfText, entryText } from '../entry/entry-text.js';
import { memoErrors } from '../memo.errors.js';
import { type ExistingOnly, SyncMemoBackend } from './memo-backend.js';
import { columnOf, isWholeColumn, namespaceOf } from './namespace.js';

/** How long one process waits for another one that writes, milliseconds. */
export const BUSY_TIMEOUT_MS = 5_000;
/** Writes after which what has expired is removed. A number without a source: often enough to be small, seldom enough to cost nothing. */
const WRITES_BETWEEN_PURGES = 1_000;

/** A cache may lose the last writes when the power fails, never the rest. */
const DURABILITY = 'PRAGMA synchronous = NORMAL;';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS nooble_memo (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    slot TEXT NOT NULL,
    func TEXT NOT NULL,
    entry TEXT NOT NULL,
    expires_at INTEGER,
    UNIQUE (namespace, slot)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS nooble_memo_func ON nooble_memo (namespace, func);
  CREATE INDEX IF NOT EXISTS nooble_memo_expires_at ON nooble_memo (expires_at) WHERE expires_at IS NOT NULL;
`;

/** Opens a database that several processes may use. */
export function openSqlite(file: string, schema: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  database.exec(`PRAGMA journal_mode = WAL; ${DURABILITY}`);
  database.exec(schema);
  return database;
}

/** Opens a database that is there, and has these tables, as it is. @throws MEMO_PLACE_MISSING */
export function openExistingSqlite(file: string, tables: readonly string[]): DatabaseSync {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) throw memoErrors.placeMissing(`file ${file}`);
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec(DURABILITY);
    const find = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
    const missing = tables.find((table) => find.get(table) === undefined);
    if (missing !== undefined) throw memoErrors.placeMissing(`table ${missing} in ${file}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Entries in a table of an SQLite database; several processes may use it. */
export class SqliteBackend extends SyncMemoBackend {
  readonly isPersistent = true;
  private readonly database: DatabaseSync;
  private readonly statements: Readonly<Record<'read' | 'write' | 'delete' | 'slots' | 'clear' | 'count' | 'slotsOf' | 'clearOf' | 'countOf' | 'purge' | 'namespaces', StatementSync>>;
  private readonly namespace: string;
  private writes = 0;

  /**
   * @param file is made, if it is not there; `:memory:` for one that goes with this object
   * @param namespace one cache's part of the table, `default` without it
   */
  constructor({ file, namespace, mustExist = false }: ExistingOnly & { readonly file: string; readonly namespace?: string }) {
    super();
    this.namespace = namespaceOf(namespace);
    this.database = mustExist ? openExistingSqlite(file, ['nooble_memo']) : openSqlite(file, SCHEMA);
    const prepare = (sql: string): StatementSync => this.database.prepare(sql);
    this.statements = {
      read: prepare('SELECT entry FROM nooble_memo WHERE namespace = ? AND slot = ?'),
      write: prepare(`INSERT INTO nooble_memo (namespace, slot, func, entry, expires_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (namespace, slot) DO UPDATE SET func = excluded.func, entry = excluded.entry, expires_at = excluded.expires_at`),
      delete: prepare('DELETE FROM nooble_memo WHERE namespace = ? AND slot = ?'),
      slots: prepare('SELECT slot FROM nooble_memo WHERE namespace = ? ORDER BY id'),
      clear: prepare('DELETE FROM nooble_memo WHERE namespace = ?'),
      count: prepare('SELECT COUNT(*) AS n FROM nooble_memo WHERE namespace = ? AND (expires_at IS NULL OR expires_at > ?)'),
      slotsOf: prepare('SELECT slot FROM nooble_memo WHERE namespace = ? AND func = ? ORDER BY id'),
      clearOf: prepare('DELETE FROM nooble_memo WHERE namespace = ? AND func = ?'),
      countOf: prepare('SELECT COUNT(*) AS n FROM nooble_memo WHERE namespace = ? AND func = ? AND (expires_at IS NULL OR expires_at > ?)'),
      purge: prepare('DELETE FROM nooble_memo WHERE expires_at <= ?'),
      namespaces: prepare('SELECT DISTINCT namespace FROM nooble_memo ORDER BY namespace'),
    };
  }

  read(slot: string): CacheEntry | undefined {
    const text = this.statements.read.get(this.namespace, slot)?.['entry'];
    if (typeof text !== 'string') return undefined;
    try {
      return entryOfText(text);
    } catch (error) {
      this.report({ type: 'damaged', place: `nooble_memo ${this.namespace} ${slot}`, error });
      return undefined;
    }
  }

  write(slot: string, entry: CacheEntry): void {
    this.statements.write.run(this.namespace, slot, columnOf(entry.func), entryText(entry), entry.expiresAt === undefined ? null : Math.ceil(entry.expiresAt));
    if (++this.writes % WRITES_BETWEEN_PURGES === 0) this.statements.purge.run(Date.now());
  }

  delete(slot: string): boolean {
    return this.statements.delete.run(this.namespace, slot).changes > 0;
  }

  slots(): readonly string[] {
    return this.statements.slots.all(this.namespace).map(({ slot }) => slot as string);
  }

  clear(): void {
    this.statements.clear.run(this.namespace);
  }

  override count(nowMs: number): number {
    return this.statements.count.get(this.namespace, Math.floor(nowMs))?.['n'] as number;
  }

  override slotsOf(func: string): readonly string[] {
    return isWholeColumn(func) ? this.statements.slotsOf.all(this.namespace, func).map(({ slot }) => slot as string) : super.slotsOf(func);
  }

  override clearOf(func: string): void {
    if (isWholeColumn(func)) this.statements.clearOf.run(this.namespace, func);
    else super.clearOf(func);
  }

  override countOf(func: string, nowMs: number): number {
    return isWholeColumn(func) ? (this.statements.countOf.get(this.namespace, func, Math.floor(nowMs))?.['n'] as number) : super.countOf(func, nowMs);
  }

  /** Those that have entries. */
  namespaces(): readonly string[] {
    return this.statements.namespaces.all().map(({ namespace }) => namespace as string);
  }

  override close(): void {
    if (this.database.isOpen) this.database.close();
  }
}
