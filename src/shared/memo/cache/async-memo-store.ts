import { AsyncMemoBackend, type SyncMemoBackend } from '../backends/memo-backend.js';
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
    const [entry] = await this.found(async () => [await this.readOrThrow(key)]);
    return entry;
  }

  /** The entries of many keys, in their order. */
  async readMany(keys: readonly EntryKey[]): Promise<readonly (CacheEntry | undefined)[]> {
    if (keys.length === 0) return [];
    const slots = keys.map((key) => this.backend.slotOf(key));
    return this.found(async () => {
      const entries = await this.readSlots([...new Set(slots)]);
      return keys.map((key, i) => this.checked(entries.get(slots[i] ?? ''), key));
    });
  }

  /** What there is in slots, expired or not. @throws what the backend throws */
  async readSlots(slots: readonly string[]): Promise<ReadonlyMap<string, CacheEntry | undefined>> {
    const { backend } = this;
    return backend instanceof AsyncMemoBackend ? backend.readMany(slots) : new Map(slots.map((slot) => [slot, backend.read(slot)]));
  }

  /** Keeps a result, unless its entry was removed since the call began. */
  async keep(entry: CacheEntry | undefined, since: number): Promise<void> {
    await this.keepMany(entry ? [entry] : [], since);
  }

  /** The same of the results of one call, together. */
  async keepMany(entries: readonly CacheEntry[], since: number): Promise<void> {
    const kept = entries.filter(({ entryKey }) => this.mayKeep(entryKey.text, since));
    const [first] = kept;
    if (first === undefined) return;
    try {
      await this.inTime(() => this.writeMany(kept));
      // One may have been removed while it was on its way, and the removal have arrived first.
      const removed = kept.filter(({ entryKey }) => !this.mayKeep(entryKey.text, since));
      await Promise.all(removed.map(({ entryKey }) => this.inTime(async () => this.backend.delete(this.backend.slotOf(entryKey)))));
      this.counters.counts.stores += kept.length;
    } catch (error) {
      this.counters.report({ type: 'backendFailed', func: first.func, operation: 'write', error });
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

  private async writeMany(entries: readonly CacheEntry[]): Promise<void> {
    if (!(this.backend instanceof AsyncMemoBackend)) for (const entry of entries) await this.write(entry);
    else await this.backend.writeMany(new Map(entries.map((entry) => [this.backend.slotOf(entry.entryKey), entry])));
  }

  /** What a read finds; nothing when it fails or takes too long. */
  private async found(read: () => Promise<readonly (CacheEntry | undefined)[]>): Promise<readonly (CacheEntry | undefined)[]> {
    try {
      const entries = await this.inTime(read);
      this.counters.counts.hits += entries.filter((entry) => entry !== undefined).length;
      return entries;
    } catch (error) {
      this.counters.report({ type: 'backendFailed', func: '', operation: 'read', error });
      return [];
    }
  }

  private async inTime<T>(work: () => Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    // What has arrived while the process was busy is still read.
    const timer = setTimeout(() => setImmediate(() => { late.reject(memoErrors.backendTimedOut(this.deadlineMs)); }), this.deadlineMs);
    try {
      return await Promise.race([work(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
