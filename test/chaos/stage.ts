import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { OwnRedis } from '../support/own-redis.js';
import { ServerProcess } from '../support/server-process.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';
import type { Fault, Target } from './fault-schedule.js';
import { STEPS, script } from './move-steps.js';

type ProcessName = Exclude<Target, 'redis' | 'postgres'>;
const PROCESSES: readonly ProcessName[] = ['api', 'worker1', 'worker2'];
/** A server that is slow to start on a busy machine. */
const START_MS = 60_000;
const PAUSE_MS = 200;

/** Conversations move, are trimmed, leave Redis and come back all the time; nobody waits long for a store that is away. */
const SETTINGS = {
  ...{ MIGRATION_INTERVAL_SECONDS: '1', MIGRATION_MAX_LAG_SECONDS: '1', MIGRATION_CLOSE_GRACE_SECONDS: '0', MIGRATION_RELEASE_SECONDS: '0' },
  ...{ MIGRATION_BATCH_SIZE: '7', MIGRATION_HOT_TAIL_MESSAGES: '20', DATABASE_STATEMENT_TIMEOUT_MS: '3000', REDIS_COMMAND_TIMEOUT_MS: '1000' },
  ...{ WAIT_FOR_SERVICES: 'true', LOG_LEVEL: 'error', NODE_ENV: 'test' },
};

/** What a store does without an answer when it becomes mute: who asked has to find out whether it is done. */
const UNANSWERED = { redis: script('append-next').says, postgres: STEPS.commit.says } as const;

/** Two workers, an api, and a Redis and a PostgreSQL of their own behind proxies: everything that a fault can hit. */
export class Stage {
  /** A process that nobody has killed has ended. */
  readonly violations: string[] = [];
  private readonly processes = new Map<ProcessName, ServerProcess>();
  private isClosing = false;

  private constructor(
    readonly redis: OwnRedis,
    readonly postgres: OwnPostgres,
    private readonly proxies: { readonly redis: TcpProxy; readonly postgres: TcpProxy },
    private readonly apiPort: number,
  ) {}

  static async start(): Promise<Stage> {
    const [redis, postgres, apiPort] = await Promise.all([OwnRedis.start(await freePort()), OwnPostgres.start(), freePort()]);
    const stage = new Stage(redis, postgres, { redis: await TcpProxy.inFrontOf(redis.port), postgres: await TcpProxy.inFrontOf(postgres.port) }, apiPort);
    for (const name of PROCESSES) {
      stage.spawn(name);
      await stage.isListening(name);
    }
    return stage;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.apiPort)}`;
  }

  /** Does the harm, waits, and undoes it. */
  async apply({ kind, target, forMs }: Fault): Promise<void> {
    const { harm, mend } = target === 'redis' || target === 'postgres' ? this.storeFault(kind, target) : this.processFault(kind, target);
    await harm();
    await sleep(forMs);
    await mend();
  }

  /** Every process answers and reaches both stores. */
  async ready(): Promise<void> {
    await Promise.all(PROCESSES.map(async (name) => this.isListening(name)));
    await waitFor('readiness', async () => (await fetch(`${this.url}/health/ready`)).ok, START_MS);
  }

  /** What the processes have logged that are running now. */
  get output(): string {
    return [...this.processes].map(([name, { output }]) => `--- ${name}\n${output}`).join('\n');
  }

  async close(): Promise<void> {
    this.isClosing = true;
    await Promise.all([...this.processes.values()].map((server) => server.end('SIGKILL')));
    await Promise.all([this.proxies.redis.close(), this.proxies.postgres.close()]);
    await Promise.all([this.redis.remove(), this.postgres.remove()]);
  }

  private storeFault(kind: Fault['kind'], target: 'redis' | 'postgres'): { harm: () => Promise<void> | void; mend: () => Promise<void> | void } {
    const proxy = this.proxies[target];
    const pass = (): void => {
      proxy.onClientData = () => undefined;
      proxy.pass();
    };
    if (kind === 'kill') return { harm: () => this[target].kill(), mend: () => this[target].begin() };
    if (kind === 'refuse') return { harm: () => { proxy.refuse(); }, mend: pass };
    if (kind === 'freeze') return { harm: () => { proxy.swallow(); }, mend: pass };
    if (kind === 'mute') return { harm: () => { muteAt(proxy, UNANSWERED[target]); }, mend: pass };
    return { harm: () => { proxy.cut(); }, mend: pass };
  }

  private processFault(kind: Fault['kind'], name: ProcessName): { harm: () => Promise<void> | void; mend: () => Promise<void> | void } {
    if (kind === 'kill') return { harm: () => this.remove(name), mend: () => { this.spawn(name); } };
    const child = this.processes.get(name)?.child;
    return { harm: () => { child?.kill('SIGSTOP'); }, mend: () => { child?.kill('SIGCONT'); } };
  }

  private async remove(name: ProcessName): Promise<void> {
    const server = this.processes.get(name);
    this.processes.delete(name);
    await server?.end('SIGKILL');
  }

  /** Starts it, and again should it end while it starts: its stores may go away just then. */
  private spawn(name: ProcessName): void {
    const role: Record<string, string> = name === 'api' ? { NOOBLE_ROLE: 'api', PORT: String(this.apiPort) } : { NOOBLE_ROLE: 'worker' };
    const databaseUrl = new URL(this.postgres.url);
    databaseUrl.port = String(this.proxies.postgres.port);
    const server = ServerProcess.spawn({ ...SETTINGS, ...role, DATABASE_URL: databaseUrl.href, REDIS_URL: `redis://127.0.0.1:${String(this.proxies.redis.port)}` });
    this.processes.set(name, server);
    void once(server.child, 'exit').then(async () => {
      if (this.isClosing || this.processes.get(name) !== server) return;
      if (server.isListening) this.violations.push(`${name} has ended by itself: ${server.output.slice(-2_000)}`);
      await sleep(PAUSE_MS);
      if (this.processes.get(name) === server) this.spawn(name);
    });
  }

  private async isListening(name: ProcessName): Promise<void> {
    await waitFor(`${name} to listen; ${this.output}`, () => this.processes.get(name)?.isListening, START_MS);
  }
}

/** From the next time on that a client says one of these. */
function muteAt(proxy: TcpProxy, says: readonly string[]): void {
  proxy.onClientData = (bytes) => {
    const text = bytes.toString('latin1');
    if (says.some((known) => text.includes(known))) proxy.mute();
  };
}
