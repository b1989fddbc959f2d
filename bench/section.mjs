import { describeMachine } from './result.mjs';
import { tableText } from './table.mjs';

/** From this share of the cores on, what other programs did is in the figures. */
const NOISY = 0.05;

/**
 * A bench's part of RESULTS.md.
 *
 * @param {object} findings
 * @param {string} findings.bench its name
 * @param {string[]} findings.notes
 * @param {object[]} findings.tables
 * @param {{ goal: string, shown: string, isMet: boolean }[]} findings.goals
 * @param {number} findings.othersShare the most that other programs kept busy of the cores, 0 to 1
 * @param {string} findings.meaning what the numbers mean, the list
 * @returns {string}
 */
export function section({ bench, notes, tables, goals, othersShare, meaning }) {
  const rows = goals.map(({ goal, shown, isMet }) => `| ${goal} | ${shown}: ${verdict(isMet)} |`);
  return [
    `Command: \`npm run bench -- ${bench}\`, which writes this section (\`--quick\` writes nothing).`,
    `Date: ${new Date().toISOString().slice(0, 10)}. Machine: ${describeMachine()}.`,
    ...(othersShare > NOISY ? ['', '**Noisy: other programs were busy during this run, and its timings are no verdict. To be run again on a quiet machine.**'] : []),
    '',
    ...notes.map((note) => `- ${note}`),
    '',
    '| goal | measured |',
    '|---|---|',
    ...rows,
    '',
    '```',
    tables.map(tableText).join('\n\n'),
    '```',
    '',
    '### What the numbers mean',
    '',
    meaning,
  ].join('\n');
}

/** The goals as a table to print. */
export function goalTable(goals) {
  return { title: 'Goals', columns: ['goal', 'measured', 'verdict'], rows: goals.map(({ goal, shown, isMet }) => [goal, shown, verdict(isMet)]) };
}

function verdict(isMet) {
  return isMet ? 'met' : 'missed';
}
