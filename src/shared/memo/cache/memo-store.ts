import type { SyncMemoBackend } from '../backends/memo-backend.js';
import type { CacheEntry } from '../entry/cache-entry.js';
import type { EntryKey } from '../entry/entry-key.js';
import { type MemoCacheOptions, StoreBase } from './store-base.js';

/** A backend that answers at once, as memoised calls see it: one that fails has nothing. */
export class MemoStore extends StoreBase {
  constructor(
    readonly backend: SyncMemoBackend,
    options: MemoCacheOptions,
  ) {
    super(backend, options);
  }

  read(key: EntryKey): CacheEntry | undefined {
    let entry: CacheEntry | undefined;
    try {
      entry = this.checked(this.backend.read(this.backend.slotOf(key)), key);
    } catch (error) {
      this.counters.report({ type: 'backendFailed', func: '', operation: 'read', error });
    }
    if (entry !== undefined) this.counters.counts.hits++;
    return entry;
  }

  /** Counts a miss. @returns when the call has begun */
  begin(): number {
    this.counters.counts.misses++;
    return this.since();
  }

  /** Keeps a result, unless its entry was removed since the call began. */
  keep(entry: CacheEntry | undefined, since: number): void {
    if (entry === undefined || !this.mayKeep(entry.entryKey.text, since)) return;
    try {
      this.write(entry);
      this.counters.counts.stores++;
    } catch (error) {
      this.counters.report({ type: 'backendFailed', func: entry.func, operation: 'write', error });
    }
  }

  /** @throws what the backend throws */
  write(entry: CacheEntry): void {
    this.backend.write(this.backend.slotOf(entry.entryKey), entry);
  }

  /** @throws what the backend throws */
  readOrThrow(key: EntryKey): CacheEntry | undefined {
    return this.checked(this.backend.read(this.backend.slotOf(key)), key);
  }
}
