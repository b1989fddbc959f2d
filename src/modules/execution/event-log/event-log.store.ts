import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { ExecutionEvent, NewExecutionEvent } from '../../../contracts/index.js';
import { ExecutionSettings } from '../../../shared/config/index.js';
import { type LuaScript, REDIS, keys, luaScript } from '../../../shared/redis/index.js';
import type { Execution, ExecutionRef } from '../execution.js';
import { type StateChange, fromHash, toHash } from './execution-hash.js';

/** An execution that is not in PostgreSQL yet stays this long after its first event; until then its job keeps trying. Seconds. */
const UNPERSISTED_TTL = 7 * 86_400;

/** The event log and the live state of executions, in Redis. State and events change together, in one script. */
@Injectable()
export class EventLogStore {
  private readonly appendEvents: LuaScript;

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    private readonly settings: ExecutionSettings,
  ) {
    this.appendEvents = luaScript(redis, { moduleUrl: import.meta.url, file: 'append-events.lua', keyCount: 2 });
  }

  /**
   * Appends events, dense in seq, and wakes their readers.
   *
   * @returns seq of the last event, or null when the execution had ended: then nothing was changed
   */
  async append(ref: ExecutionRef, events: readonly NewExecutionEvent[], change: StateChange = {}): Promise<number | null> {
    const flat = events.flatMap(({ type, data }) => [type, JSON.stringify(data)]);
    const state = Object.entries(toHash(change)).flat();
    return (await this.appendEvents(keysOf(ref), [UNPERSISTED_TTL, new Date().toISOString(), state.length, ...state, ...flat])) as number | null;
  }

  /** Events after a cursor, oldest first. */
  async read({ tenantId, executionId }: ExecutionRef, after: number, limit: number): Promise<ExecutionEvent[]> {
    const entries = await this.redis.xrange(keys.events(tenantId, executionId), `(${String(after)}-0`, '+', 'COUNT', limit);
    return entries.map(([id, [, type, , data, , at]]) => ({ seq: parseInt(id, 10), type, at, data: JSON.parse(data ?? '{}') as unknown }) as ExecutionEvent);
  }

  /** @returns null when the execution is not in Redis (any more) */
  async find({ tenantId, executionId }: ExecutionRef): Promise<Execution | null> {
    return fromHash(await this.redis.hgetall(keys.execution(tenantId, executionId)));
  }

  /** The execution is in PostgreSQL: from now on state and events have only their retention to live. */
  async expire(ref: ExecutionRef): Promise<void> {
    await Promise.all(keysOf(ref).map((key) => this.redis.expire(key, this.settings.retentionSeconds)));
  }

  /** The name under which {@link append} wakes readers. */
  channel({ tenantId, executionId }: ExecutionRef): string {
    return keys.events(tenantId, executionId);
  }
}

function keysOf({ tenantId, executionId }: ExecutionRef): [string, string] {
  return [keys.execution(tenantId, executionId), keys.events(tenantId, executionId)];
}
