import type { DomainAction } from '../../src/contracts/index.js';
import type { NewRun } from '../../src/modules/execution/runs/run.store.js';
import { RunnerProcess } from '../support/runner-process.js';
import { redisUrl } from '../support/services.js';
import { type StopAt, StepGate } from '../support/step-gate.js';
import type { TestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';
import { type Point, STEPS } from './run-steps.js';

/** The stores of a worker wait for as long as a test does. */
const PATIENCE_MS = '60000';
const ENVIRONMENT = { NODE_ENV: 'test', NOOBLE_ROLE: 'api', AUTH_MODE: 'headers', LOG_LEVEL: 'silent', DATABASE_POOL_SIZE: '2', DATABASE_STATEMENT_TIMEOUT_MS: PATIENCE_MS, REDIS_COMMAND_TIMEOUT_MS: PATIENCE_MS, EXECUTION_DELTA_INTERVAL_MS: '1' };

/** A run whose worker dies at a point, and the one that waits behind it. */
export interface Case {
  readonly point: Point;
  readonly run: NewRun;
  readonly next: NewRun;
}

/** Runs that a process of its own does, with gates between it and the stores. */
export class StoppedRuns {
  private readonly gates: StepGate[] = [];
  private readonly process = new RunnerProcess();

  constructor(private readonly nooble: TestApp) {}

  /** @returns everything that the worker says to both stores, to its end */
  async rehearse(run: NewRun): Promise<readonly string[]> {
    const heard: string[] = [];
    await this.begin(run, { redis: null, postgres: null }, heard);
    await waitFor('the end of the run', () => this.process.ended.length > 0);
    if (this.process.ended[0]?.error !== undefined) throw new Error(this.process.ended[0].error);
    await this.die();
    return heard;
  }

  /** Each worker comes to its point and stays there. */
  async stop(cases: readonly Case[]): Promise<void> {
    await Promise.all(cases.map(async ({ run, next, point: { step, occurrence, side } }) => {
      const { store, says } = STEPS[step];
      await this.begin(run, { redis: null, postgres: null, [store]: { says: says(next.executionId), occurrence, side } }, []);
    }));
    const stopped = (): number => this.gates.filter(({ hasStopped }) => hasStopped).length;
    await waitFor('every worker to come to its point', () => stopped() === cases.length, 60_000).catch((error: unknown) => {
      const still = cases.filter((_, i) => this.gates.slice(2 * i, 2 * i + 2).every(({ hasStopped }) => !hasStopped));
      throw new Error(`not stopped: ${JSON.stringify(still.map(({ point }) => point))}, ended: ${JSON.stringify(this.process.ended)}`, { cause: error });
    });
  }

  async die(): Promise<void> {
    await this.process.kill();
    await Promise.all(this.gates.map((gate) => gate.close()));
  }

  private async begin({ executionId, action }: NewRun, stops: Record<'redis' | 'postgres', StopAt | null>, heard: string[]): Promise<void> {
    const [redis, database] = [new URL(redisUrl), new URL(this.nooble.database.url)];
    const gates = await Promise.all(([[redis, stops.redis], [database, stops.postgres]] as const).map(async ([url, stop]) => {
      const gate = await StepGate.inFrontOf(Number(url.port), { stop, heard });
      url.port = String(gate.port);
      return gate;
    }));
    this.gates.push(...gates);
    const run: DomainAction<'execution.agent_run'> = { ...action, actionType: 'execution.agent_run' };
    this.process.run({ executionId, action: run, environment: { ...ENVIRONMENT, REDIS_URL: redis.href, DATABASE_URL: database.href } });
  }
}
