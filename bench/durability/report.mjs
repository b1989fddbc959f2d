import { othersNote } from '../neighbours.mjs';
import { metric } from '../result.mjs';
import { section, goalTable } from '../section.mjs';
import { median, percentile } from '../statistics.mjs';
import { rounded } from '../table.mjs';

const TITLES = { control: 'appendonly no (control)', always: 'always', everysec: 'everysec', no: 'no' };
const MEANING = `- **A trial** starts a Redis, lets 32 clients append messages of about 0.8 KB without a pause through the product's store, kills Redis with SIGKILL at a moment of chance, starts it again on the same files, and looks for the id of every message that was acknowledged.
- **A killed process** loses what it had not handed to the operating system. Redis does that before it answers, except with \`everysec\` while a flush is under way: then it answers first and hands over when the flush is done, or after 2 s. Those are the losses of \`everysec\`; "of the last … ms" is from the first answer that was lost to the last one given. What a loss of power costs is another question, and no trial here answers it: the machine goes on.
- **The control** keeps nothing. Trials that found nothing lost there would measure nothing, and the bench would end with an error.
- **Not forced yet** is an upper bound of what a loss of power may cost under \`everysec\`: what was acknowledged and is not surely part of a flush that is over, as far as INFO tells, asked about every millisecond. With \`always\` Redis answers after the flush, so it is nothing; with \`no\` Redis never flushes and cannot tell: the operating system writes within some 30 s on Linux.`;

/** What the bench `durability` says. */
export function report({ extent, trials, unforced, others, isQuick }) {
  const notes = [
    `${extent.trials} trials of each setting, which took turns; Redis killed ${extent.leastMs / 1000} to ${extent.mostMs / 1000} s after the first append; ${extent.clients} clients.`,
    `What is not forced was watched for ${extent.watchMs / 1000} s: ${rounded(unforced.perSecond)} appends per second, ${unforced.flushes} flushes seen, ${unforced.delayed} writes held up for 2 s and more.`,
    othersNote(others),
  ];
  const goals = [goalOf(trials.always)];
  const tables = [trialTable(trials), unforcedTable(unforced)];
  const written = isQuick ? undefined : section({ bench: 'durability', notes, tables, goals, othersShare: Math.max(...others), meaning: MEANING });
  return { runs: extent.trials, notes, tables: [...tables, goalTable(goals)], metrics: metricsOf({ trials, unforced }), section: written };
}

function goalOf(always) {
  const lost = total(always, 'lost');
  return { goal: 'acknowledged messages lost with appendfsync always, Redis killed', shown: `${lost} of ${total(always, 'acknowledged')}`, isMet: lost === 0 };
}

function trialTable(trials) {
  const rows = Object.entries(trials).map(([setting, all]) => [
    TITLES[setting], String(all.length), String(total(all, 'acknowledged')), total(all, 'acknowledged') / total(all, 'seconds'),
    ...[all.filter(({ lost }) => lost > 0).length, highest(all, 'lost'), total(all, 'lost')].map(String),
    highest(all, 'lostMs'),
  ]);
  return { title: 'Redis killed with SIGKILL, messages', columns: ['appendfsync', 'trials', 'acknowledged', 'per second', 'trials with losses', 'lost at most', 'lost in all', 'of the last … ms'], rows };
}

function unforcedTable({ messages, ms }) {
  const row = (title, values) => [title, median(values), percentile(values, 99), Math.max(...values)];
  return { title: 'Not forced to disk yet with appendfsync everysec, at most', columns: ['', 'median', 'p99', 'max'], rows: [row('messages', messages), row('ms', ms)] };
}

function metricsOf({ trials, unforced }) {
  const lost = Object.entries(trials).map(([setting, all]) => [`lost.${setting}`, metric(total(all, 'lost'), 'messages', { goal: setting === 'always' ? 0 : null })]);
  return { ...Object.fromEntries(lost), 'unforced.median': metric(median(unforced.ms), 'ms'), 'unforced.max': metric(Math.max(...unforced.ms), 'ms') };
}

function highest(all, field) {
  return Math.max(...all.map((trial) => trial[field]));
}

function total(all, field) {
  return all.reduce((sum, trial) => sum + trial[field], 0);
}
