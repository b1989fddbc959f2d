import { othersNote } from '../neighbours.mjs';
import { metric } from '../result.mjs';
import { goalTable, section } from '../section.mjs';
import { median } from '../statistics.mjs';
import { rounded } from '../table.mjs';
import { SUBJECTS } from './subjects.mjs';

/** What is measured, its title and the least that it is to be, per second. */
export const MEASURES = {
  byUuid: { title: 'get by UUID', goal: 8_000_000 },
  byTemporaryId: { title: 'get by temporary id', goal: 5_000_000 },
  update: { title: 'update of the status', goal: 2_000_000 },
  updateResults: { title: 'update of status and results', goal: null },
};

const MEANING = `- **Nooble** reads the clock and prolongs the life of a command at each get, and hands out an object that is frozen through and through. An update makes a new one: it copies and freezes what came, keeps the background, moves the time. Nobody listens to its events here.
- **lru-cache** is set up as near as it comes: the same time to live, prolonged by a get, and a second cache from temporary ids to UUIDs. A reader can change what the next one gets.
- **Map** is the limit: a command under both of its ids, and nothing else.`;

/** @param {{ extent: { runs: number, commands: number }, rates: object, others: number[], isQuick: boolean }} findings `rates`: measure → subject → per second, run by run */
export function report({ extent, rates, others, isQuick }) {
  const notes = [`${extent.commands} commands in turn; median of ${extent.runs} runs after a warm-up, which took turns. Each cache in a process of its own, on one core.`, othersNote(others)];
  const tables = Object.entries(MEASURES).map(([name, { title }]) => rateTable(title, rates[name]));
  const goals = Object.entries(MEASURES).flatMap(([name, { title, goal }]) => (goal === null ? [] : [goalOf(name, title, goal, rates[name])]));
  const metrics = Object.fromEntries(Object.entries(rates).flatMap(([name, cells]) => Object.entries(cells).map(([who, runs]) => [`${name}.${who}`, metric(median(runs), '1/s')])));
  for (const { key, value, limit, peer, bound } of goals) metrics[key] = metric(value, '1/s', { limit, peer, goal: bound });
  const written = isQuick ? undefined : section({ bench: 'commands', notes, tables, goals, othersShare: Math.max(...others), meaning: MEANING });
  return { runs: extent.runs, notes, tables: [...tables, goalTable(goals)], metrics, section: written };
}

function rateTable(title, cells) {
  const [ours, limit] = [median(cells.ours), median(cells.map)];
  const rows = Object.entries(cells).map(([who, runs]) => [SUBJECTS[who].title, millions(median(runs)), `${millions(Math.min(...runs))}–${millions(Math.max(...runs))}`, `${rounded(limit / median(runs))} ×`, `${rounded(ours / median(runs))} ×`]);
  return { title: `Commands: ${title}`, columns: ['', 'per second', 'min–max', 'limit/this', 'Nooble/this'], rows };
}

function goalOf(name, title, bound, cells) {
  const value = median(cells.ours);
  return { key: `goal.${name}`, goal: `${title}, at least ${millions(bound)}/s`, value, limit: median(cells.map), peer: median(cells.lru), bound, shown: `${millions(value)}/s`, isMet: value >= bound };
}

function millions(perSecond) {
  return `${rounded(perSecond / 1e6)} M`;
}
