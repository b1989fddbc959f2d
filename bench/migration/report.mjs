import { availableParallelism } from 'node:os';
import { othersNote } from '../neighbours.mjs';
import { metric } from '../result.mjs';
import { goalTable, section } from '../section.mjs';
import { median } from '../statistics.mjs';
import { goalsOf } from './goals.mjs';
import { MEANING } from './meaning.mjs';
import { tablesOf } from './tables.mjs';

/** What the bench `migration` says. */
export function report({ others, versions, isQuick, isFull, ...findings }) {
  const { extent } = findings;
  const goals = goalsOf(findings);
  const tables = tablesOf(findings);
  const notes = [
    `Redis ${versions.redis} (appendonly yes, appendfsync everysec), PostgreSQL ${versions.postgres} (defaults, fsync on); they share these ${availableParallelism()} cores with the movers.`,
    `Median of ${extent.runs} runs after a warm-up, by turns; the workers' rows are one run each. Redis is filled by the hot store's own script that brings conversations back.`,
    ...(isFull ? [] : ['Fewer conversations than the aim speaks of (100 000 × 10 and 100 × 10 000, which `-- migration --full` moves); rates are not extrapolated.']),
    othersNote(others),
  ];
  const written = isQuick ? undefined : section({ bench: `migration${isFull ? ' --full' : ''}`, notes, tables, goals, othersShare: Math.max(...others), meaning: MEANING });
  return { runs: extent.runs, notes, tables: [...tables, goalTable(goals)], metrics: { ...metricsOf(findings, goals), othersShare: metric(median(others), 'share of cores') }, section: written };
}

function metricsOf({ mover, workers, foreground }, goals) {
  const rates = [...Object.entries(mover.timings).map(([cell, { median: { perSecond } }]) => [cell, perSecond]), ...Object.entries(workers).map(([cell, { perSecond }]) => [`workers.${cell}`, perSecond])];
  const appends = Object.entries(foreground).flatMap(([cell, { median: { p50, p99 } }]) => [[`append.${cell}.p50`, metric(p50, 'ms')], [`append.${cell}.p99`, metric(p99, 'ms')]]);
  const ofMemory = mover.memory.map(({ messages, peakRssMib }) => [`peakRss.${messages}`, metric(peakRssMib, 'MiB')]);
  const forGoals = goals.map(({ key, value, unit, limit, bound }) => [key, metric(value, unit, { limit, goal: bound })]);
  return Object.fromEntries([...rates.map(([cell, perSecond]) => [`perSecond.${cell}`, metric(perSecond, '1/s')]), ...appends, ...ofMemory, ...forGoals]);
}
