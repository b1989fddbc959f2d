import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandResult, Streams, Tell } from '../cli-output.js';
import { JSON_OPTION, readNumber, readTenant } from '../command-options.js';
import { type ClearOptions, type InspectOptions, type MemoOptions, clearEntries, countEntries, inspectEntries, showEntry } from './memo-actions.js';
import { exportCache } from './memo-export.js';
import { CACHE_FORMS, type MemoPlace, memoPlaceOf } from './memo-place.js';
import { type OpenMemo, withMemo } from './open-memo.js';
import { AppError } from '../../shared/errors/index.js';
import { namespaceOf } from '../../shared/memo/index.js';

/** Columns where there is no terminal. */
const PLAIN_WIDTH = 120;

type Work<O> = (memo: OpenMemo, options: O) => Promise<CommandResult | undefined>;

/** `memo …`: what the caches of functions keep, wherever they do. */
export function addMemoCommands(program: Command, tell: Tell, { stdout, stderr }: Streams): void {
  const memo = program.command('memo').description('what memoised functions have returned, in any cache');
  /** A command that works on a place; `work` gets what its options say. */
  const add = <O extends MemoOptions>(name: string, description: string, work: Work<O>): Command =>
    memo.command(name).description(description)
      .requiredOption('--cache <place>', `where: ${CACHE_FORMS}`).option('--tenant <id>', 'whose, in Redis', readTenant).option('--namespace <name>', 'which cache of those in one database; "default" without it', readNamespace)
      .option(...JSON_OPTION)
      .action(async (options: O, command: Command) => {
        const place = placeOf(options, command);
        if (name === 'clear') checkWhich(options, command);
        const result = await withMemo(place, (opened) => work(opened, options));
        if (result) tell(result, options);
      });
  add('inspect', 'show the entries, the newest first where the cache knows', (opened, options: InspectOptions) =>
    options.key === undefined ? inspectEntries(opened, options, stdout.columns ?? PLAIN_WIDTH) : showEntry(opened, options.key))
    .addOption(functionOption()).addOption(keyOption()).option('--limit <number>', 'how many', readNumber(1, 10_000), 20);
  add('stats', 'count the entries of each function', countEntries);
  add('clear', 'remove the entries that you name, with --yes; without it, say what would go, exit code 1', clearEntries)
    .addOption(new Option('--all', 'all of them').conflicts(['function', 'expired', 'key']))
    .addOption(functionOption()).option('--expired', 'those that are misses already').addOption(keyOption().conflicts(['function', 'expired'])).option('--yes', 'do it');
  add('export', 'write the entries that have not expired as NDJSON, a line each, which entryOfText() reads', (opened, options: MemoOptions & { out?: string }) => exportCache(opened, options, { stdout, stderr }))
    .addOption(functionOption()).option('--out <file>', 'into this file, which appears whole, instead of to standard output', readPath);
}

function functionOption(): Option {
  return new Option('--function <name>', 'of this function only');
}

function keyOption(): Option {
  return new Option('--key <key>', 'the one with this key, or with the only key that begins so').argParser(readKey).conflicts(['function']);
}

/** @throws CommanderError that says what is wrong */
function placeOf(options: MemoOptions, command: Command): MemoPlace {
  try {
    return memoPlaceOf(options);
  } catch (error) {
    return command.error(`error: ${messageOf(error)}`);
  }
}

function checkWhich({ all, expired, key, function: name }: ClearOptions, command: Command): void {
  if (all === undefined && expired === undefined && key === undefined && name === undefined) command.error('error: say what is to go: --all, --function <name>, --expired (both together: the expired ones of it), or --key <key>');
}

/** @returns digits, as they are at the beginning of keys @throws InvalidArgumentError */
function readKey(text: string): string {
  if (!/^\d{1,40}n?$/.test(text)) throw new InvalidArgumentError('It must be 1 to 40 digits, as inspect shows them.');
  return text.replace('n', '');
}

function readNamespace(text: string): string {
  try {
    return namespaceOf(text);
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}

function messageOf(error: unknown): string {
  return error instanceof AppError ? error.message : String(error);
}

function readPath(text: string): string {
  if (text === '' || text.endsWith('/')) throw new InvalidArgumentError('It must be the name of a file.');
  return text;
}
