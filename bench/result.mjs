import { availableParallelism, cpus, totalmem } from 'node:os';

/**
 * One figure of a bench.
 *
 * @typedef {object} Metric
 * @property {number} value
 * @property {string} unit
 * @property {number} [limit] what the machine can do at best, in the same unit
 * @property {number} [peer] what a comparable product does, in the same unit
 * @property {number | null} goal null when there is none
 */

/**
 * A figure, rounded to what its measurement is good for.
 *
 * @param {number} value
 * @param {string} unit such as `ms` or `1/s`
 * @param {{ limit?: number, peer?: number, goal?: number | null }} [beside]
 * @returns {Metric}
 */
export function metric(value, unit, { limit, peer, goal = null } = {}) {
  const known = Object.entries({ limit, peer }).filter(([, figure]) => figure !== undefined);
  const beside = Object.fromEntries(known.map(([name, figure]) => [name, toPrecision(figure)]));
  return { value: toPrecision(value), unit, ...beside, goal };
}

/**
 * What `--json` prints.
 *
 * @param {string} bench its name
 * @param {number} runs how many runs the figures are the median of
 * @param {Record<string, Metric>} metrics
 */
export function benchResult(bench, runs, metrics) {
  return { bench, at: new Date().toISOString(), node: process.version, cpus: availableParallelism(), runs, metrics };
}

/** The machine in one line, for people. */
export function describeMachine() {
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ${memoryGib} GiB, Node ${process.version}`;
}

function toPrecision(value) {
  return Number(value.toPrecision(5));
}
