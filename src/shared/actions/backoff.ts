/** No try waits longer than about this for the next, milliseconds. */
const LONGEST_MS = 30_000;
/** How far a wait is from its middle at the most, as a share of it. A guess: enough to part the jobs that an outage has brought together. */
const JITTER = 0.2;

/**
 * How long a job waits for its next try: twice as long as before, up to 30 s, and by chance up to a fifth more or less, so that what failed
 * together does not come back together. On average it is as long as without chance: the number of tries is what an outage is measured by.
 *
 * @param firstMs     before the second try, milliseconds
 * @param attemptsMade tries that have failed, ≥ 1
 * @param random      of [0, 1)
 * @returns milliseconds
 */
export function backoffMs(firstMs: number, attemptsMade: number, random: () => number = Math.random): number {
  const middle = Math.min(firstMs * 2 ** (attemptsMade - 1), LONGEST_MS);
  return Math.round(middle * (1 + JITTER * (2 * random() - 1)));
}
