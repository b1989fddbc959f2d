/**
 * A percentile by linear interpolation between the two nearest ranks.
 *
 * @param {readonly number[]} samples in any order
 * @param {number} percent 0 to 100
 * @returns {number} NaN when there are no samples
 * @source Hyndman and Fan (1996), definition 7, the default of R and NumPy
 */
export function percentile(samples, percent) {
  const sorted = Float64Array.from(samples).sort();
  if (sorted.length === 0) return NaN;
  const rank = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(rank)];
  const above = sorted[Math.ceil(rank)];
  return below + (above - below) * (rank - Math.floor(rank));
}

/** The middle one of the samples, or the mean of the middle two; NaN when there are none. */
export function median(samples) {
  return percentile(samples, 50);
}

/**
 * What the benches show of a set of times.
 *
 * @param {readonly number[]} samples
 * @returns {{ p50: number, p95: number, p99: number }}
 */
export function percentiles(samples) {
  return { p50: percentile(samples, 50), p95: percentile(samples, 95), p99: percentile(samples, 99) };
}

/**
 * The median over runs, value by value; objects are gone into.
 *
 * @template {number | object} T
 * @param {readonly T[]} runs all of the same shape, at least one
 * @returns {T}
 */
export function medianOfRuns(runs) {
  if (typeof runs[0] === 'number') return median(runs);
  return Object.fromEntries(Object.keys(runs[0]).map((name) => [name, medianOfRuns(runs.map((run) => run[name]))]));
}

/**
 * How many times the lowest of some others one is: run by run, then the median, so that what disturbs a whole run does not count.
 *
 * @param {readonly { p50: number }[]} runs
 * @param {readonly (readonly { p50: number }[])[]} others their runs, in the same order
 * @returns {number}
 */
export function timesLowest(runs, others) {
  return median(runs.map(({ p50 }, i) => p50 / Math.min(...others.map((other) => other[i].p50))));
}
