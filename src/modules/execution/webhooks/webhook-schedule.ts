/** Each wait is so much longer than the one before, up to six hours: with 5 s at first and 10 tries the last one is about a day after the end. A guess, near the schedule that Standard Webhooks suggests. */
const FACTOR = 5;
const LONGEST_MS = 6 * 3_600_000;
/** A receiver that asks for more patience gets this much. A guess. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;
/** How far a wait is from its middle at the most, as a share of it: what failed together does not come back together. */
const JITTER = 0.2;

/** What an answer means: 408, 429 and 5xx may pass, everything else but 2xx needs somebody to change something. */
export function verdictOf(httpStatus: number): 'delivered' | 'again' | 'failed' {
  if (httpStatus >= 200 && httpStatus < 300) return 'delivered';
  return httpStatus === 408 || httpStatus === 429 || httpStatus >= 500 ? 'again' : 'failed';
}

/** What the wait depends on. */
export interface Wait {
  /** Before the second try, milliseconds. */
  readonly firstMs: number;
  /** Tries that have failed, ≥ 1. */
  readonly triesMade: number;
  /** What the receiver asked for, milliseconds; 0 for nothing. */
  readonly retryAfterMs: number;
}

/** @param random of [0, 1)  @returns milliseconds until the next try */
export function waitMs({ firstMs, triesMade, retryAfterMs }: Wait, random: () => number = Math.random): number {
  const middle = Math.min(firstMs * FACTOR ** (triesMade - 1), LONGEST_MS);
  const backoffMs = Math.round(middle * (1 + JITTER * (2 * random() - 1)));
  return Math.max(backoffMs, Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS));
}

/** @param header of HTTP: seconds or a date  @returns milliseconds from `nowMs` on; 0 for what says neither */
export function retryAfterMsOf(header: string | null, nowMs: number): number {
  if (header === null) return 0;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? 0 : Math.max(0, at - nowMs);
}
