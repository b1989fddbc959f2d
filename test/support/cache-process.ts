import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { CacheRef } from '../../src/shared/cache/engine/place.js';
import type { CacheSettings } from '../../src/shared/config/index.js';
import { waitFor } from './wait-for.js';

const MAIN = join(import.meta.dirname, 'cache-process-main.mjs');

/** Every process of this test file: one whose test failed before its end must not outlive it. */
const started = new Set<ChildProcess>();
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** Read an entry so many times at once; if it has to be loaded, the loader takes its time and says `value`. */
export interface ReadOrder {
  readonly ref: CacheRef;
  readonly value: unknown;
  readonly callers: number;
  readonly loadMs: number;
}

interface Message {
  readonly kind: 'ready' | 'loading' | 'answered';
  /** With `answered`. */
  readonly values?: readonly unknown[];
}

/** A cache in a process of its own, to be killed for real. */
export class CacheProcess {
  /** Loaders that have begun. */
  loads = 0;
  private isReady = false;
  private values: readonly unknown[] | undefined;
  private complaints = '';

  private constructor(private readonly child: ChildProcess) {
    started.add(child);
    child.stderr?.on('data', (bytes: Buffer) => (this.complaints += bytes.toString()));
    child.on('message', (message) => {
      this.hear(message as Message);
    });
  }

  static async start(redisUrl: string, settings: Partial<CacheSettings> = {}): Promise<CacheProcess> {
    const all = { deadlineMs: 5_000, busBeatMs: 300, ...settings };
    const execArgv: string[] = [];
    const made = new CacheProcess(fork(MAIN, [redisUrl, JSON.stringify(all)], { execArgv, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] }));
    await made.until('the process to be ready', () => made.isReady);
    return made;
  }

  order(order: ReadOrder): void {
    this.values = undefined;
    this.child.send(order);
  }

  async loading(): Promise<void> {
    await this.until('a load', () => this.loads > 0);
  }

  /** What each caller of the last order got. */
  async answers(): Promise<readonly unknown[]> {
    return this.until('the answers', () => this.values);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private until<T>(what: string, ask: () => T | undefined | false): Promise<T> {
    return waitFor(what, () => {
      if (this.child.exitCode !== null) throw new Error(`the process ended: ${this.complaints}`);
      return ask();
    });
  }

  private hear(message: Message): void {
    if (message.kind === 'ready') this.isReady = true;
    else if (message.kind === 'loading') this.loads++;
    else this.values = message.values;
  }
}
