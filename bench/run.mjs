// Runs one benchmark: npm run bench -- NAME [--quick | --full] [--json]
import { CommandError, runCommand } from '../scripts/command.mjs';
import { style } from '../scripts/progress.mjs';
import { benchResult, describeMachine } from './result.mjs';
import { writeSection } from './results-file.mjs';
import { printTable } from './table.mjs';

/** Each module exports `run({ isQuick, isFull })`, which resolves with `{ runs, notes, tables, metrics, section }`; `section`, if any, goes to RESULTS.md. */
const BENCHES = {
  cache: { about: 'the cache engine, beside bentocache, cacheable, cache-manager 7 and bare clients', load: () => import('./cache.mjs') },
  commands: { about: 'the cache of commands, beside a bare Map and lru-cache', load: () => import('./commands.mjs') },
  conversations: { about: 'the store of conversations, beside bare Redis, LangGraph and Mastra', load: () => import('./conversations.mjs') },
  crm: { about: 'lists, searches, details and statistics over a million conversations, beside bare SQL; what the guard adds to a request', load: () => import('./crm.mjs') },
  durability: { about: 'what is lost of acknowledged messages when Redis is killed', load: () => import('./durability.mjs') },
  events: { about: 'the events of runs: replay over SSE and WebSocket beside bare XRANGE paging, delivery to 1000 sockets', load: () => import('./events.mjs') },
  memo: { about: 'memoised functions, beside cachified, p-memoize, moize and memoizee; gets of its stores', load: () => import('./memo.mjs') },
  migration: { about: 'the move of conversations from Redis to PostgreSQL, beside COPY, a bare insert and TypeORM', load: () => import('./migration.mjs'), hasFull: true },
  turn: { about: 'turns of an agent over REST and WebSocket, beside bare Redis, a bare route, a bare Bull job and the server of LangGraph', load: () => import('./turn.mjs') },
};
const OPTIONS = ['--quick', '--full', '--json'];

function usage() {
  const benches = Object.entries(BENCHES).map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`);
  return ['Usage: npm run bench -- NAME [--quick | --full] [--json]', ...benches, '  --quick      in about a minute', '  --full       migration only: 100 000 conversations × 10 messages and 100 × 10 000', '  --json       one JSON object on the last line'].join('\n');
}

function parse(args) {
  const names = args.filter((arg) => !arg.startsWith('-'));
  const unknown = args.find((arg) => arg.startsWith('-') && !OPTIONS.includes(arg)) ?? names.find((name) => !Object.hasOwn(BENCHES, name)) ?? names[1];
  if (unknown !== undefined || names.length === 0) {
    console.log(usage());
    throw new CommandError(unknown === undefined ? 'Name a benchmark.' : `There is no benchmark or option "${unknown}" here.`);
  }
  const [isQuick, isFull, isJson] = OPTIONS.map((option) => args.includes(option));
  if (isFull && (isQuick || !BENCHES[names[0]].hasFull)) throw new CommandError('--full is for the bench "migration", and without --quick.');
  return { name: names[0], isQuick, isFull, isJson };
}

await runCommand(async (args) => {
  const { name, isQuick, isFull, isJson } = parse(args);
  const bench = await BENCHES[name].load();
  console.log(style.bold(`bench ${name}${isQuick ? ' (quick)' : isFull ? ' (full)' : ''}`));
  const { runs, notes, tables, metrics, section } = await bench.run({ isQuick, isFull });
  console.log(`\n${[describeMachine(), ...notes].join('\n')}`);
  tables.forEach(printTable);
  if (section) writeSection(name, section);
  if (isJson) console.log(JSON.stringify(benchResult(name, runs, metrics)));
});
