import { type ConflictPolicy, newId } from '../../src/contracts/index.js';
import { EventLogStore } from '../../src/modules/execution/event-log/event-log.store.js';
import type { CancelRequest } from '../../src/modules/execution/execution.js';
import type { Acceptance } from '../../src/modules/execution/runs/acceptance.js';
import { type Beginning, type Ended, type NewRun, RunStore } from '../../src/modules/execution/runs/run.store.js';
import { ExecutionSettings } from '../../src/shared/config/index.js';
import { type Redis, keys } from '../../src/shared/redis/index.js';
import { newRun } from '../factories/run.js';
import { COMPLETED } from './event-logs.js';

/** Beginnings whose worker may be lost, in these tests. */
export const MAX_LOST = 3;

/** One conversation, a tenant of its own unless it is given, and everything that Redis knows of the runs in it. */
export class RunLine {
  readonly runs: RunStore;
  readonly log: EventLogStore;
  readonly conversationId = newId();
  private readonly sessionId = newId();

  constructor(
    readonly redis: Redis,
    readonly tenantId = newId(),
  ) {
    this.runs = new RunStore(redis);
    this.log = new EventLogStore(redis, new ExecutionSettings());
  }

  newRun(onConflict: ConflictPolicy = 'enqueue'): NewRun {
    const { tenantId, conversationId, sessionId } = this;
    return newRun({ tenantId, conversationId, sessionId, onConflict });
  }

  /** A new run that is accepted, or not. */
  async accept(onConflict: ConflictPolicy = 'enqueue'): Promise<NewRun & { readonly acceptance: Acceptance }> {
    const run = this.newRun(onConflict);
    return { ...run, acceptance: await this.runs.accept(run) };
  }

  async begin(run: NewRun): Promise<Beginning> {
    return this.runs.begin(run, MAX_LOST);
  }

  /** Ends a run as completed. @param by its fencing token, or the status that it must have */
  async end(run: NewRun, by: { readonly token?: string; readonly status?: 'queued'; readonly restores?: boolean } = {}): Promise<Ended> {
    return this.runs.end(run, { events: [COMPLETED], change: { status: 'completed', endedAt: new Date() }, ...by });
  }

  async lease(): Promise<Record<string, string>> {
    return this.redis.hgetall(keys.lease(this.tenantId, this.conversationId));
  }

  async request(): Promise<CancelRequest | null> {
    const { cancel } = await this.lease();
    return cancel === undefined ? null : (JSON.parse(cancel) as CancelRequest);
  }

  /** The line, the next one first. */
  async waiting(): Promise<string[]> {
    return this.redis.lrange(keys.waitingRuns(this.tenantId, this.conversationId), 0, -1);
  }

  async loseLease(): Promise<void> {
    await this.redis.del(keys.lease(this.tenantId, this.conversationId));
  }

  async loseLog({ executionId }: NewRun): Promise<void> {
    await this.redis.del(keys.events(this.tenantId, executionId));
  }

  /** What the log says: [seq, type]. */
  async events(run: NewRun): Promise<(readonly [number, string])[]> {
    return (await this.log.read(run, 0, 1_000)).map(({ seq, type }) => [seq, type]);
  }
}
