import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

const MAIN = join(import.meta.dirname, 'own-postgres-main.mjs');

/** Every server of this test file: one whose test failed before its end must not outlive it. */
const started = new Set<OwnPostgres>();
afterAll(async () => {
  await Promise.all([...started].map((postgres) => postgres.remove()));
});

type Order = 'begin' | 'kill' | 'remove';

/** A PostgreSQL server of one test, to be killed and started again. What is committed is on disk. Its database has no schema. */
export class OwnPostgres {
  /** Of its database, with the password. */
  url = '';
  private readonly host: ChildProcess = fork(MAIN, [`test-postgres-${randomBytes(6).toString('hex')}`], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

  private constructor() {
    started.add(this);
  }

  static async start(): Promise<OwnPostgres> {
    const postgres = new OwnPostgres();
    await postgres.begin();
    return postgres;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Starts the server on the data it has, and waits until it takes connections. */
  async begin(): Promise<void> {
    this.url = (await this.ask('begin')) ?? this.url;
  }

  /** The server and every process of its own, with SIGKILL. */
  async kill(): Promise<void> {
    await this.ask('kill');
  }

  async remove(): Promise<void> {
    if (!started.delete(this) || !this.host.connected) return;
    await this.ask('remove');
    const exited = once(this.host, 'exit');
    this.host.disconnect();
    await exited;
  }

  private async ask(order: Order): Promise<string | undefined> {
    const answered = new Promise<{ answer?: string; error?: string }>((resolve, reject) => {
      const onExit = (): void => {
        reject(new Error('the host of PostgreSQL has ended'));
      };
      this.host.once('exit', onExit);
      this.host.once('message', (message) => {
        this.host.off('exit', onExit);
        resolve(message as { answer?: string; error?: string });
      });
    });
    this.host.send(order);
    const { answer, error } = await answered;
    if (error !== undefined) throw new Error(`${order} PostgreSQL: ${error}`);
    return answer;
  }
}
