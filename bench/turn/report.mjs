import { availableParallelism } from 'node:os';
import { metric } from '../result.mjs';
import { median } from '../statistics.mjs';
import { rounded } from '../table.mjs';

const GOAL_FIRST_TOKEN_MS = 5;
const GOAL_TURNS_PER_SECOND = 300;
const TURN_CELLS = { socket1: 'WebSocket', socket50: 'WebSocket', sse1: 'REST + SSE' };
const LIMIT_CELLS = { route1: 'Fastify route, one Redis round trip', route50: 'Fastify route, one Redis round trip', job1: 'Bull job, add to completed', job50: 'Bull job, add to completed' };
const MARKS = { firstEvent: 'first event', firstToken: 'first token', end: 'terminal event' };

/**
 * What the bench `turn` says.
 *
 * @param {{ runs: number, durationMs: number, persisted: number, measured: Record<string, any>, others: number[], versions: { postgres: string, redis: string } }} findings
 */
export function report({ runs, durationMs, persisted, measured, others, versions }) {
  const notes = [
    `Redis ${versions.redis} (appendonly yes), PostgreSQL ${versions.postgres}; builtin model without delay; memory windows full (50 messages).`,
    `Server, Redis, PostgreSQL and load generator share these ${availableParallelism()} cores. Median of ${runs} runs of ${durationMs / 1000} s after a warm-up.`,
    `All ${persisted} turns are in PostgreSQL.`,
    `Other programs kept ${percent(median(others))} of the cores busy between the runs (${percent(Math.min(...others))} to ${percent(Math.max(...others))}).`,
  ];
  return { runs, notes, tables: [turnTable(measured), limitTable(measured), ratioTable(measured), goalTable(measured)], metrics: { ...metricsOf(measured), othersShare: metric(median(others), 'share of cores') } };
}

function clientsOf(cell) {
  return /\d+$/.exec(cell)[0];
}

function turnTable(measured) {
  const rows = Object.entries(TURN_CELLS).flatMap(([cell, path]) =>
    Object.entries(MARKS).map(([mark, title], i) => {
      const { perSecond, spread, times, serverCpuMs } = measured[cell];
      const first = i === 0 ? [path, clientsOf(cell), perSecond, range(spread), serverCpuMs] : ['', '', '', '', ''];
      const { p50, p95, p99 } = times[mark];
      return [...first, title, p50, p95, p99];
    }));
  return { title: 'Turns (request to …, ms)', columns: ['path', 'clients', 'turns/s', 'min–max', 'server CPU ms/turn', 'to', 'p50', 'p95', 'p99'], rows };
}

function limitTable(measured) {
  const rows = Object.entries(LIMIT_CELLS).map(([cell, title]) => {
    const { perSecond, spread, times: { end } } = measured[cell];
    return [title, clientsOf(cell), perSecond, range(spread), end.p50, end.p95, end.p99];
  });
  return { title: 'Limits (ms)', columns: ['limit', 'clients', 'per second', 'min–max', 'p50', 'p95', 'p99'], rows };
}

function ratioTable(measured) {
  const rows = ['1', '50'].map((clients) => {
    const [turn, route, job] = ['socket', 'route', 'job'].map((name) => measured[name + clients]);
    const share = ({ perSecond }) => `1/${rounded(perSecond / turn.perSecond)}`;
    const times = (mark, limit) => `${rounded(turn.times[mark].p50 / limit.times.end.p50)} ×`;
    return [`WebSocket, ${clients} client${clients === '1' ? '' : 's'}`, share(route), share(job), times('firstToken', route), times('firstToken', job), times('end', job)];
  });
  return { title: 'Against the limits', columns: ['', 'turns/s of routes/s', 'turns/s of jobs/s', 'first token/route p50', 'first token/job p50', 'end/job p50'], rows };
}

function goalTable({ socket1, socket50 }) {
  const firstToken = socket1.times.firstToken.p50;
  const verdict = (isMet) => (isMet ? 'met' : 'missed');
  return {
    title: 'Goals',
    columns: ['goal', 'measured', 'verdict'],
    rows: [
      [`p50 request to first token, 1 client, at most ${GOAL_FIRST_TOKEN_MS} ms`, `${rounded(firstToken)} ms`, verdict(firstToken <= GOAL_FIRST_TOKEN_MS)],
      [`turns per second, 50 clients, at least ${GOAL_TURNS_PER_SECOND}`, rounded(socket50.perSecond), verdict(socket50.perSecond >= GOAL_TURNS_PER_SECOND)],
    ],
  };
}

/** Names are what.path+clients.percentile. The limit of a rate is the slower, of a time the longer one of the two limits. */
function metricsOf(measured) {
  const turns = Object.keys(TURN_CELLS).flatMap((cell) => turnMetrics(cell, measured));
  const limits = Object.keys(LIMIT_CELLS).flatMap((cell) => {
    const { perSecond, times: { end } } = measured[cell];
    return [[`limit.${cell}.perSecond`, metric(perSecond, '1/s')], ...Object.entries(end).map(([p, value]) => [`limit.${cell}.${p}`, metric(value, 'ms')])];
  });
  return Object.fromEntries([...turns, ...limits]);
}

function turnMetrics(cell, measured) {
  const [route, job] = ['route', 'job'].map((name) => measured[name + clientsOf(cell)]);
  const { perSecond, times, serverCpuMs } = measured[cell];
  const goals = { 'turnsPerSecond.socket50': GOAL_TURNS_PER_SECOND, 'firstToken.socket1.p50': GOAL_FIRST_TOKEN_MS };
  const entry = (name, value, unit, limit) => [name, metric(value, unit, { limit, goal: goals[name] ?? null })];
  return [
    entry(`turnsPerSecond.${cell}`, perSecond, '1/s', Math.min(route.perSecond, job.perSecond)),
    entry(`serverCpuPerTurn.${cell}`, serverCpuMs, 'ms', undefined),
    ...Object.keys(MARKS).flatMap((mark) => Object.keys(times[mark]).map((p) =>
      entry(`${mark}.${cell}.${p}`, times[mark][p], 'ms', Math.max(route.times.end[p], job.times.end[p])))),
  ];
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}

function range(values) {
  return `${rounded(Math.min(...values))}–${rounded(Math.max(...values))}`;
}
