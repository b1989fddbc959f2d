import { median } from '../statistics.mjs';
import { rounded } from '../table.mjs';

const FIRST_TOKEN_MS = { p50: 5, p99: 25 };
const PICK_UP_P95_MS = 20;
const TURNS_PER_SECOND = 300;
const PATHS = { sse: 'REST', socket: 'WebSocket' };
const CROWDS = [32, 64];

/**
 * The goals, each with what was measured.
 *
 * @returns {{ key: string, goal: string, value: number, unit: string, shown: string, bound: number, isMet: boolean, limit?: number, peer?: number }[]}
 */
export function goalsOf(results) {
  const limit = (p) => results.redis1.median.times.end[p] + results.echo1.median.times.firstToken[p];
  const tokens = Object.entries(PATHS).flatMap(([subject, path]) => Object.entries(FIRST_TOKEN_MS).map(([p, bound]) => {
    const { value, shown } = spread(results[`${subject}1`], (run) => run.times.firstToken[p]);
    return { key: `goal.firstToken.${subject}.${p}`, goal: `${path}, request to first token ${p}, 1 client, at most ${bound} ms`, value, unit: 'ms', shown: `${shown} ms`, bound, isMet: value <= bound, limit: limit(p), peer: results.langgraph1.median.times.firstToken[p] };
  }));
  const pickUp = spread(results.paced1, (run) => run.times.pickUp.p95);
  const rates = CROWDS.map((clients) => {
    const { value, shown } = spread(results[`sse${clients}`], ({ perSecond }) => perSecond);
    const peer = results[`langgraph${clients}`].median.perSecond;
    return { key: `goal.turns.${clients}`, goal: `turns per second, ${clients} clients, everything persisted, at least ${TURNS_PER_SECOND}`, value, unit: '1/s', shown, bound: TURNS_PER_SECOND, isMet: value >= TURNS_PER_SECOND, peer };
  });
  return [...tokens, { key: 'goal.pickUp', goal: `from execution.queued to execution.started p95, ten turns a second, at most ${PICK_UP_P95_MS} ms`, value: pickUp.value, unit: 'ms', shown: `${pickUp.shown} ms`, bound: PICK_UP_P95_MS, isMet: pickUp.value <= PICK_UP_P95_MS }, ...rates];
}

/** The median of the runs, and the lowest and the highest of them. */
function spread({ all }, figureOf) {
  const figures = all.map(figureOf);
  const value = median(figures);
  return { value, shown: `${rounded(value)} (${rounded(Math.min(...figures))} to ${rounded(Math.max(...figures))})` };
}

/** One cell's figure by another's, run by run, then the median: what disturbs a whole run does not count. */
export function ratio(of, by, figureOf) {
  return median(of.all.map((run, i) => figureOf(run) / figureOf(by.all[i])));
}
