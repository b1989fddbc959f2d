import { Command, CommanderError } from 'commander';
import { type Streams, type Tell, textOf } from './cli-output.js';
import { addMemoCommands } from './memo/memo-commands.js';
import { printableLines } from './printable.js';
import { inCommands } from './ways-out.js';
import { AppError } from '../shared/errors/index.js';
import { secretFree } from '../shared/telemetry/index.js';

/** Exit codes besides 0: it failed, or found something wrong; it was misused. */
const FAILED = 1;
const MISUSED = 2;

/**
 * Does one command.
 *
 * @param args behind the program's name
 * @param environment where commands that work in the application have their settings; this process's if it is left out
 * @returns the exit code: 0; 1 when it failed, or found something wrong; 2 when it was misused. Never fails
 */
export async function runCommandLine(args: readonly string[], { stdout, stderr }: Streams, environment?: NodeJS.ProcessEnv): Promise<number> {
  let code = 0;
  const tell: Tell = (result, { json = false }) => {
    stdout.write(textOf(result, json));
    if (result.isWrong === true) code = FAILED;
  };
  // What it refuses it repeats, and that may be a URL with a password.
  const program = new Command('nooble').description('Nooble’s command line').exitOverride()
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(secretFree(text)) });
  try {
    // The server's parts take a second to load, and what is kept in a file needs none of them.
    if (args[0] !== 'memo') (await import('./app-commands.js')).addAppCommands(program, tell, environment);
    addMemoCommands(program, tell, { stdout, stderr });
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // commander has said what is wrong; the end of a help text is no fault.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
    stderr.write(`nooble: ${printableLines(sentenceOf(error))}\n`);
    return FAILED;
  }
}

/** What is wrong; of a fault that is ours also where. */
function sentenceOf(error: unknown): string {
  if (error instanceof AppError) return inCommands(error);
  return error instanceof Error ? secretFree(error.stack ?? error.message) : String((error as AppError).message);
}
