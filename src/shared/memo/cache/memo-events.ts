/** What happens in a cache beside the answers. `func` is a function's name in keys. */
export type MemoEvent =
  /** A call has no key: it runs uncached. */
  | { readonly type: 'unhashable'; readonly func: string; readonly error: unknown }
  /** A result cannot be kept: the caller has it, and the next one computes. */
  | { readonly type: 'uncacheable'; readonly func: string; readonly error: unknown }
  /** The backend failed: a read counts as a miss, a result is not kept. */
  | { readonly type: 'backendFailed'; readonly func: string; readonly operation: 'read' | 'write' | 'delete'; readonly error: unknown }
  /** A callback, feed, or `isCacheable` threw. */
  | { readonly type: 'callbackFailed'; readonly func: string; readonly error: unknown }
  /** What is stored at a place cannot be read: it counts as a miss. A file was put aside under that name. */
  | { readonly type: 'damaged'; readonly place: string; readonly error: unknown }
  /** Two functions with different sources were given the same name: they share results. */
  | { readonly type: 'nameShared'; readonly func: string };

/** What a cache has counted since it was made. */
export interface MemoStats {
  readonly hits: number;
  /** The function ran. */
  readonly misses: number;
  readonly stores: number;
  /** Callers who were given the answer of a call that was under way. */
  readonly coalesced: number;
  readonly unhashable: number;
  readonly uncacheable: number;
  readonly backendFailures: number;
}

const COUNTED: Partial<Record<MemoEvent['type'], keyof MemoStats>> = { unhashable: 'unhashable', uncacheable: 'uncacheable', backendFailed: 'backendFailures' };

/** Counts, and tells whoever listens. A listener that throws changes nothing. */
export class MemoCounters {
  readonly counts = { hits: 0, misses: 0, stores: 0, coalesced: 0, unhashable: 0, uncacheable: 0, backendFailures: 0 };

  constructor(private readonly listener: ((event: MemoEvent) => void) | undefined) {}

  report = (event: MemoEvent): void => {
    const counted = COUNTED[event.type];
    if (counted) this.counts[counted]++;
    try {
      this.listener?.(event);
    } catch {
      // Whoever listens has no say in the answer.
    }
  };
}
