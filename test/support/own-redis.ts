import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { Redis } from 'ioredis';

/** Every server of this test file: one whose test failed before its end must not outlive it. */
const started = new Set<ChildProcess>();
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** A Redis server of one test, to be stopped, killed and started again. Every acknowledged write is on disk (`appendfsync always`). */
export class OwnRedis {
  private child: ChildProcess | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), 'nooble-redis-'));

  private constructor(
    readonly port: number,
    private readonly extra: readonly string[],
  ) {}

  /** @param extra settings of the server besides those that every one has */
  static async start(port: number, extra: readonly string[] = []): Promise<OwnRedis> {
    const redis = new OwnRedis(port, extra);
    await redis.begin();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${String(this.port)}`;
  }

  /** Starts the server on the data it has, and waits until it answers. */
  async begin(): Promise<void> {
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, '--appendonly', 'yes', '--appendfsync', 'always', '--save', '', ...this.extra];
    this.child = spawn(program(), options, { stdio: 'ignore' });
    started.add(this.child);
    const client = new Redis(this.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    await client.ping();
    client.disconnect();
  }

  async kill(): Promise<void> {
    if (!this.child) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
    this.child = undefined;
  }

  /** It hangs: its connections stay open, and nothing is answered until it goes on. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function program(): string {
  return execFileSync('sh', ['-c', 'command -v redis-server || command -v valkey-server'], { encoding: 'utf8' }).trim();
}
