import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { CacheEntry } from '../entry/cache-entry.js';
import { entryOfText, entryText } from '../entry/entry-text.js';
import { memoErrors } from '../memo.errors.js';
import { type ExistingOnly, SyncMemoBackend } from './memo-backend.js';

const FILE = /^\d{40}[.]json$/;
const DAMAGED = /^\d{40}[.]json[.]damaged$/;
const UNFINISHED = /^[.]\d{40}[.].+[.]tmp$/;
/** What a killed process has begun to write is removed after this time, milliseconds. */
const UNFINISHED_AGE_MS = 3_600_000;
/** Spaces of a level. @source AgentHeaven 0.9.2, JsonCache */
const INDENT = 4;

/**
 * One readable file for each entry, `<40 digits>.json`, in a folder. Files appear whole: they are written beside their place and renamed.
 * One that cannot be read is renamed to `<name>.damaged`, unless somebody only looks, and is a miss.
 */
export class JsonFileBackend extends SyncMemoBackend {
  readonly isPersistent = true;
  private readonly mustExist: boolean;
  private writes = 0;

  /** @param folder is made, if it is not there; other files in it stay as they are */
  constructor(
    private readonly folder: string,
    { mustExist = false }: ExistingOnly = {},
  ) {
    super();
    this.mustExist = mustExist;
    if (mustExist) {
      if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw memoErrors.placeMissing(`folder ${folder}`);
      if (isForeign(readdirSync(folder))) throw memoErrors.placeForeign(folder);
      return;
    }
    mkdirSync(folder, { recursive: true });
    this.removeUnfinished();
  }

  read(slot: string): CacheEntry | undefined {
    const path = this.pathOf(slot);
    const text = absentIfMissing(() => readFileSync(path, 'utf8'));
    if (text === undefined) return undefined;
    try {
      return entryOfText(text);
    } catch (error) {
      const place = this.mustExist ? path : `${path}.damaged`;
      if (!this.mustExist) absentIfMissing(() => { renameSync(path, place); });
      this.report({ type: 'damaged', place, error });
      return undefined;
    }
  }

  write(slot: string, entry: CacheEntry): void {
    const beside = join(this.folder, `.${slot}.${String(process.pid)}-${String(threadId)}-${String(++this.writes)}.tmp`);
    try {
      writeFileSync(beside, entryText(entry, INDENT));
      renameSync(beside, this.pathOf(slot));
    } catch (error) {
      rmSync(beside, { force: true });
      throw error;
    }
  }

  delete(slot: string): boolean {
    return absentIfMissing(() => { rmSync(this.pathOf(slot)); return true; }) ?? false;
  }

  /** By their names. */
  slots(): readonly string[] {
    return this.files().map((file) => file.slice(0, -'.json'.length));
  }

  clear(): void {
    for (const slot of this.slots()) this.delete(slot);
  }

  private files(): string[] {
    return readdirSync(this.folder).filter((file) => FILE.test(file)).sort();
  }

  private pathOf(slot: string): string {
    return join(this.folder, `${slot}.json`);
  }

  private removeUnfinished(): void {
    for (const file of readdirSync(this.folder).filter((name) => UNFINISHED.test(name))) {
      const path = join(this.folder, file);
      const age = absentIfMissing(() => Date.now() - statSync(path).mtimeMs) ?? 0;
      if (age > UNFINISHED_AGE_MS) rmSync(path, { force: true });
    }
  }
}

/** Somebody else's folder has files, and none of a cache; hidden ones are of editors and desktops. A cache's own may be empty. */
function isForeign(names: readonly string[]): boolean {
  const isOurs = (name: string): boolean => [FILE, DAMAGED, UNFINISHED].some((pattern) => pattern.test(name));
  return names.some((name) => !name.startsWith('.')) && !names.some(isOurs);
}

/** What the work gives; undefined when the file is not there, or is no more. */
export function absentIfMissing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
