import { availableParallelism } from 'node:os';
import { othersNote } from '../neighbours.mjs';
import { metric } from '../result.mjs';
import { goalTable, section } from '../section.mjs';
import { median } from '../statistics.mjs';
import { goalsOf } from './goals.mjs';
import { summary } from './measure-herds.mjs';
import { MEANING } from './meaning.mjs';
import { CACHES, VARIANTS } from './peers.mjs';
import { herdTable, hitTable, invalidationTable, outageTable, peekTable, remoteTable, missTable, staleTable } from './tables.mjs';

/**
 * What the bench `cache` says.
 *
 * @param {object} findings of the measures, by name
 */
export function report({ extent, others, redisVersion, isQuick, ...findings }) {
  const { timings, herds, staleness, invalidations, outages } = findings;
  const notes = [
    `Redis ${redisVersion} (appendonly yes), one server for all; each cache in processes of its own, which share these ${availableParallelism()} cores with Redis.`,
    `Median of ${extent.runs} runs after a warm-up, which took turns. Values of 2.6 KB as JSON.`,
    othersNote(others),
    ...Object.values(CACHES).map(({ title, setup }) => `${title}: ${setup}.`),
    ...variantNotes(),
  ];
  const goals = goalsOf(findings);
  const tables = [
    ...[hitTable(timings), peekTable(timings), remoteTable(timings), missTable(timings)],
    ...[herdTable(herds, extent), invalidationTable(invalidations), staleTable(staleness), outageTable(outages, extent)],
  ];
  const written = isQuick ? undefined : section({ bench: 'cache', notes, tables, goals, othersShare: Math.max(...others), meaning: MEANING });
  return { runs: extent.runs, notes, tables: [...tables, goalTable(goals)], metrics: { ...metricsOf(findings, goals), othersShare: metric(median(others), 'share of cores') }, section: written };
}

function variantNotes() {
  const list = (variants) => Object.entries(variants).map(([name, setup]) => `${name} (${setup})`).join(', ');
  return [`Without copies: ${list(VARIANTS.withoutCopies)}.`, `Set up for outages: ${list(VARIANTS.forOutages)}.`];
}

/** Goals by their key, then every time and rate as measure.who.percentile. */
function metricsOf({ timings, herds, staleness }, goals) {
  const forGoals = goals.map(({ key, value, unit, limit, peer, bound }) => [key, metric(value, unit, { limit, peer, goal: bound })]);
  const rates = ['hits', 'peeks'].flatMap((name) => Object.entries(timings[name]).map(([who, cell]) => [`${name}.${who}`, metric(cell.median, '1/s')]));
  const times = ['remoteHits', 'bareGets', 'misses'].flatMap((name) =>
    Object.entries(timings[name]).flatMap(([who, cell]) => ['p50', 'p99'].map((p) => [`${name}.${who}.${p}`, metric(cell.median[p], 'ms')])));
  const counts = Object.keys({ ...CACHES }).flatMap((who) => [
    [`herd.${who}.loads`, metric(summary(herds[who]).loads, 'loads')],
    [`herds.${who}.loads`, metric(summary(herds[who]).loadsTogether, 'loads')],
    [`stale.${who}.alone`, metric(staleness[who].alone, 'reads')],
    [`stale.${who}.apart`, metric(staleness[who].apart, 'reads')],
  ]);
  return { ...Object.fromEntries([...rates, ...times, ...counts]), ...Object.fromEntries(forGoals) };
}
