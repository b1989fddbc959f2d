import { availableParallelism } from 'node:os';
import { othersNote } from '../neighbours.mjs';
import { metric } from '../result.mjs';
import { goalTable, section } from '../section.mjs';
import { median } from '../statistics.mjs';
import { rounded } from '../table.mjs';

const GOAL_REPLAY_PER_SECOND = 50_000;
const GOAL_DELIVERY_P99_MS = 100;
const TITLES = { limit: 'bare XRANGE paging and JSON, sent to nobody', socket: 'WebSocket', sse: 'SSE' };
const MEANING = `- Replay: one client asks for the whole log of an ended run and parses every event; the server reads pages of 500. What the client costs is in the figure, as it shares the cores.
- Delivery: from the time that the worker writes on an event to its arrival at each of the sockets, in the second half of the run. All sockets are in one process, whose own work is in the figure; the last of them waits for all others.`;

/** What the bench `events` says. */
export function report({ extent, isQuick, events, hot, cold, delivery, others, liveDelayMs, versions }) {
  const replays = [...cellsOf('Redis', hot), ...cellsOf('PostgreSQL', cold)];
  const goals = goalsOf(replays, delivery);
  const tables = [replayTable(replays), deliveryTable(delivery, extent)];
  const notes = [
    `Redis ${versions.redis} (appendonly yes), PostgreSQL ${versions.postgres}; server, stores and clients share these ${availableParallelism()} cores. A log of ${events} events of one run.`,
    `Median of ${extent.runs} runs after a warm-up. Every reader was given every event once and in order.`,
    `The live run says a word every ${liveDelayMs} ms, each an event; ${extent.sockets} sockets of as many sessions follow it.`,
    othersNote(others),
  ];
  const written = isQuick ? undefined : section({ bench: 'events', notes, tables, goals, othersShare: Math.max(...others), meaning: MEANING });
  return { runs: extent.runs, notes, tables: [...tables, goalTable(goals)], metrics: metricsOf(replays, delivery, others), section: written };
}

function cellsOf(store, rates) {
  return Object.entries(rates).map(([name, all]) => ({ store, name, perSecond: median(all), all }));
}

function limitOf(replays) {
  return replays.find(({ name }) => name === 'limit').perSecond;
}

function replayTable(replays) {
  const limit = limitOf(replays);
  const rows = replays.map(({ store, name, perSecond, all }) => [`${store}: ${TITLES[name]}`, perSecond, `${rounded(Math.min(...all))}–${rounded(Math.max(...all))}`, `${Math.round((perSecond / limit) * 100)} %`]);
  return { title: 'Replay of a long log', columns: ['', 'events/s', 'min–max', 'of the limit'], rows };
}

function deliveryTable({ events, deliveries, times, all }, { sockets }) {
  return {
    title: 'Delivery of a live run (ms from its writing to its arrival)',
    columns: ['', 'events', 'deliveries', 'p50', 'p95', 'p99', 'p99 min–max'],
    rows: [[`${sockets} sockets`, events, deliveries, times.p50, times.p95, times.p99, `${rounded(Math.min(...all))}–${rounded(Math.max(...all))}`]],
  };
}

function goalsOf(replays, { times }) {
  const ours = replays.filter(({ name, store }) => name !== 'limit' && store === 'Redis');
  return [
    ...ours.map(({ name, perSecond }) => ({ goal: `replay over ${TITLES[name]}, at least ${GOAL_REPLAY_PER_SECOND} events/s`, shown: `${rounded(perSecond)} events/s`, isMet: perSecond >= GOAL_REPLAY_PER_SECOND })),
    { goal: `p99 delivery to 1000 sockets on one live run, at most ${GOAL_DELIVERY_P99_MS} ms`, shown: `${rounded(times.p99)} ms`, isMet: times.p99 <= GOAL_DELIVERY_P99_MS },
  ];
}

function metricsOf(replays, { times }, others) {
  const limit = limitOf(replays);
  const goalOf = ({ name, store }) => (name !== 'limit' && store === 'Redis' ? GOAL_REPLAY_PER_SECOND : null);
  const rates = replays.map((cell) => [`replay.${cell.store === 'Redis' ? 'hot' : 'cold'}.${cell.name}`, metric(cell.perSecond, '1/s', { limit, goal: goalOf(cell) })]);
  const delivered = Object.entries(times).map(([p, value]) => [`delivery.${p}`, metric(value, 'ms', { goal: p === 'p99' ? GOAL_DELIVERY_P99_MS : null })]);
  return Object.fromEntries([...rates, ...delivered, ['othersShare', metric(median(others), 'share of cores')]]);
}
