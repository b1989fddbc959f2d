import { median } from '../statistics.mjs';
import { rounded } from '../table.mjs';

const OF_UNNEST = 0.4;
const PER_WORKER = 20_000;
const P95_MS = 50;
const APPEND_TIMES = 2;
/** What "flat" means here: a choice; a batch of long messages takes more than one of short ones. */
const MEMORY_TIMES = 1.2;
export const SHAPES = { short: 'conversations of 10 messages', long: 'conversations of thousands of messages' };

/**
 * The goals, each with what was measured.
 *
 * @returns {{ key: string, goal: string, value: number, unit: string, shown: string, bound: number, isMet: boolean, limit?: number }[]}
 */
export function goalsOf({ extent, mover, workers, foreground }) {
  const { single, lengths } = extent;
  return [
    ...Object.keys(SHAPES).map((shape) => shareGoal(shape, mover.timings)),
    ...Object.keys(SHAPES).map((shape) => workerGoal(shape, { workers, mover, extent })),
    atMost({ key: 'goal.p95', goal: `move of a conversation of ${single.messages} messages p95, at most ${P95_MS} ms`, value: mover.one.p95, bound: P95_MS, unit: 'ms' }),
    atMost({ key: 'goal.append', goal: `append p99 of a client while a worker moves, at most ${APPEND_TIMES} × that without`, value: foreground.moving.median.p99 / foreground.quiet.median.p99, bound: APPEND_TIMES, unit: '×', limit: foreground.inserting.median.p99 / foreground.quiet.median.p99 }),
    atMost({ key: 'goal.memory', goal: `memory of the mover over conversations of ${lengths.at(-1).messages} messages, at most ${MEMORY_TIMES} × that over ${lengths[0].messages}`, value: mover.memory.at(-1).peakRssMib / mover.memory[0].peakRssMib, bound: MEMORY_TIMES, unit: '×' }),
  ];
}

/** One work by another, run by run, then the median: what disturbs a whole run does not count. */
export function ratio(timings, cell, by) {
  return median(timings[cell].all.map(({ perSecond }, i) => perSecond / timings[by].all[i].perSecond));
}

export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

function shareGoal(shape, timings) {
  const value = ratio(timings, `${shape}.moveTogether`, `${shape}.unnestTogether`);
  return { key: `goal.share.${shape}`, goal: `${SHAPES[shape]}: moved and verified per second, as many at once as in a worker, at least ${percent(OF_UNNEST)} of the bare unnest insert on as many connections`, value, unit: 'share', shown: percent(value), bound: OF_UNNEST, isMet: value >= OF_UNNEST };
}

function workerGoal(shape, { workers, mover, extent: { shapes } }) {
  const { conversations, messages } = shapes[shape];
  const value = workers[`${shape}1`].perSecond;
  const goal = `${conversations} × ${messages}: messages per second of one worker, at least ${PER_WORKER}`;
  return { key: `goal.worker.${shape}`, goal, value, unit: '1/s', shown: rounded(value), bound: PER_WORKER, isMet: value >= PER_WORKER, limit: mover.timings[`${shape}.unnestTogether`].median.perSecond };
}

function atMost(figure) {
  return { ...figure, shown: `${rounded(figure.value)} ${figure.unit}`, isMet: figure.value <= figure.bound };
}
