import { median, timesLowest } from '../statistics.mjs';
import { rounded } from '../table.mjs';
import { summary } from './measure-herds.mjs';

const L2_TIMES = 2;
const L2_MS = 0.15;
const MISS_MS = 0.25;
const HERD_MS = 4;
const INVALIDATE_MS = 1;
/** CACHE_DEADLINE_MS and what may come on top. */
const FIRST_MS = 150 + 10;
const LATER_MS = 1;
const HITS = 1_000_000;
const PEEKS = 4_000_000;

/**
 * The goals, each with what was measured.
 *
 * @returns {{ key: string, goal: string, value: number, unit: string, shown: string, bound: number, isMet: boolean, limit?: number, peer?: number }[]}
 */
export function goalsOf({ timings, herds, staleness, invalidations, outages }) {
  return [...timingGoals(timings), ...herdGoals(herds), ...invalidationGoals(invalidations), ...staleGoals(staleness), ...outageGoals(outages)];
}

function timingGoals({ hits, peeks, remoteHits, bareGets, pairedRatio, misses }) {
  const peers = ['bentocache', 'cacheable', 'cacheManager'];
  const best = (cells) => Math.min(...peers.map((who) => cells[who].median.p50));
  const bare = bareCells({ remoteHits, bareGets });
  const bareMs = Math.min(...bare.map((cell) => cell.median.p50));
  const ratio = timesLowest(remoteHits.ours.all, bare.map(({ all }) => all));
  return [
    atLeast({ key: 'goal.hits', goal: `hits of the memory, with a promise, at least ${millions(HITS)}/s`, value: hits.ours.median, bound: HITS, limit: hits.lru.median, peer: Math.max(...peers.map((who) => hits[who].median)) }),
    atLeast({ key: 'goal.peeks', goal: `hits of the memory, without one, at least ${millions(PEEKS)}/s`, value: peeks.ours.median, bound: PEEKS, limit: peeks.lru.median }),
    atMost({ key: 'goal.paired', goal: `hit in Redis p50, at most ${L2_TIMES} × a bare GET, by turns on one connection`, value: pairedRatio.ours.median, unit: '×', bound: L2_TIMES, limit: 1 }),
    { ...atMost({ key: 'goal.remote', goal: `… at most ${L2_TIMES} × the fastest bare GET, in processes of their own (a machine that sleeps between answers gives either of two times)`, value: ratio, unit: '×', bound: L2_TIMES, limit: 1, peer: best(remoteHits) / bareMs }), shown: `${rounded(remoteHits.ours.median.p50)} ms, ${rounded(ratio)} ×` },
    atMost({ key: 'goal.remoteMs', goal: `… at most ${L2_MS} ms`, value: remoteHits.ours.median.p50, unit: 'ms', bound: L2_MS, limit: bareMs, peer: best(remoteHits) }),
    atMost({ key: 'goal.miss', goal: `miss p50 beyond its loader, at most ${MISS_MS} ms`, value: misses.ours.median.p50, unit: 'ms', bound: MISS_MS, limit: Math.min(misses.nodeRedis.median.p50, misses.ioredis.median.p50), peer: best(misses) }),
  ];
}

/** What one GET takes: with the client that the engine uses, and with the newest ones. */
export function bareCells({ remoteHits, bareGets }) {
  return [bareGets.ours, remoteHits.nodeRedis, remoteHits.ioredis];
}

function herdGoals({ ours }) {
  const { loads, overMs, loadsTogether } = summary(ours);
  return [
    atMost({ key: 'goal.herd.loads', goal: 'loads for 1000 callers, one process', value: loads, unit: 'loads', bound: 1 }),
    atMost({ key: 'goal.herd.over', goal: `… beyond the load, at most ${HERD_MS} ms`, value: overMs, unit: 'ms', bound: HERD_MS }),
    atMost({ key: 'goal.herds.loads', goal: 'loads for 3 processes × 300 callers', value: loadsTogether, unit: 'loads', bound: 1 }),
  ];
}

function invalidationGoals(invalidations) {
  const [plain, counted] = invalidations.filter(({ name }) => name === 'ours');
  const goal = (key, what, { invalidateMs, entries }) =>
    atMost({ key, goal: `invalidating ${entries} entries${what} p50, at most ${INVALIDATE_MS} ms`, value: median(invalidateMs), unit: 'ms', bound: INVALIDATE_MS });
  const searches = [plain, counted].map(({ commands }) => (commands.keys ?? 0) + (commands.scan ?? 0)).reduce((sum, count) => sum + count);
  return [
    goal('goal.invalidate', '', plain),
    goal('goal.invalidateCounted', ', counted,', counted),
    atMost({ key: 'goal.invalidate.searches', goal: '… KEYS and SCAN among its commands', value: searches, unit: 'commands', bound: 0 }),
  ];
}

function staleGoals({ ours: { tries, alone, apart } }) {
  return [
    atMost({ key: 'goal.stale.alone', goal: `stale reads after ${tries} deletions during a load, one process`, value: alone, unit: 'reads', bound: 0 }),
    atMost({ key: 'goal.stale.apart', goal: '… between two processes', value: apart, unit: 'reads', bound: 0 }),
  ];
}

function outageGoals(outages) {
  const { first, later } = outages.find(({ name }) => name === 'ours');
  const ms = (outcome, time) => (outcome === 'answered' ? time : NaN);
  return [
    atMost({ key: 'goal.outage.first', goal: `Redis without an answer: first call, at most ${FIRST_MS} ms`, value: ms(first.outcome, first.ms), unit: 'ms', bound: FIRST_MS }),
    atMost({ key: 'goal.outage.later', goal: `… p99 of later calls, at most ${LATER_MS} ms`, value: ms(later.outcome, later.ms), unit: 'ms', bound: LATER_MS }),
  ];
}

function atMost(figure) {
  return { ...figure, shown: `${rounded(figure.value)} ${figure.unit}`, isMet: figure.value <= figure.bound };
}

function atLeast(figure) {
  return { ...figure, unit: '1/s', shown: `${millions(figure.value)}/s`, isMet: figure.value >= figure.bound };
}

/** A rate in millions. */
export function millions(perSecond) {
  return `${rounded(perSecond / 1e6)} M`;
}
