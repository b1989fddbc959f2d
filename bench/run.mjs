// Runs one benchmark: npm run bench -- NAME [--quick] [--json]
import { CommandError, runCommand } from '../scripts/command.mjs';
import { style } from '../scripts/progress.mjs';
import { benchResult, describeMachine } from './result.mjs';
import { writeSection } from './results-file.mjs';
import { printTable } from './table.mjs';

/** Each module exports `run({ isQuick })`, which resolves with `{ runs, notes, tables, metrics, section }`; `section`, if any, goes to RESULTS.md. */
const BENCHES = {
  cache: { about: 'the cache engine, beside bentocache, cacheable, cache-manager 7 and bare clients', load: () => import('./cache.mjs') },
  conversations: { about: 'the store of conversations, beside bare Redis, LangGraph and Mastra', load: () => import('./conversations.mjs') },
  durability: { about: 'what is lost of acknowledged messages when Redis is killed', load: () => import('./durability.mjs') },
  turn: { about: 'one turn of an agent over WebSocket and SSE, beside a bare Fastify route and a bare Bull job', load: () => import('./turn.mjs') },
};
const OPTIONS = ['--quick', '--json'];

function usage() {
  const benches = Object.entries(BENCHES).map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`);
  return ['Usage: npm run bench -- NAME [--quick] [--json]', ...benches, '  --quick      in about a minute', '  --json       one JSON object on the last line'].join('\n');
}

function parse(args) {
  const names = args.filter((arg) => !arg.startsWith('-'));
  const unknown = args.find((arg) => arg.startsWith('-') && !OPTIONS.includes(arg)) ?? names.find((name) => !Object.hasOwn(BENCHES, name)) ?? names[1];
  if (unknown !== undefined || names.length === 0) {
    console.log(usage());
    throw new CommandError(unknown === undefined ? 'Name a benchmark.' : `There is no benchmark or option "${unknown}" here.`);
  }
  return { name: names[0], isQuick: args.includes('--quick'), isJson: args.includes('--json') };
}

await runCommand(async (args) => {
  const { name, isQuick, isJson } = parse(args);
  const bench = await BENCHES[name].load();
  console.log(style.bold(`bench ${name}${isQuick ? ' (quick)' : ''}`));
  const { runs, notes, tables, metrics, section } = await bench.run({ isQuick });
  console.log(`\n${[describeMachine(), ...notes].join('\n')}`);
  tables.forEach(printTable);
  if (section) writeSection(name, section);
  if (isJson) console.log(JSON.stringify(benchResult(name, runs, metrics)));
});
