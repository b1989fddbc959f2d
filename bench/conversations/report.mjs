import { availableParallelism } from 'node:os';
import { othersNote } from '../neighbours.mjs';
import { metric } from '../result.mjs';
import { goalTable, section } from '../section.mjs';
import { median } from '../statistics.mjs';
import { rounded } from '../table.mjs';
import { goalsOf } from './goals.mjs';
import { MEANING } from './meaning.mjs';
import { MEMORIES, titleOf } from './peers.mjs';
import { tablesOf } from './tables.mjs';

/**
 * What the bench `conversations` says.
 *
 * @param {object} findings of the measures, by name
 */
export function report({ others, versions, unavailable, isQuick, ...findings }) {
  const { extent, timings, storage } = findings;
  const notes = notesOf({ others, versions, unavailable, ...findings });
  const goals = goalsOf({ extent, timings, storage });
  const tables = tablesOf(findings);
  const written = isQuick ? undefined : section({ bench: 'conversations', notes, tables, goals, othersShare: Math.max(...others), meaning: MEANING });
  return { runs: extent.runs, notes, tables: [...tables, goalTable(goals)], metrics: { ...metricsOf(findings, goals), othersShare: metric(median(others), 'share of cores') }, section: written };
}

function notesOf({ extent, timings, others, versions, unavailable }) {
  const known = Object.entries(MEMORIES).filter(([who]) => unavailable[who] === undefined);
  return [
    `Redis ${versions.redis} (appendonly yes, appendfsync everysec where nothing else is said, no rewrites of its file during the run), PostgreSQL ${versions.postgres} (defaults); each keeper of conversations in a process of its own, which shares these ${availableParallelism()} cores with them.`,
    `Median of ${extent.runs} runs after a warm-up, which took turns. ${extent.conversations} conversations, so a client has one of its own in each turn.`,
    `The text is English-like, the same in every run: questions of 400 characters on average, answers of 1200, words by Zipf's law.`,
    `Counting the tokens of a message that was never counted takes Nooble ${rounded(timings.counting.median)} ms; it is in the turns, not in the appends.`,
    othersNote(others),
    ...known.map(([, { title, setup }]) => `${title}: ${setup}.`),
    ...Object.entries(unavailable).map(([who, failure]) => `Not measured: ${titleOf(who)}. It needs the module RedisJSON, which this Redis does not have (${failure.slice(0, 60)}…).`),
  ];
}

/** Goals by their key, then every time and rate as measure.clients.work.figure. */
function metricsOf({ timings, fsync }, goals) {
  const forGoals = goals.map(({ key, value, unit, limit, peer, bound }) => [key, metric(value, unit, { limit, peer, goal: bound })]);
  const ofTiming = (name, timing) => Object.entries(timing).map(([figure, value]) => [`${name}.${figure}`, metric(value, figure === 'perSecond' ? '1/s' : 'ms')]);
  const ofWorks = (cell, works) => Object.entries(works).flatMap(([name, timing]) => ofTiming(`${cell}.${name}`, timing));
  const { counting, ...cells } = timings;
  const ofCells = Object.entries(cells).flatMap(([cell, { median: found }]) => (cell.startsWith('turns.') ? ofTiming(cell, found) : ofWorks(cell, found)));
  const ofFsync = Object.entries(fsync).flatMap(([setting, { median: found }]) => ofWorks(`fsync.${setting}`, found));
  return { ...Object.fromEntries([...ofCells, ...ofFsync]), counting: metric(counting.median, 'ms'), ...Object.fromEntries(forGoals) };
}
