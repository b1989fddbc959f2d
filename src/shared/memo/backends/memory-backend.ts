import { LRUCache } from 'lru-cache';
import type { CacheEntry } from '../entry/cache-entry.js';
import type { EntryKey } from '../entry/entry-key.js';
import { SyncMemoBackend, isAlive, isOf } from './memo-backend.js';

/** Entries at most, unless the caller says otherwise. As `CACHE_L1_MAX_ENTRIES`. */
const MAX_ENTRIES = 10_000;

/** Entries in the memory of this process: the one used longest ago goes when there are too many. To count them is not to use them. */
export class MemoryBackend extends SyncMemoBackend {
  readonly isPersistent = false;
  private readonly entries: LRUCache<string, CacheEntry>;

  constructor({ maxEntries = MAX_ENTRIES }: { readonly maxEntries?: number } = {}) {
    super();
    this.entries = new LRUCache({ max: maxEntries });
  }

  /** The text itself: nothing has to be hashed, and no two keys share a slot. */
  override slotOf(key: EntryKey): string {
    return key.text;
  }

  read(slot: string): CacheEntry | undefined {
    return this.entries.get(slot);
  }

  write(slot: string, entry: CacheEntry): void {
    this.entries.set(slot, entry);
  }

  delete(slot: string): boolean {
    return this.entries.delete(slot);
  }

  slots(): readonly string[] {
    return [...this.entries.rkeys()];
  }

  clear(): void {
    this.entries.clear();
  }

  override count(nowMs: number): number {
    let count = 0;
    for (const entry of this.entries.values()) if (isAlive(entry, nowMs)) count++;
    return count;
  }

  override slotsOf(func: string): readonly string[] {
    return this.slots().filter((slot) => isOf(func, this.entries.peek(slot)));
  }

  override countOf(func: string, nowMs: number): number {
    return [...this.entries.values()].filter((entry) => isOf(func, entry, nowMs)).length;
  }

  override close(): void {
    this.clear();
  }
}
