import { LRUCache } from 'lru-cache';
import type { Generation } from './generations.js';

/** An entry in the memory of the process; times are milliseconds of the engine's clock. */
export interface MemoryEntry {
  readonly value: unknown;
  /** Every reader gets a copy: parts of the value cannot be frozen. */
  readonly isCopied: boolean;
  readonly generations: readonly Generation[];
  readonly sizeBytes: number;
  /** Served until then without a question. */
  readonly freshUntil: number;
  /** May stand in until then for a loader that fails. */
  readonly graceUntil: number;
  /** When Redis will call it old. */
  readonly endsAt: number;
  /** From then on a hit sets off a load in the background. */
  refreshAt: number;
  /** A load has failed: until then the value stands in without another try. */
  retryAt: number;
}

/** The first level: bounded by entries and by bytes, least recently used first out. */
export class L1Store {
  private readonly entries: LRUCache<string, MemoryEntry>;
  /** Entries that had to make room. */
  evictions = 0;

  constructor(max: number, maxBytes: number) {
    this.entries = new LRUCache({
      max,
      maxSize: maxBytes,
      sizeCalculation: ({ sizeBytes }) => sizeBytes + 1,
      dispose: (_, __, reason) => {
        if (reason === 'evict') this.evictions++;
      },
    });
  }

  get size(): number {
    return this.entries.size;
  }

  get bytes(): number {
    return this.entries.calculatedSize;
  }

  /** The entry if nothing above it was invalidated, fresh or not. */
  get(key: string): MemoryEntry | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    for (const generation of entry.generations) {
      if (!generation.isAlive) {
        this.entries.delete(key);
        return undefined;
      }
    }
    return entry;
  }

  set(key: string, entry: MemoryEntry): void {
    this.entries.set(key, entry);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
