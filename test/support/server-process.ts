import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { ApiClient } from './api-client.js';
import { patienceWith } from './services.js';
import { waitFor } from './wait-for.js';

const MAIN = join(import.meta.dirname, '../../dist/main.js');
const DEFAULTS = { AUTH_MODE: 'headers', HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info', MIGRATION_INTERVAL_SECONDS: '1', MIGRATION_CLOSE_GRACE_SECONDS: '0', JOB_LOCK_SECONDS: '6' };
const LISTENS = /listens on (\S+) /;
/** Where many processes share two cores. */
const LISTENS_WITHIN_MS = 60_000;

/** Every server of this test file: one whose test failed before its end must not outlive it. */
const started = new Set<ChildProcess>();
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** The compiled server as a process of its own, to be killed for real. */
export class ServerProcess {
  /** Everything it has written. */
  output = '';

  private constructor(readonly child: ChildProcess) {
    started.add(child);
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => (this.output += bytes.toString()));
  }

  static spawn(environment: Record<string, string>): ServerProcess {
    const { PATH = '' } = process.env;
    return new ServerProcess(spawn(process.execPath, [MAIN], { env: { PATH, ...DEFAULTS, ...patienceWith(environment['REDIS_URL']), ...environment } }));
  }

  static async start(environment: Record<string, string>): Promise<ServerProcess> {
    const server = ServerProcess.spawn(environment);
    await server.url();
    return server;
  }

  get isListening(): boolean {
    return LISTENS.test(this.output);
  }

  /** Where it listens, once it does. */
  async url(): Promise<string> {
    return waitFor(`the server to listen; it said: ${this.output}`, () => {
      if (this.child.exitCode !== null) throw new Error(`the server ended: ${this.output}`);
      return LISTENS.exec(this.output)?.[1];
    }, LISTENS_WITHIN_MS);
  }

  async client(tenantId: string, tier = 'enterprise'): Promise<ApiClient> {
    return new ApiClient(await this.url(), { 'x-tenant-id': tenantId, 'x-tenant-tier': tier });
  }

  /** @returns the exit code, null when a signal ended it */
  async exited(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const [code] = (await once(this.child, 'exit')) as [number | null];
    return code;
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    const exited = this.exited();
    this.child.kill(signal);
    return exited;
  }
}
