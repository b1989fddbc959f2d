import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { CacheEntry } from '../entry/cache-entry.js';
import { entryOfText, entryText } from '../entry/entry-text.js';
import { DiskFiles } from './disk-files.js';
import { CULLED_BY, type CullingPolicy, DISK_SCHEMA } from './disk-schema.js';
import { type ExistingOnly, SyncMemoBackend } from './memo-backend.js';
import { columnOf, isWholeColumn } from './namespace.js';
import { openExistingSqlite, openSqlite } from './sqlite-backend.js';

/** @source AgentHeaven 0.9.2, DiskCache: size_limit */
const SIZE_LIMIT_BYTES = 32_000_000_000;
/** Entries that one write removes at most. @source diskcache 5.6, cull_limit */
const CULL_LIMIT = 10;
/** Larger bodies are files of their own. @source diskcache 5.6, disk_min_file_size */
const MIN_FILE_BYTES = 32_768;
/** Larger texts are compressed, if that saves a fifth. As in the tenant cache. */
const MIN_PACKED_BYTES = 1_024;
const MAX_PACKED_SHARE = 0.8;

export interface DiskOptions extends ExistingOnly {
  /** Is made, if it is not there, and belongs to this cache alone. */
  readonly folder: string;
  /** Soft: a write removes a few entries when they are over it together. Texts as they are stored, bytes. */
  readonly sizeLimitBytes?: number;
  readonly policy?: CullingPolicy;
}

interface Row {
  readonly body: Uint8Array | null;
  readonly file: string | null;
  readonly is_packed: number;
}

type StatementName = 'read' | 'use' | 'file' | 'write' | 'tick' | 'delete' | 'slots' | 'clear' | 'count' | 'slotsOf' | 'clearOf' | 'countOf' | 'total' | 'expired' | 'cull' | 'named';

/** Entries on disk up to a size: an SQLite index with the small ones in it, files for the large ones. Several processes may use the folder. */
export class DiskBackend extends SyncMemoBackend {
  readonly isPersistent = true;
  private readonly database: DatabaseSync;
  private readonly files: DiskFiles;
  private readonly sql: Readonly<Record<StatementName, StatementSync>>;
  private readonly sizeLimitBytes: number;
  private readonly policy: CullingPolicy;

  constructor({ folder, sizeLimitBytes = SIZE_LIMIT_BYTES, policy = 'least-recently-stored', mustExist = false }: DiskOptions) {
    super();
    [this.sizeLimitBytes, this.policy] = [sizeLimitBytes, policy];
    const index = join(folder, 'index.sqlite');
    if (!mustExist) mkdirSync(folder, { recursive: true });
    this.database = mustExist ? openExistingSqlite(index, ['entries', 'totals']) : openSqlite(index, DISK_SCHEMA);
    this.files = new DiskFiles(folder);
    this.sql = prepareAll(this.database, policy);
    if (!mustExist) this.files.removeOrphans((name) => this.sql.named.get(name) !== undefined);
  }

  read(slot: string): CacheEntry | undefined {
    const row = this.sql.read.get(slot) as unknown as Row | undefined;
    // A file that is gone was replaced since the row was read: the new row names another one.
    const bytes = row && (this.bytesOf(row) ?? this.bytesOf(this.sql.read.get(slot) as unknown as Row | undefined));
    if (!bytes) return undefined;
    try {
      const entry = entryOfText((row.is_packed === 1 ? gunzipSync(bytes) : Buffer.from(bytes)).toString('utf8'));
      if (this.policy === 'least-recently-used' || this.policy === 'least-frequently-used') this.inTransaction(() => this.sql.use.run(this.tick(), slot));
      return entry;
    } catch (error) {
      this.report({ type: 'damaged', place: `${slot} ${row.file ?? ''}`.trim(), error });
      return undefined;
    }
  }

  write(slot: string, entry: CacheEntry): void {
    const text = Buffer.from(entryText(entry));
    const packed = text.length > MIN_PACKED_BYTES ? gzipSync(text) : text;
    const isPacked = packed.length < text.length * MAX_PACKED_SHARE;
    const bytes = isPacked ? packed : text;
    const file = bytes.length > MIN_FILE_BYTES ? this.files.write(bytes) : null;
    const replaced = this.inTransaction(() => {
      const old = this.sql.file.get(slot)?.['file'];
      const expiresAt = entry.expiresAt === undefined ? null : Math.ceil(entry.expiresAt);
      const tick = this.tick();
      this.sql.write.run(slot, columnOf(entry.func), file === null ? bytes : null, file, Number(isPacked), bytes.length, tick, tick, expiresAt);
      return [old, ...this.cull(slot)];
    });
    this.removeFiles(replaced);
  }

  delete(slot: string): boolean {
    const removed = this.sql.delete.all(slot);
    this.removeFiles(removed.map(({ file }) => file));
    return removed.length > 0;
  }

  slots(): readonly string[] {
    return this.sql.slots.all().map(({ slot }) => slot as string);
  }

  clear(): void {
    this.removeFiles(this.sql.clear.all().map(({ file }) => file));
  }

  override count(nowMs: number): number {
    return this.sql.count.get(Math.floor(nowMs))?.['n'] as number;
  }

  override slotsOf(func: string): readonly string[] {
    return isWholeColumn(func) ? this.sql.slotsOf.all(func).map(({ slot }) => slot as string) : super.slotsOf(func);
  }

  override clearOf(func: string): void {
    if (isWholeColumn(func)) this.removeFiles(this.sql.clearOf.all(func).map(({ file }) => file));
    else super.clearOf(func);
  }

  override countOf(func: string, nowMs: number): number {
    return isWholeColumn(func) ? (this.sql.countOf.get(func, Math.floor(nowMs))?.['n'] as number) : super.countOf(func, nowMs);
  }

  /** Of all that is stored, bytes. */
  get sizeBytes(): number {
    return this.sql.total.get()?.['value'] as number;
  }

  override close(): void {
    if (this.database.isOpen) this.database.close();
  }

  /** What has expired goes first, then what the policy says; never the entry that is being written. @returns names of files */
  private cull(slot: string): unknown[] {
    if (this.sizeBytes <= this.sizeLimitBytes || this.policy === 'none') return [];
    const removed = this.sql.expired.all(Date.now(), slot, CULL_LIMIT);
    for (let left = CULL_LIMIT - removed.length; left > 0 && this.sizeBytes > this.sizeLimitBytes; left--) {
      const [row] = this.sql.cull.all(slot);
      if (!row) break;
      removed.push(row);
    }
    return removed.map(({ file }) => file);
  }

  /** Orders what happens, in all processes; clocks may stand still or go back. */
  private tick(): number {
    return this.sql.tick.get()?.['value'] as number;
  }

  private bytesOf(row: Row | undefined): Uint8Array | undefined {
    return row?.file === null || row === undefined ? (row?.body ?? undefined) : this.files.read(row.file);
  }

  private removeFiles(names: readonly unknown[]): void {
    for (const name of names) if (typeof name === 'string') this.files.remove(name);
  }

  private inTransaction<T>(work: () => T): T {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }
}

function prepareAll(database: DatabaseSync, policy: CullingPolicy): Readonly<Record<StatementName, StatementSync>> {
  const least = CULLED_BY[policy === 'none' ? 'least-recently-stored' : policy];
  const texts: Readonly<Record<StatementName, string>> = {
    read: 'SELECT body, file, is_packed FROM entries WHERE slot = ?',
    use: 'UPDATE entries SET used_at = ?, uses = uses + 1 WHERE slot = ?',
    file: 'SELECT file FROM entries WHERE slot = ?',
    write: `INSERT INTO entries (slot, func, body, file, is_packed, size_bytes, stored_at, used_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (slot) DO UPDATE SET func = excluded.func, body = excluded.body, file = excluded.file, is_packed = excluded.is_packed,
        size_bytes = excluded.size_bytes, stored_at = excluded.stored_at, used_at = excluded.used_at, expires_at = excluded.expires_at`,
    tick: "UPDATE totals SET value = value + 1 WHERE name = 'tick' RETURNING value",
    delete: 'DELETE FROM entries WHERE slot = ? RETURNING file',
    slots: 'SELECT slot FROM entries ORDER BY stored_at, id',
    clear: 'DELETE FROM entries RETURNING file',
    count: 'SELECT COUNT(*) AS n FROM entries WHERE expires_at IS NULL OR expires_at > ?',
    slotsOf: 'SELECT slot FROM entries WHERE func = ? ORDER BY stored_at, id',
    clearOf: 'DELETE FROM entries WHERE func = ? RETURNING file',
    countOf: 'SELECT COUNT(*) AS n FROM entries WHERE func = ? AND (expires_at IS NULL OR expires_at > ?)',
    total: "SELECT value FROM totals WHERE name = 'size_bytes'",
    expired: 'DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE expires_at <= ? AND slot <> ? LIMIT ?) RETURNING file',
    cull: `DELETE FROM entries WHERE id = (SELECT id FROM entries WHERE slot <> ? ORDER BY ${least}, id LIMIT 1) RETURNING file`,
    named: 'SELECT 1 FROM entries WHERE file = ?',
  };
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, database.prepare(text)])) as Record<StatementName, StatementSync>;
}
