import type { TierLimits } from '../../tenancy/index.js';

/** Limits that are held where a run is accepted. */
export const RUN_LIMITS = ['requestsPerMinute', 'requestsPerDay', 'concurrentRuns', 'tokensPerDay', 'tokensPerMonth', 'costMicrosPerDay', 'costMicrosPerMonth'] as const;

export type RunLimitName = (typeof RUN_LIMITS)[number];
export type RateName = Extract<RunLimitName, `requests${string}`>;
export type BudgetName = Extract<RunLimitName, `tokens${string}` | `cost${string}`>;

/** Those that a tenant has; one without a number is without limit. */
export type RunLimits = Readonly<Partial<Record<RunLimitName, number>>>;

/** What a run takes when it is accepted. */
export interface RunClaim {
  readonly limits: RunLimits;
  /** Reserved until its end: the most that it may use. */
  readonly tokens: number;
  readonly costMicros: number;
}

/** A run that nothing limits. */
export const NO_CLAIM: RunClaim = { limits: {}, tokens: 0, costMicros: 0 };

/** The limit that refuses a run, and where the tenant stands with it. */
export type Exceeded =
  | { readonly name: RateName; readonly taken: number; readonly resetMs: number }
  | { readonly name: 'concurrentRuns'; readonly running: number }
  | { readonly name: BudgetName; readonly used: number; readonly reserved: number };

/** A window of turns: how many it has, and how long it goes on, milliseconds. */
export interface RateWindow {
  readonly taken: number;
  readonly resetMs: number;
}

/** Tokens and their cost in some time. */
export interface Spent {
  readonly tokens: number;
  readonly costMicros: number;
}

/** What a tenant has used, as Redis has it. */
export interface UsageReading {
  readonly minute: RateWindow;
  readonly day: RateWindow;
  readonly running: number;
  /** null while Redis does not know: nobody has read it from PostgreSQL yet. */
  readonly spent: { readonly today: Spent; readonly thisMonth: Spent; readonly reserved: Spent } | null;
}

/** Lengths of the windows of turns, milliseconds. */
export const WINDOW_MS = { requestsPerMinute: 60_000, requestsPerDay: 86_400_000 } as const;

export function runLimitsOf(limits: TierLimits): RunLimits {
  return Object.fromEntries(RUN_LIMITS.flatMap((name) => (limits[name] === null ? [] : [[name, limits[name]]])));
}

/** Those of them that are budgets. */
export function budgetsOf(limits: TierLimits): RunLimits {
  const { requestsPerMinute, requestsPerDay, concurrentRuns, ...budgets } = runLimitsOf(limits);
  return budgets;
}

/** Of UTC, as Redis and PostgreSQL have it: 2026-11-27. */
export function dayOf(now: Date): string {
  return now.toISOString().slice(0, 10);
}

/** Of UTC: 2026-11. */
export function monthOf(now: Date): string {
  return now.toISOString().slice(0, 7);
}

/** The sum. */
export function plus(one: Spent, other: Spent = { tokens: 0, costMicros: 0 }): Spent {
  return { tokens: one.tokens + other.tokens, costMicros: one.costMicros + other.costMicros };
}

/** When a budget is renewed: the next day or month of UTC. */
export function renewedAt(name: BudgetName, now: Date): Date {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  return name.endsWith('PerDay') ? new Date(Date.UTC(year, month, day + 1)) : new Date(Date.UTC(year, month + 1, 1));
}

/** The same that `accept-run.lua` finds, from a reading; whoever is refused by it has begun nothing. */
export function exceededBy({ limits, ...wanted }: RunClaim, { minute, day, running, spent }: UsageReading): Exceeded | null {
  const rates = [['requestsPerDay', day], ['requestsPerMinute', minute]] as const;
  for (const [name, { taken, resetMs }] of rates) if (taken >= (limits[name] ?? Infinity)) return { name, taken, resetMs };
  if (running >= (limits.concurrentRuns ?? Infinity)) return { name: 'concurrentRuns', running };
  if (spent === null) return null;
  const budgets = [['tokensPerDay', 'today', 'tokens'], ['tokensPerMonth', 'thisMonth', 'tokens'], ['costMicrosPerDay', 'today', 'costMicros'], ['costMicrosPerMonth', 'thisMonth', 'costMicros']] as const;
  for (const [name, period, unit] of budgets) {
    const [used, reserved] = [spent[period][unit], spent.reserved[unit]];
    if (used + reserved + wanted[unit] > (limits[name] ?? Infinity)) return { name, used, reserved };
  }
  return null;
}
