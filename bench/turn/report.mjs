import { availableParallelism } from 'node:os';
import { othersNote } from '../neighbours.mjs';
import { metric } from '../result.mjs';
import { goalTable, section } from '../section.mjs';
import { median } from '../statistics.mjs';
import { SUBJECTS } from './cells.mjs';
import { goalsOf } from './goals.mjs';
import { MEANING } from './meaning.mjs';
import { limitTable, ratioTable, turnTable } from './tables.mjs';

const PERCENTILES = ['p50', 'p95', 'p99'];

/**
 * What the bench `turn` says.
 *
 * @param {{ extent: { runs: number, durationMs: number }, turns: number, results: Record<string, { all: object[], median: object }>, others: number[], versions: { postgres: string, redis: string }, isQuick: boolean }} findings
 */
export function report({ extent: { runs, durationMs }, turns, results, others, versions, isQuick }) {
  const notes = [
    `Redis ${versions.redis} (appendonly yes, appendfsync everysec), PostgreSQL ${versions.postgres} (defaults, fsync on); \`AUTH_MODE=keys\`, role \`all\` in one process; builtin model without delay; memory windows full (50 messages).`,
    `Servers, Redis, PostgreSQL and load generators share these ${availableParallelism()} cores. Median of ${runs} runs of ${durationMs / 1000} s for each line, which took turns, after a warm-up.`,
    `All ${turns} turns are in PostgreSQL, with their events.`,
    othersNote(others),
  ];
  const tables = [turnTable(results), ratioTable(results), limitTable(results)];
  const goals = goalsOf(results);
  const written = isQuick ? undefined : section({ bench: 'turn', notes, tables, goals, othersShare: Math.max(...others), meaning: MEANING });
  const metrics = { ...metricsOf(results), othersShare: metric(median(others), 'share of cores') };
  for (const { key, value, unit, limit, peer, bound } of goals) metrics[key] = metric(value, unit, { limit, peer, goal: bound });
  return { runs, notes, tables: [...tables, goalTable(goals)], metrics, section: written };
}

/** Names are what.cell.percentile. */
function metricsOf(results) {
  return Object.fromEntries(Object.entries(results).flatMap(([cell, { median: { perSecond, serverCpuMs, times } }]) => [
    [`perSecond.${cell}`, metric(perSecond, '1/s')],
    ...(SUBJECTS[/^[a-z]+/.exec(cell)[0]].server ? [[`serverCpu.${cell}`, metric(serverCpuMs, 'ms')]] : []),
    ...Object.entries(times).flatMap(([mark, of]) => PERCENTILES.map((p) => [`${mark}.${cell}.${p}`, metric(of[p], 'ms')])),
  ]));
}
