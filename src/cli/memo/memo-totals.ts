import type { StoredEntry } from './memo-entries.js';

/** What there is of one function, or of all. */
export interface MemoTotals {
  entries: number;
  annotated: number;
  /** A miss already, and still there. */
  expired: number;
  /** Of their texts. */
  sizeBytes: number;
  /** Unix times in milliseconds; null when none of them ends. */
  firstExpiresAt: number | null;
  lastExpiresAt: number | null;
}

/** Adds entries up, by function and in all. */
export class MemoCount {
  readonly total: MemoTotals = nothing();
  private readonly byFunction = new Map<string, MemoTotals>();

  add(found: StoredEntry): void {
    const { func } = found.entry;
    const totals = this.byFunction.get(func) ?? nothing();
    this.byFunction.set(func, totals);
    for (const counted of [totals, this.total]) addTo(counted, found);
  }

  /** By their names. */
  get functions(): (MemoTotals & { readonly func: string })[] {
    return [...this.byFunction].map(([func, totals]) => ({ func, ...totals })).sort((a, b) => (a.func < b.func ? -1 : 1));
  }
}

function nothing(): MemoTotals {
  return { entries: 0, annotated: 0, expired: 0, sizeBytes: 0, firstExpiresAt: null, lastExpiresAt: null };
}

function addTo(totals: MemoTotals, { entry, sizeBytes, expiresAt, isExpired }: StoredEntry): void {
  totals.entries++;
  totals.sizeBytes += sizeBytes;
  if (entry.annotated) totals.annotated++;
  if (isExpired) totals.expired++;
  if (expiresAt === undefined) return;
  totals.firstExpiresAt = Math.min(totals.firstExpiresAt ?? expiresAt, expiresAt);
  totals.lastExpiresAt = Math.max(totals.lastExpiresAt ?? expiresAt, expiresAt);
}
