import { newId, type ExecutionEvent, type NewExecutionEvent } from '../../src/contracts/index.js';
import { EventLogStore } from '../../src/modules/execution/event-log/event-log.store.js';
import { EventReader } from '../../src/modules/execution/event-log/event-reader.service.js';
import type { StateChange } from '../../src/modules/execution/event-log/execution-hash.js';
import type { ExecutionRef } from '../../src/modules/execution/execution.js';
import { ExecutionsService } from '../../src/modules/execution/executions.service.js';
import { type TestApp, startTestApp } from './test-app.js';

/** An event that says its own number. */
export function delta(number: number): NewExecutionEvent {
  return { type: 'message.delta', data: { text: String(number) } };
}

export const COMPLETED: NewExecutionEvent = { type: 'execution.completed', data: { usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 }, finishReason: 'stop' } };

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

  /** An execution with its first event, `execution.queued`. */
  async begin(change: StateChange = {}): Promise<ExecutionRef> {
    const executionId = newId();
    const state = { executionId, agentId: newId(), conversationId: newId(), sessionId: newId(), status: 'queued', attempt: 0, queuedAt: new Date(), ...change } as const;
    await this.store.append({ tenantId: 'acme', executionId }, [{ type: 'execution.queued', data: { agentId: state.agentId } }], state);
    return { tenantId: 'acme', executionId };
  }

  async end(ref: ExecutionRef, change: StateChange = {}): Promise<number | null> {
    return this.store.append(ref, [COMPLETED], { status: 'completed', endedAt: new Date(), ...change });
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
