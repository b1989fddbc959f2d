import { availableParallelism } from 'node:os';
import { othersNote } from '../neighbours.mjs';
import { metric } from '../result.mjs';
import { goalTable, section } from '../section.mjs';
import { median } from '../statistics.mjs';
import { rounded } from '../table.mjs';

const GOAL_LIST_MS = 100;
const GOAL_GUARD_MS = 0.3;
const TITLES = { fastify: 'bare Fastify', bare: 'the product, a public route', guarded: 'the product, behind guard and limits' };
const MEANING = `- One client asks one question after the other and reads the whole answer; the page has 50 conversations. The conversations are loaded by SQL, ten messages each over a year, with words as unequally frequent as in a language; a tenth of them has a label, a fifth somebody who looks after it.
- **Bare SQL** is the page and the exact count as one would write them first, on one connection as the owner, without row-level security, without Redis and without JSON. Where it is slower, the product keeps totals, or does not count (searches for frequent words have no total).
- The product's list also reads every hot header from Redis, which is most of its time where PostgreSQL is quick.
- **Statistics** are computed from kept totals (conversations) and from all executions, one for each conversation; cached for \`CACHE_TTL_CRM_STATISTICS_SECONDS\`.
- **Guard**: a route that answers a constant, three requests in turn. The difference of the p50 of the last two is what authentication by key, scope and limits add: the tenant's requests are counted against a ceiling that is far away.`;

/** What the bench `crm` says. */
export function report({ extent, isQuick, cells, guard, others, loadSeconds, version, size }) {
  const added = guard.guarded.p50 - guard.bare.p50;
  const goals = goalsOf(cells, added);
  const tables = [cellTable(cells), guardTable(guard)];
  const notes = [
    `PostgreSQL ${version} (defaults, fsync on), ${size}; server, stores and client share these ${availableParallelism()} cores.`,
    `${extent.conversations} conversations of ${extent.messages} messages in PostgreSQL, as many executions, ${extent.hot} conversations in Redis; loaded in ${Math.round(loadSeconds)} s.`,
    `At most ${extent.rounds} questions of each kind after 5 that do not count; bare SQL for ${extent.bareMs / 1_000} s; "too long": one statement took longer than that.`,
    othersNote(others),
  ];
  const written = isQuick ? undefined : section({ bench: 'crm', notes, tables, goals, othersShare: Math.max(...others), meaning: MEANING });
  return { runs: extent.rounds, notes, tables: [...tables, goalTable(goals)], metrics: metricsOf(cells, added, others), section: written };
}

function cellTable(cells) {
  const none = (hasBare) => (hasBare ? 'too long' : '–');
  const rows = Object.values(cells).map(({ title, ours, hasBare, bare }) => [title, ours.count, ours.p50, ours.p95, ...(hasBare && bare ? [bare.p50, bare.p95, bare.count] : [none(hasBare), '–', '–'])]);
  return { title: 'Questions (ms)', columns: ['', 'asked', 'p50', 'p95', 'bare SQL p50', 'p95', 'asked'], rows };
}

function guardTable(guard) {
  const rows = Object.entries(guard).map(([name, { p50, p95, p99 }]) => [TITLES[name], p50, p95, p99]);
  return { title: 'A request for nothing (ms)', columns: ['', 'p50', 'p95', 'p99'], rows };
}

function goalsOf(cells, added) {
  const worst = (kind) => Object.values(cells).filter((cell) => cell.kind === kind).sort((a, b) => b.ours.p50 - a.ours.p50)[0];
  const list = ['list', 'search'].map((kind) => [kind, worst(kind)]);
  return [
    ...list.map(([kind, { title, ours }]) => ({ goal: `every ${kind} p50, at most ${GOAL_LIST_MS} ms`, shown: `${rounded(ours.p50)} ms (p95 ${rounded(ours.p95)} ms), the slowest: ${title}`, isMet: ours.p50 <= GOAL_LIST_MS })),
    { goal: `guard and limits add to a request p50, at most ${GOAL_GUARD_MS} ms`, shown: `${rounded(added)} ms`, isMet: added <= GOAL_GUARD_MS },
  ];
}

function metricsOf(cells, added, others) {
  const entries = Object.entries(cells).flatMap(([name, { kind, ours, hasBare, bare }]) => {
    const beside = { ...(hasBare && bare && { limit: bare.p50 }), goal: ['list', 'search'].includes(kind) ? GOAL_LIST_MS : null };
    return [[`${name}.p50`, metric(ours.p50, 'ms', beside)], [`${name}.p95`, metric(ours.p95, 'ms')]];
  });
  return Object.fromEntries([...entries, ['guard.added', metric(added, 'ms', { goal: GOAL_GUARD_MS })], ['othersShare', metric(median(others), 'share of cores')]]);
}
