import type { CacheEntry } from '../entry/cache-entry.js';
import { entryOfText, entryText } from '../entry/entry-text.js';
import { memoErrors } from '../memo.errors.js';
import { AsyncMemoBackend, type ExistingOnly } from './memo-backend.js';
import { columnOf, isWholeColumn, namespaceOf } from './namespace.js';
import { pagesByText, pagesOf } from './pages.js';

/** Writes after which what has expired is removed. As in SQLite. */
const WRITES_BETWEEN_PURGES = 1_000;

/** Entries of one function. MySQL compares without regard to spaces at the end. */
const OF_FUNCTION = 'namespace = ? AND func = ? AND length(func) = length(?)';

type Value = string | number | null;

/** An entry as it is inserted. */
interface Row {
  readonly slot: string;
  /** Of namespace, slot, func, entry, expires_at, and written_at. */
  readonly values: readonly Value[];
}

/** What a database does in its own way. */
export interface SqlDialect {
  /** Makes the table, if it is not there, whoever else does so now. */
  readonly schema: string;
  /** `code` of the driver's error when it is not there. */
  readonly missingTable: string;
  /** What becomes of a row that is there already: the end of the statement that inserts. */
  readonly onConflict: string;
  readonly placeholder: (place: number) => string;
  /** Runs a statement. `rows` of one that reads, `changed` of one that writes. */
  readonly run: (sql: string, values: readonly Value[]) => Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[]; readonly changed: number }>;
}

/** Entries in the table `nooble_memo` of a database, which it makes itself. Several processes may use it. */
export abstract class SqlBackend extends AsyncMemoBackend {
  readonly isPersistent = true;
  private readonly namespace: string;
  private readonly mustExist: boolean;
  private made: Promise<unknown> | undefined;
  private writes = 0;

  /** @param part `namespace`: one cache's part of the table */
  constructor(
    private readonly dialect: SqlDialect,
    part: ExistingOnly & { readonly namespace?: string },
  ) {
    super();
    this.namespace = namespaceOf(part.namespace);
    this.mustExist = part.mustExist ?? false;
  }

  async read(slot: string): Promise<CacheEntry | undefined> {
    const { rows } = await this.run('SELECT entry FROM nooble_memo WHERE namespace = ? AND slot = ?', [this.namespace, slot]);
    return this.entryOf(slot, rows[0]?.['entry']);
  }

  async write(slot: string, entry: CacheEntry): Promise<void> {
    await this.writePage([this.rowOf(slot, entry)]);
  }

  override async readMany(slots: readonly string[]): Promise<ReadonlyMap<string, CacheEntry>> {
    const read = new Map<string, CacheEntry>();
    for (const page of pagesOf(slots)) {
      const { rows } = await this.run(`SELECT slot, entry FROM nooble_memo WHERE namespace = ? AND slot IN (${listed(page.length, '?')})`, [this.namespace, ...page]);
      for (const row of rows) {
        const entry = this.entryOf(String(row['slot']), row['entry']);
        if (entry) read.set(String(row['slot']), entry);
      }
    }
    return read;
  }

  override async writeMany(entries: ReadonlyMap<string, CacheEntry>): Promise<void> {
    // All writers take the rows in the same order, so that none waits for one that waits for it.
    const rows = [...entries].map(([slot, entry]) => this.rowOf(slot, entry)).sort((a, b) => (a.slot < b.slot ? -1 : 1));
    for (const page of pagesByText(rows, ({ values }) => values.reduce<number>((sum, value) => sum + String(value).length, 0))) await this.writePage(page);
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

  /** Those that have entries. */
  async namespaces(): Promise<readonly string[]> {
    const { rows } = await this.run('SELECT DISTINCT namespace FROM nooble_memo ORDER BY namespace', []);
    return rows.map(({ namespace }) => String(namespace));
  }

  private entryOf(slot: string, text: unknown): CacheEntry | undefined {
    if (typeof text !== 'string') return undefined;
    try {
      return entryOfText(text);
    } catch (error) {
      this.report({ type: 'damaged', place: `nooble_memo ${this.namespace} ${slot}`, error });
      return undefined;
    }
  }

  private rowOf(slot: string, entry: CacheEntry): Row {
    const expiresAt = entry.expiresAt === undefined ? null : Math.ceil(entry.expiresAt);
    return { slot, values: [this.namespace, slot, columnOf(entry.func), entryText(entry), expiresAt, Date.now()] };
  }

  private async writePage(page: readonly Row[]): Promise<void> {
    await this.run(`INSERT INTO nooble_memo (namespace, slot, func, entry, expires_at, written_at) VALUES ${listed(page.length, '(?, ?, ?, ?, ?, ?)')} ${this.dialect.onConflict}`, page.flatMap(({ values }) => values));
    const before = this.writes;
    this.writes += page.length;
    if (Math.floor(this.writes / WRITES_BETWEEN_PURGES) > Math.floor(before / WRITES_BETWEEN_PURGES)) await this.run('DELETE FROM nooble_memo WHERE expires_at <= ?', [Date.now()]);
  }

  private async run(sql: string, values: readonly Value[]): ReturnType<SqlDialect['run']> {
    await this.makeTable();
    let place = 0;
    return this.dialect.run(sql.replaceAll('?', () => this.dialect.placeholder(++place)), values);
  }

  /** Once; again after a failure. */
  private async makeTable(): Promise<unknown> {
    this.made ??= (this.mustExist ? this.findTable() : this.dialect.run(this.dialect.schema, [])).catch((error: unknown) => {
      this.made = undefined;
      throw error;
    });
    return this.made;
  }

  private async findTable(): Promise<unknown> {
    try {
      return await this.dialect.run('SELECT 1 FROM nooble_memo WHERE 1 = 0', []);
    } catch (error) {
      throw (error as { readonly code?: string }).code === this.dialect.missingTable ? memoErrors.placeMissing('table nooble_memo in this database') : error;
    }
  }
}

function listed(count: number, item: string): string {
  return Array.from({ length: count }, () => item).join(', ');
}
