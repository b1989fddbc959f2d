import type { CacheEntry, Inputs } from '../entry/cache-entry.js';
import type { EntryKey } from '../entry/entry-key.js';
import type { MemoEvent } from '../cache/memo-events.js';
import { pagesOf } from './pages.js';

/** What a feed is told of the function that was called: its name, and itself unless the call named it by a text. */
export interface FedFunction {
  readonly name: string;
  readonly fn?: ((...args: never[]) => unknown) | undefined;
}

/** A call, as a backend sees it that answers by itself. */
export interface FedCall {
  readonly func: FedFunction;
  /** All of them, those that are excluded from the key included. */
  readonly inputs: Inputs;
}

/** Entries that are asked for at the same time. */
const PAGE = 100;

/** What those that keep things elsewhere than in memory also take. */
export interface ExistingOnly {
  /** For looking at what another program keeps: a place that is not there is the error MEMO_PLACE_MISSING instead of being made, and nothing is tidied up. */
  readonly mustExist?: boolean;
}

type Report = (event: MemoEvent) => void;

/** What both kinds of backend have. An entry is in one *slot*, whose name the backend makes of its key. */
abstract class MemoBackend {
  /** Another process, or this one after a restart, reads what is stored: functions need names of their own. */
  abstract readonly isPersistent: boolean;
  /** What happens beside the calls. The cache that uses the backend sets it. */
  report: Report = () => undefined;

  /** The name of the slot of a key: 40 digits, unless the backend has a better one. */
  slotOf(key: EntryKey): string {
    return key.id;
  }
}

/**
 * Where entries are, at once. A subclass has these primitives only; everything else is the cache's.
 * An entry that has expired, or whose key has the same digits and another text, is still read: the cache looks at both.
 */
export abstract class SyncMemoBackend extends MemoBackend {
  /** Answers before anything is looked up, or MISS. Only of a backend that has it. */
  feed?(call: FedCall): unknown;
  abstract read(slot: string): CacheEntry | undefined;
  /** Replaces what is there, atomically. */
  abstract write(slot: string, entry: CacheEntry): void;
  /** @returns whether there was one */
  abstract delete(slot: string): boolean;
  /** All slots as they are now, the one written longest ago first where the backend knows. */
  abstract slots(): readonly string[];
  abstract clear(): void;
  /** @param nowMs an entry that expires until then does not count */
  count(nowMs: number): number {
    return this.slots().filter((slot) => isAlive(this.read(slot), nowMs)).length;
  }
  /** The slots of one function. One that has an index by functions overrides this and what follows. */
  slotsOf(func: string): readonly string[] {
    return this.slots().filter((slot) => isOf(func, this.read(slot)));
  }
  /** As {@link count}, of one function. */
  countOf(func: string, nowMs: number): number {
    return this.slots().filter((slot) => isOf(func, this.read(slot), nowMs)).length;
  }
  /** As {@link clear}, of one function. */
  clearOf(func: string): void {
    for (const slot of this.slotsOf(func)) this.delete(slot);
  }
  /** Gives back what it holds; what is stored stays. */
  close(): void {}
}

/** The same over a network. Where many entries cost no more time than one, the two methods for many are overridden. */
export abstract class AsyncMemoBackend extends MemoBackend {
  /** Unix time in milliseconds at which what is in the slot goes, though its entry may say nothing of it. Only of a backend where that is so. */
  endsAt?(slot: string): Promise<number | undefined>;
  abstract read(slot: string): Promise<CacheEntry | undefined>;
  abstract write(slot: string, entry: CacheEntry): Promise<void>;
  /** Those that there are, by their slots. Fails as a whole. */
  async readMany(slots: readonly string[]): Promise<ReadonlyMap<string, CacheEntry>> {
    const read = await Promise.all(slots.map(async (slot) => [slot, await this.read(slot)] as const));
    return new Map(read.filter((pair): pair is [string, CacheEntry] => pair[1] !== undefined));
  }
  /** Replaces what is there, each entry atomically. When it fails, some may have been written. */
  async writeMany(entries: ReadonlyMap<string, CacheEntry>): Promise<void> {
    await Promise.all([...entries].map(([slot, entry]) => this.write(slot, entry)));
  }
  abstract delete(slot: string): Promise<boolean>;
  abstract slots(): Promise<readonly string[]>;
  abstract clear(): Promise<void>;
  abstract count(nowMs: number): Promise<number>;
  async slotsOf(func: string): Promise<readonly string[]> {
    return (await this.entriesOf(func)).map(({ slot }) => slot);
  }
  async countOf(func: string, nowMs: number): Promise<number> {
    return (await this.entriesOf(func)).filter(({ entry }) => isOf(func, entry, nowMs)).length;
  }
  async clearOf(func: string): Promise<void> {
    for (const page of pagesOf(await this.slotsOf(func), PAGE)) await Promise.all(page.map((slot) => this.delete(slot)));
  }
  async close(): Promise<void> {}

  private async entriesOf(func: string): Promise<{ readonly slot: string; readonly entry: CacheEntry }[]> {
    const found: { readonly slot: string; readonly entry: CacheEntry }[] = [];
    for (const page of pagesOf(await this.slots(), PAGE)) {
      const entries = await this.readMany(page);
      for (const slot of page) {
        const entry = entries.get(slot);
        if (isOf(func, entry)) found.push({ slot, entry });
      }
    }
    return found;
  }
}

/** Whether it is an entry of the function, and has not expired until then. */
export function isOf(func: string, entry: CacheEntry | undefined, nowMs = -Infinity): entry is CacheEntry {
  return isAlive(entry, nowMs) && entry.func === func;
}

export function isAlive(entry: CacheEntry | undefined, nowMs: number): entry is CacheEntry {
  return entry !== undefined && (entry.expiresAt === undefined || entry.expiresAt > nowMs);
}
