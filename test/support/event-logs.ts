import type { ExecutionEvent, NewExecutionEvent } from '../../src/contracts/index.js';
import { EventLogStore } from '../../src/modules/execution/event-log/event-log.store.js';
import { EventReader } from '../../src/modules/execution/event-log/event-reader.service.js';
import type { StateChange } from '../../src/modules/execution/event-log/execution-hash.js';
import { ExecutionPersistence } from '../../src/modules/execution/execution-persistence.service.js';
import type { ExecutionRef, RunRef } from '../../src/modules/execution/execution.js';
import { RunStore } from '../../src/modules/execution/runs/run.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { newRun } from '../factories/run.js';
import { ExecutionsService } from '../../src/modules/execution/executions.service.js';
import { type TestApp, startTestApp } from './test-app.js';

/** An event that says its own number. */
export function delta(number: number): NewExecutionEvent {
  return { type: 'message.delta', data: { text: String(number) } };
}

export const COMPLETED: NewExecutionEvent = { type: 'execution.completed', data: { usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 }, finishReason: 'stop' } };

/** Fencing token of the writer of these tests. */
export const TOKEN = 'writer:1';

/** The event logs of the system without workers. */
export class EventLogs {
  private constructor(readonly nooble: TestApp) {}

  static async start(environment: Record<string, string> = {}): Promise<EventLogs> {
    return new EventLogs(await startTestApp({ NOOBLE_ROLE: 'api', ...environment }));
  }

  get store(): EventLogStore {
    return this.nooble.app.get(EventLogStore, { strict: false });
  }

  get reader(): EventReader {
    return this.nooble.app.get(EventReader, { strict: false });
  }

  get executions(): ExecutionsService {
    return this.nooble.app.get(ExecutionsService, { strict: false });
  }

  get runs(): RunStore {
    return this.nooble.app.get(RunStore, { strict: false });
  }

  get persistence(): ExecutionPersistence {
    return this.nooble.app.get(ExecutionPersistence, { strict: false });
  }

  /** A run with its first event, `execution.queued`, that the writer with {@link TOKEN} may go on with. */
  async begin(change: StateChange = {}): Promise<RunRef> {
    const run = newRun();
    await this.runs.accept({ ...run, state: { ...run.state, ...change } });
    await this.nooble.redis.hset(keys.lease(run.tenantId, run.conversationId), 'token', TOKEN);
    const { tenantId, executionId, conversationId } = run;
    return { tenantId, executionId, conversationId };
  }

  /** @returns seq of the last event; null when the run has ended */
  async append(run: RunRef, events: readonly NewExecutionEvent[], change: StateChange = {}): Promise<number | null> {
    const answer = await this.store.append(run, { events, change, token: TOKEN });
    return answer.outcome === 'appended' ? answer.seq : null;
  }

  /** @returns seq of the last event; null when the run had ended */
  async end(run: RunRef, change: StateChange = {}): Promise<number | null> {
    const { outcome } = await this.runs.end(run, { events: [COMPLETED], change: { status: 'completed', endedAt: new Date(), ...change } });
    return outcome === 'ended' ? ((await this.store.find(run))?.lastEventSeq ?? null) : null;
  }

  /** Everything that a reader is given, until it ends. @param onEvent sees each event at once */
  async follow(ref: ExecutionRef, after = 0, signal = new AbortController().signal, onEvent: (event: ExecutionEvent) => void = () => undefined): Promise<ExecutionEvent[]> {
    const seen: ExecutionEvent[] = [];
    for await (const event of this.reader.follow(ref, after, signal)) {
      seen.push(event);
      onEvent(event);
    }
    return seen;
  }

  /** Connections that listen on an execution's channel. */
  async listeners(ref: ExecutionRef): Promise<number> {
    const [, count] = (await this.nooble.redis.pubsub('NUMSUB', this.store.channel(ref))) as [string, number];
    return count;
  }
}
