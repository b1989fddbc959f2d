import { spawn } from 'node:child_process';
import { join } from 'node:path';

const CLI = join(import.meta.dirname, '../../dist/cli.js');
/** What `npm run nooble` runs. */
const SCRIPT = join(import.meta.dirname, '../../scripts/nooble.mjs');

export interface CliEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the compiled command line to its end. */
export function runCli(environment: Record<string, string>, ...args: string[]): Promise<CliEnd> {
  return runFile(CLI, environment, args);
}

/** Runs it as `npm run nooble` does, which brings services along where a command needs them. */
export function runScript(environment: Record<string, string>, ...args: string[]): Promise<CliEnd> {
  return runFile(SCRIPT, environment, args);
}

async function runFile(file: string, environment: Record<string, string>, args: readonly string[]): Promise<CliEnd> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [file, ...args], { env: { PATH, ...environment } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}
