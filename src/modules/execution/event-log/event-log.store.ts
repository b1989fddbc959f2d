import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { ExecutionEvent, NewExecutionEvent } from '../../../contracts/index.js';
import { ExecutionSettings } from '../../../shared/config/index.js';
import { type LuaScript, REDIS, keys, luaScript } from '../../../shared/redis/index.js';
import type { CancelRequest, Execution, ExecutionRef, RunRef } from '../execution.js';
import { type StateChange, fromHash, toHash } from './execution-hash.js';

/** An execution that is not in PostgreSQL yet stays this long after its first event; until then somebody keeps trying. Seconds. */
export const EVENT_LOG_TTL_SECONDS = 7 * 86_400;

/** Events of a log that are read at once. */
const PAGE = 1_000;

/** What is written with one call. */
export interface EventBatch {
  readonly events: readonly NewExecutionEvent[];
  readonly change: StateChange;
  /** Fencing token of the attempt that writes. */
  readonly token: string;
  /** A log that is gone is not begun anew: the caller restores it first. */
  readonly restores?: boolean;
}

/** Nothing was changed unless `appended`. `request`: somebody wants the run to stop. `lost`: the log is gone, the state is not. */
export type AppendedEvents =
  | { readonly outcome: 'appended'; readonly seq: number; readonly request: CancelRequest | null }
  | { readonly outcome: 'over' | 'fenced' }
  | { readonly outcome: 'lost'; readonly lastEventSeq: number };

/** The event logs and the live states of executions, in Redis. State and events change together, in one script. */
@Injectable()
export class EventLogStore {
  private readonly appendEvents: LuaScript;
  private readonly restoreEvents: LuaScript;

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    private readonly settings: ExecutionSettings,
  ) {
    this.appendEvents = luaScript(redis, { moduleUrl: import.meta.url, file: 'append-events.lua', keyCount: 3 });
    this.restoreEvents = luaScript(redis, { moduleUrl: import.meta.url, file: 'restore-events.lua', keyCount: 1 });
  }

  /** Appends events of a run that goes on, dense in seq, and wakes their readers. Its end is written by `RunStore.end`. */
  async append(run: RunRef, { events, change, token, restores = false }: EventBatch): Promise<AppendedEvents> {
    const { tenantId, executionId, conversationId } = run;
    const state = flatState(change);
    const args = [token, new Date().toISOString(), restores ? 1 : 0, EVENT_LOG_TTL_SECONDS, state.length, ...state, ...flatEvents(events)];
    const scriptKeys = [keys.execution(tenantId, executionId), keys.events(tenantId, executionId), keys.lease(tenantId, conversationId)];
    const [outcome, fact, request] = (await this.appendEvents(scriptKeys, args)) as ['appended' | 'over' | 'fenced' | 'lost', number?, string?];
    if (outcome === 'appended') return { outcome, seq: Number(fact), request: request === undefined || request === '' ? null : (JSON.parse(request) as CancelRequest) };
    return outcome === 'lost' ? { outcome, lastEventSeq: Number(fact) } : { outcome };
  }

  /** Puts events back into a log that is gone; does nothing if there is one. */
  async restore({ tenantId, executionId }: ExecutionRef, events: readonly ExecutionEvent[]): Promise<void> {
    if (events.length === 0) return;
    const flat = events.flatMap(({ seq, type, data, at }) => [seq, type, JSON.stringify(data), at]);
    await this.restoreEvents([keys.events(tenantId, executionId)], [EVENT_LOG_TTL_SECONDS, ...flat]);
  }

  /** Events after a cursor, oldest first. */
  async read({ tenantId, executionId }: ExecutionRef, after: number, limit: number): Promise<ExecutionEvent[]> {
    const entries = await this.redis.xrange(keys.events(tenantId, executionId), `(${String(after)}-0`, '+', 'COUNT', limit);
    return entries.map(([id, [, type, , data, , at]]) => ({ seq: parseInt(id, 10), type, at, data: JSON.parse(data ?? '{}') as unknown }) as ExecutionEvent);
  }

  /** The whole log, oldest first. */
  async readAll(ref: ExecutionRef): Promise<ExecutionEvent[]> {
    const all: ExecutionEvent[] = [];
    for (;;) {
      const page = await this.read(ref, all.at(-1)?.seq ?? 0, PAGE);
      all.push(...page);
      if (page.length < PAGE) return all;
    }
  }

  /** @returns null when the execution is not in Redis (any more) */
  async find({ tenantId, executionId }: ExecutionRef): Promise<Execution | null> {
    return fromHash(await this.redis.hgetall(keys.execution(tenantId, executionId)));
  }

  /** The execution is in PostgreSQL: from now on state and events have only their retention to live. */
  async expire({ tenantId, executionId }: ExecutionRef): Promise<void> {
    const { retentionSeconds } = this.settings;
    await Promise.all([keys.execution(tenantId, executionId), keys.events(tenantId, executionId)].map((key) => this.redis.expire(key, retentionSeconds)));
  }

  /** Nothing is left of it in Redis. @returns whether there was anything */
  async remove({ tenantId, executionId }: ExecutionRef): Promise<boolean> {
    return (await this.redis.unlink(keys.execution(tenantId, executionId), keys.events(tenantId, executionId))) > 0;
  }

  /** The name under which readers are woken. */
  channel({ tenantId, executionId }: ExecutionRef): string {
    return keys.events(tenantId, executionId);
  }
}

/** A change of the state as the scripts take it: field, value, … */
export function flatState(change: StateChange): string[] {
  return Object.entries(toHash(change)).flat();
}

/** Events as the scripts take them: type, data (JSON), … */
export function flatEvents(events: readonly NewExecutionEvent[]): string[] {
  return events.flatMap(({ type, data }) => [type, JSON.stringify(data)]);
}
