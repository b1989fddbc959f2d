import type { CacheEntry } from '../entry/cache-entry.js';
import { entryOfText, entryText } from '../entry/entry-text.js';
import { AsyncMemoBackend } from './memo-backend.js';
import { columnOf, isWholeColumn, namespaceOf } from './namespace.js';

/** Writes after which what has expired is removed. As in SQLite. */
const WRITES_BETWEEN_PURGES = 1_000;

/** Entries of one function. MySQL compares without regard to spaces at the end. */
const OF_FUNCTION = 'namespace = ? AND func = ? AND length(func) = length(?)';

type Value = string | number | null;

/** What a database does in its own way. */
export interface SqlDialect {
  /** Makes the table, if it is not there, whoever else does so now. */
  readonly schema: string;
  /** Of namespace, slot, func, entry, expires_at, and written_at. */
  readonly upsert: string;
  readonly placeholder: (place: number) => string;
  /** Runs a statement. `rows` of one that reads, `changed` of one that writes. */
  readonly run: (sql: string, values: readonly Value[]) => Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[]; readonly changed: number }>;
}

/** Entries in the table `nooble_memo` of a database, which it makes itself. Several processes may use it. */
export abstract class SqlBackend extends AsyncMemoBackend {
  readonly isPersistent = true;
  private readonly namespace: string;
  private made: Promise<unknown> | undefined;
  private writes = 0;

  /** @param namespace one cache's part of the table */
  constructor(
    private readonly dialect: SqlDialect,
    namespace: string | undefined,
  ) {
    super();
    this.namespace = namespaceOf(namespace);
  }

  async read(slot: string): Promise<CacheEntry | undefined> {
    const { rows } = await this.run('SELECT entry FROM nooble_memo WHERE namespace = ? AND slot = ?', [this.namespace, slot]);
    const text = rows[0]?.['entry'];
    if (typeof text !== 'string') return undefined;
    try {
      return entryOfText(text);
    } catch (error) {
      this.report({ type: 'damaged', place: `nooble_memo ${this.namespace} ${slot}`, error });
      return undefined;
    }
  }

  async write(slot: string, entry: CacheEntry): Promise<void> {
    const expiresAt = entry.expiresAt === undefined ? null : Math.ceil(entry.expiresAt);
    await this.run(this.dialect.upsert, [this.namespace, slot, columnOf(entry.func), entryText(entry), expiresAt, Date.now()]);
    if (++this.writes % WRITES_BETWEEN_PURGES === 0) await this.run('DELETE FROM nooble_memo WHERE expires_at <= ?', [Date.now()]);
  }

  async delete(slot: string): Promise<boolean> {
    return (await this.run('DELETE FROM nooble_memo WHERE namespace = ? AND slot = ?', [this.namespace, slot])).changed > 0;
  }

  async slots(): Promise<readonly string[]> {
    const { rows } = await this.run('SELECT slot FROM nooble_memo WHERE namespace = ? ORDER BY written_at, slot', [this.namespace]);
    return rows.map(({ slot }) => String(slot));
  }

  async clear(): Promise<void> {
    await this.run('DELETE FROM nooble_memo WHERE namespace = ?', [this.namespace]);
  }

  async count(nowMs: number): Promise<number> {
    const { rows } = await this.run('SELECT COUNT(*) AS n FROM nooble_memo WHERE namespace = ? AND (expires_at IS NULL OR expires_at > ?)', [this.namespace, Math.floor(nowMs)]);
    return Number(rows[0]?.['n']);
  }

  override async slotsOf(func: string): Promise<readonly string[]> {
    if (!isWholeColumn(func)) return super.slotsOf(func);
    const { rows } = await this.run(`SELECT slot FROM nooble_memo WHERE ${OF_FUNCTION} ORDER BY written_at, slot`, [this.namespace, func, func]);
    return rows.map(({ slot }) => String(slot));
  }

  override async clearOf(func: string): Promise<void> {
    if (isWholeColumn(func)) await this.run(`DELETE FROM nooble_memo WHERE ${OF_FUNCTION}`, [this.namespace, func, func]);
    else await super.clearOf(func);
  }

  override async countOf(func: string, nowMs: number): Promise<number> {
    if (!isWholeColumn(func)) return super.countOf(func, nowMs);
    const { rows } = await this.run(`SELECT COUNT(*) AS n FROM nooble_memo WHERE ${OF_FUNCTION} AND (expires_at IS NULL OR expires_at > ?)`, [this.namespace, func, func, Math.floor(nowMs)]);
    return Number(rows[0]?.['n']);
  }

  private async run(sql: string, values: readonly Value[]): ReturnType<SqlDialect['run']> {
    await this.makeTable();
    let place = 0;
    return this.dialect.run(sql.replaceAll('?', () => this.dialect.placeholder(++place)), values);
  }

  /** Once; again after a failure. */
  private async makeTable(): Promise<unknown> {
    this.made ??= this.dialect.run(this.dialect.schema, []).catch((error: unknown) => {
      this.made = undefined;
      throw error;
    });
    return this.made;
  }
}
