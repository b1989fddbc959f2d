import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { DomainAction } from '../../src/contracts/index.js';

const MAIN = join(import.meta.dirname, 'runner-process-main.mjs');

/** Every process of this test file: one whose test failed before its end must not outlive it. */
const started = new Set<ChildProcess>();
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** A run to do, by an application of its own. */
export interface RunOrder {
  readonly executionId: string;
  readonly action: DomainAction<'execution.agent_run'>;
  readonly environment: Record<string, string>;
}

/** Workers in a process of their own, to be killed for real. Each does one run, without a queue. */
export class RunnerProcess {
  /** Runs that have come to an end. */
  readonly ended: { readonly executionId: string; readonly error?: string }[] = [];
  private readonly child = fork(MAIN, [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

  constructor() {
    started.add(this.child);
    this.child.on('message', (message) => this.ended.push(message as RunnerProcess['ended'][number]));
  }

  run(order: RunOrder): void {
    this.child.send(order);
  }

  async kill(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
    started.delete(this.child);
  }
}
