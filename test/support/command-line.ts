import { Writable } from 'node:stream';
import { runCommandLine } from '../../src/cli/command-line.js';
import type { CliEnd } from './cli-process.js';

class Written extends Writable {
  text = '';

  constructor(readonly columns: number) {
    super();
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Runs the command line in this process, on a terminal of 100 columns unless the test says otherwise. @param environment in place of this process's */
export async function runCommand(args: readonly string[], columns = 100, environment?: Record<string, string>): Promise<CliEnd> {
  const [stdout, stderr] = [new Written(columns), new Written(columns)];
  const code = await runCommandLine(args, { stdout, stderr }, environment);
  return { code, stdout: stdout.text, stderr: stderr.text };
}
