import { median, timesLowest } from '../statistics.mjs';
import { rounded } from '../table.mjs';
import { bareCells, millions } from './goals.mjs';
import { summary } from './measure-herds.mjs';
import { CACHES, titleOf, VARIANTS } from './peers.mjs';

export function hitTable({ hits }) {
  const limit = hits.lru.median;
  const rows = Object.entries(hits).map(([who, { median: rate, all }]) => [who === 'lru' ? `${titleOf(who)}, in an async function` : titleOf(who), ...rateCells(rate, all), times(limit / rate), times(hits.ours.median / rate)]);
  return { title: 'Hits of the memory, with a promise', columns: ['', 'per second', 'min–max', 'limit/this', 'Nooble/this'], rows };
}

export function peekTable({ peeks }) {
  const rows = Object.entries(peeks).map(([who, { median: rate, all }]) => [who === 'lru' ? `${titleOf(who)}, get` : `${titleOf(who)}, peek`, ...rateCells(rate, all), times(peeks.lru.median / rate)]);
  return { title: 'Hits of the memory, without one', columns: ['', 'per second', 'min–max', 'limit/this'], rows };
}

export function remoteTable({ remoteHits, bareGets }) {
  const limits = ['nodeRedis', 'ioredis'];
  const rows = Object.entries(remoteHits).map(([who, cell]) => [limits.includes(who) ? `${titleOf(who)}, bare GET` : titleOf(who), cell]);
  const all = [...rows, ['Nooble\'s own client (limit), bare GET', bareGets.ours]];
  const bare = bareCells({ remoteHits, bareGets }).map((cell) => cell.all);
  return { title: 'Hits in Redis, the memory left out (ms)', columns: ['', 'p50', 'min–max', 'p99', 'p50/fastest GET'], rows: all.map(([title, cell]) => [title, ...timeCells(cell), times(timesLowest(cell.all, bare))]) };
}

export function missTable({ misses }) {
  const limits = ['nodeRedis', 'ioredis'];
  const bare = limits.map((who) => misses[who].all);
  const rows = Object.entries(misses).map(([who, cell]) => [limits.includes(who) ? `${titleOf(who)}, GET and SET` : titleOf(who), ...timeCells(cell), times(timesLowest(cell.all, bare))]);
  return { title: 'Misses whose loader takes no time (ms)', columns: ['', 'p50', 'min–max', 'p99', 'p50/fastest limit'], rows };
}

export function herdTable(herds) {
  const rows = Object.keys(CACHES).map((who) => {
    const { loads, overMs, loadsTogether } = summary(herds[who]);
    return [titleOf(who), String(loads), overMs, range(herds[who].alone.overMs), String(loadsTogether)];
  });
  return { title: 'Herds: 1000 callers in one process (10 ms loader), 300 in each of 3 (50 ms loader)', columns: ['', 'loads', 'ms beyond the load', 'min–max', 'loads, 3 processes'], rows };
}

export function invalidationTable(invalidations) {
  const rows = invalidations.map(({ name, isCounted, entries, invalidateMs, readMs, commands }) =>
    [`${titleOf(name)}${isCounted ? ', counted' : ''}`, String(entries), median(invalidateMs), range(invalidateMs), readMs, commandText(commands)]);
  return { title: 'Invalidating all entries of one agent (ms)', columns: ['', 'entries', 'p50', 'min–max', 'first read after', 'Redis commands'], rows };
}

export function staleTable(staleness) {
  const rows = Object.keys(CACHES).map((who) => [titleOf(who), String(staleness[who].tries), String(staleness[who].alone), String(staleness[who].apart)]);
  return { title: 'Stale reads after a deletion during a load', columns: ['', 'tries', 'in one process', 'between two'], rows };
}

export function outageTable(outages, { capMs }) {
  const shown = ({ outcome, ms }) => ({ hangs: `hangs > ${capMs / 1000} s`, failed: `${rounded(ms)} (error)`, answered: rounded(ms) })[outcome];
  const rows = outages.map(({ name, variant, first, later }) => [variant ? `${titleOf(name)}, ${VARIANTS[variant][name]}` : titleOf(name), shown(first), shown(later), String(later.count)]);
  return { title: 'Redis without an answer: reads whose loader takes no time (ms)', columns: ['', 'first call', 'p99 of later ones', 'calls'], rows };
}

function rateCells(rate, all) {
  return [millions(rate), `${rounded(Math.min(...all) / 1e6)}–${millions(Math.max(...all))}`];
}

function timeCells({ median: { p50, p99 }, all }) {
  return [p50, range(all.map((run) => run.p50)), p99];
}

function commandText(commands) {
  return Object.entries(commands).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => (count === 1 ? name : `${count} ${name}`)).join(', ');
}

function times(ratio) {
  return `${rounded(ratio)} ×`;
}

function range(values) {
  return `${rounded(Math.min(...values))}–${rounded(Math.max(...values))}`;
}
