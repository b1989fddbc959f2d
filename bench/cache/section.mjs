import { describeMachine } from '../result.mjs';
import { tableText } from '../table.mjs';

const MEANING = `### What the numbers mean

- **Hits of the memory** are reads by the call that would also load, of 256 keys in turn (made beforehand, for every cache), whose loader would end the bench with an error. Nooble hands out one frozen object, checked against the generations of its scopes; the others copy by default, and without copies (second rows) a reader can change what the next one gets.
- **Hits in Redis** are one at a time, so they are round trips: Nooble's is a script that also compares the generations, decoded and frozen; a bare GET parses nothing. Ratios are taken run by run, then their median. Nooble reads with \`consistency: 'strong'\`, bentocache and cache-manager through a cache that has only Redis, cacheable after its memory's entry was deleted.
- **Misses** are two round trips (look and take the lease; store, give the lease back); the limit is a GET and a SET.
- **Herds** start at one moment, in three processes by the clock. The loads are the highest of all rounds.
- **Invalidation** is without a word to any entry: the scope's generation is removed. After each one the bench puts it back, so that the next has as much to do. \`counted\` also reports how many entries there were. The commands are those that Redis ran, inside scripts, too; a second \`publish\` is the engine's sign of life, once a second. bentocache and cacheable do it by tags; cache-manager has neither.
- **Stale reads**: a load begins, its key is deleted and the deletion confirmed, the load ends with what it had read before; 20 ms later the key is read, by the loading and by the deleting process. Counted are keys that either still has as they were.
- **Redis without an answer** is a proxy that swallows everything: connections stay, nothing comes. \`hangs\` is no answer within the limit.`;

/** From this share of the cores on, what other programs did is in the figures. */
const NOISY = 0.05;

/**
 * The bench's part of RESULTS.md.
 *
 * @param {{ notes: string[], tables: object[], goals: object[], othersShare: number }} findings
 * @returns {string}
 */
export function section({ notes, tables, goals, othersShare }) {
  const rows = goals.map(({ goal, shown, isMet }) => `| ${goal} | ${shown}: ${isMet ? 'met' : 'missed'} |`);
  return [
    'Command: `npm run bench -- cache`, which writes this section (`--quick` writes nothing).',
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
    MEANING,
  ].join('\n');
}
