import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { ConversationRef } from '../../src/modules/conversations/index.js';
import type { MigrationSettings } from '../../src/shared/config/index.js';

const MAIN = join(import.meta.dirname, 'mover-process-main.mjs');

/** Every process of this test file: one whose test failed before its end must not outlive it. */
const started = new Set<ChildProcess>();
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** A move to make, over connections of its own. */
export interface MoveOrder extends ConversationRef {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly settings: Partial<MigrationSettings>;
}

/** How a move has ended that was not stopped. */
export interface MoveEnd {
  readonly conversationId: string;
  readonly movedTo?: number | null;
  readonly error?: string;
}

/** Movers in a process of their own, to be killed for real. */
export class MoverProcess {
  /** Moves that have come to an end. */
  readonly ended: MoveEnd[] = [];
  private readonly child = fork(MAIN, [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

  constructor() {
    started.add(this.child);
    this.child.on('message', (message) => this.ended.push(message as MoveEnd));
  }

  move(order: MoveOrder): void {
    this.child.send(order);
  }

  async kill(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
    started.delete(this.child);
  }
}
