import { READ_OUTCOMES, type ReadOutcome } from './cache-events.js';

/** Bounds of the load-time histogram, milliseconds. */
export const LOAD_BUCKETS_MS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000] as const;

/** Other things that are counted, one number a type. */
const COUNTED = ['loads', 'loadErrors', 'fenced', 'leaseWaits', 'uncacheable', 'damaged', 'loadMsSum', 'away'] as const;
type Counted = (typeof COUNTED)[number];

/** The numbers of one type since the start of the process. */
export interface TypeCounters extends Record<ReadOutcome, number>, Record<Counted, number> {
  /** Loads by the bucket of their time; the last is for all longer ones. */
  readonly loadBuckets: number[];
}

/** Between two points of the history, and how many there are: hit rates look back an hour at the most. */
const POINT_MS = 10_000;
const MAX_POINTS = 360;

interface Point {
  readonly at: number;
  readonly hits: number;
  readonly reads: number;
}

/** Plain numbers, cheap enough for a million reads a second; one row a type, never one an id. */
export class CacheCounters {
  private readonly types = new Map<string, TypeCounters>();
  private readonly history = new Map<string, Point[]>();

  /** @param now milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  of(type: string): TypeCounters {
    const known = this.types.get(type);
    if (known) return known;
    const made = { ...Object.fromEntries([...READ_OUTCOMES, ...COUNTED].map((name) => [name, 0])), loadBuckets: Array.from({ length: LOAD_BUCKETS_MS.length + 1 }, () => 0) };
    this.types.set(type, made as unknown as TypeCounters);
    return made as unknown as TypeCounters;
  }

  loaded(type: string, ms: number): void {
    const counters = this.of(type);
    counters.loads++;
    counters.loadMsSum += ms;
    const bucket = LOAD_BUCKETS_MS.findIndex((bound) => ms <= bound);
    const index = bucket < 0 ? LOAD_BUCKETS_MS.length : bucket;
    counters.loadBuckets[index] = (counters.loadBuckets[index] ?? 0) + 1;
  }

  entries(): IterableIterator<[string, TypeCounters]> {
    return this.types.entries();
  }

  /** To be called every 10 s: a point of the history that {@link hitRate} looks back to. */
  mark(): void {
    const at = this.now();
    for (const [type, counters] of this.types) {
      const points = this.history.get(type) ?? [];
      if (at - (points.at(-1)?.at ?? -POINT_MS) < POINT_MS) continue;
      points.push({ at, ...totals(counters) });
      if (points.length > MAX_POINTS) points.shift();
      this.history.set(type, points);
    }
  }

  /** @param windowMs how far to look back; undefined is since the start. @returns hits by reads, undefined without reads */
  hitRate(type: string, windowMs?: number): number | undefined {
    const counters = this.types.get(type);
    if (!counters) return undefined;
    const backMs = Math.min(windowMs ?? 0, POINT_MS * (MAX_POINTS - 1));
    const since = windowMs === undefined ? undefined : this.history.get(type)?.findLast(({ at }) => at <= this.now() - backMs);
    const { hits, reads } = totals(counters);
    const count = reads - (since?.reads ?? 0);
    return count === 0 ? undefined : (hits - (since?.hits ?? 0)) / count;
  }
}

function totals({ hit_l1, hit_l2, stale, absent, coalesced, miss, none }: TypeCounters): { hits: number; reads: number } {
  const hits = hit_l1 + hit_l2 + stale + absent;
  return { hits, reads: hits + miss + none + coalesced };
}
