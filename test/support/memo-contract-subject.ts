import { beforeEach } from '@jest/globals';
import { AsyncMemoCache, type CacheEntry, type MemoCache, type MemoCacheOptions } from '../../src/shared/memo/index.js';

/** What is awaited may be there at once: one suite is for both kinds of cache. */
type AnyCache = MemoCache | AsyncMemoCache;

export interface ContractSubject {
  /** Makes a cache on the same empty place each time, until the next {@link empty}. */
  readonly open: (options?: MemoCacheOptions) => AnyCache | Promise<AnyCache>;
  /** Makes the place empty, or another one. */
  readonly empty: () => void | Promise<void>;
  /** What is stored is there for another process. */
  readonly isPersistent: boolean;
}

/** A cache on the same place, whose answers are awaited in any case. */
export async function openAnother(subject: ContractSubject, options?: MemoCacheOptions): Promise<AsyncMemoCache> {
  return (await subject.open(options)) as AsyncMemoCache;
}

/** A cache on an empty place, before each test. */
export function openEach(subject: ContractSubject): { readonly cache: AsyncMemoCache } {
  const at = {} as { cache: AsyncMemoCache };
  beforeEach(async () => {
    await subject.empty();
    at.cache = await openAnother(subject);
  });
  return at;
}

export async function sizeOf(cache: AnyCache): Promise<number> {
  return cache instanceof AsyncMemoCache ? cache.size() : cache.size;
}

export async function entriesOf(cache: AnyCache): Promise<CacheEntry[]> {
  const entries: CacheEntry[] = [];
  for await (const entry of cache) entries.push(entry);
  return entries;
}
