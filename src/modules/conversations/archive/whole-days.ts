const DAY_MS = 86_400_000;

/** A time span as days that are counted already, and what of it they do not cover. */
export interface SplitSpan {
  /** Days (UTC, ISO) with first ≤ day < last; null: from the beginning, without end. */
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  /** Parts of days, each from ≤ time < to. */
  readonly edges: readonly { readonly from: Date; readonly to: Date }[];
}

/** A span without a whole day. */
const NO_DAYS = { firstDay: '2000-01-01', lastDay: '2000-01-01' };

/** Splits a span into whole days (UTC) and at most two edges. @param from inclusive @param to exclusive; each may be left out */
export function wholeDays(from: Date | undefined, to: Date | undefined): SplitSpan {
  const [first, last] = [from && midnight(from, Math.ceil), to && midnight(to, Math.floor)];
  if (first && last && first >= last) return { ...NO_DAYS, edges: edge(from, to) };
  return { firstDay: dayOf(first), lastDay: dayOf(last), edges: [...edge(from, first), ...edge(last, to)] };
}

function midnight(time: Date, round: (days: number) => number): Date {
  return new Date(round(time.getTime() / DAY_MS) * DAY_MS);
}

function edge(from: Date | undefined, to: Date | undefined): SplitSpan['edges'] {
  return from && to && from < to ? [{ from, to }] : [];
}

function dayOf(time: Date | undefined): string | null {
  return time === undefined ? null : time.toISOString().slice(0, 10);
}
