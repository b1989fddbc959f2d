import type { AsyncMemoBackend, SyncMemoBackend } from '../backends/memo-backend.js';
import type { CacheEntry } from '../entry/cache-entry.js';
import type { EntryKey } from '../entry/entry-key.js';
import { memoErrors } from '../memo.errors.js';
import { type MemoCacheOptions, StoreBase } from './store-base.js';

/** How long a backend may take for one operation, milliseconds, unless the caller says otherwise. As `REDIS_COMMAND_TIMEOUT_MS`. */
const DEADLINE_MS = 2_000;

export interface AsyncMemoCacheOptions extends MemoCacheOptions {
  /** What a memoised call waits for the backend at most, milliseconds; then it does without. */
  readonly deadlineMs?: number;
}

/** A backend over a network, as memoised calls see it: one that fails, or takes too long, has nothing. */
export class AsyncMemoStore extends StoreBase {
  private readonly deadlineMs: number;

  constructor(
    readonly backend: AsyncMemoBackend | SyncMemoBackend,
    { deadlineMs = DEADLINE_MS, ...options }: AsyncMemoCacheOptions,
  ) {
    super(backend, options);
    this.deadlineMs = deadlineMs;
  }

  async read(key: EntryKey): Promise<CacheEntry | undefined> {
    try {
      const entry = await this.inTime(() => this.readOrThrow(key));
      if (entry !== undefined) this.counters.counts.hits++;
      return entry;
    } catch (error) {
      this.counters.report({ type: 'backendFailed', func: '', operation: 'read', error });
      return undefined;
    }
  }

  /** Keeps a result, unless its entry was removed since the call began. */
  async keep(entry: CacheEntry | undefined, since: number): Promise<void> {
    if (entry === undefined || !this.mayKeep(entry.entryKey.text, since)) return;
    try {
      await this.inTime(() => this.write(entry));
      // It may have been removed while it was on its way, and the removal have arrived first.
      if (!this.mayKeep(entry.entryKey.text, since)) await this.inTime(async () => this.backend.delete(this.backend.slotOf(entry.entryKey)));
      this.counters.counts.stores++;
    } catch (error) {
      this.counters.report({ type: 'backendFailed', func: entry.func, operation: 'write', error });
    }
  }

  /** @throws what the backend throws */
  async write(entry: CacheEntry): Promise<void> {
    await this.backend.write(this.backend.slotOf(entry.entryKey), entry);
  }

  /** @throws what the backend throws */
  async readOrThrow(key: EntryKey): Promise<CacheEntry | undefined> {
    return this.checked(await this.backend.read(this.backend.slotOf(key)), key);
  }

  private async inTime<T>(work: () => Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => { late.reject(memoErrors.backendTimedOut(this.deadlineMs)); }, this.deadlineMs);
    try {
      return await Promise.race([work(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
