import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { type LuaScript, REDIS, keys, luaScript } from '../../../shared/redis/index.js';

/** A run that no socket of its session has received is kept for so long, and so says `accept-run.lua`. Milliseconds. */
const MISSED_FOR_MS = 86_400_000;
/** One that a socket has received is found for so long by those that were open meanwhile. A guess: longer than a process is without Redis. Milliseconds. */
const RECEIVED_FOR_MS = 60_000;
/** A received run has the time of its receipt less this as its score: below all others, the oldest first. */
const RECEIVED_SHIFT = 1e13;

/** A run of a session. */
export interface SessionRun {
  readonly executionId: string;
  /** To its end, by some socket of the session. */
  readonly isReceived: boolean;
}

/** The runs of a session that its sockets are to be sent: at most 50, of the last 24 hours. `accept-run.lua` adds them. docs/decisions/0040 */
@Injectable()
export class SessionRunsStore {
  private readonly receiveRun: LuaScript;

  constructor(@Inject(REDIS) private readonly redis: Redis) {
    this.receiveRun = luaScript(redis, { moduleUrl: import.meta.url, file: 'receive-run.lua', keyCount: 1 });
  }

  /** Received ones first, then the others, in the order of their acceptance. */
  async find(tenantId: string, sessionId: string): Promise<SessionRun[]> {
    const flat = await this.redis.zrange(keys.sessionRuns(tenantId, sessionId), 0, -1, 'WITHSCORES');
    const oldest = Date.now() - MISSED_FOR_MS;
    return flat.flatMap((executionId, i) => {
      const score = Number(flat[i + 1]);
      return i % 2 === 1 || (score >= 0 && score < oldest) ? [] : [{ executionId, isReceived: score < 0 }];
    });
  }

  /** A socket of the session has received the run to its end. */
  async receive(tenantId: string, sessionId: string, executionId: string): Promise<void> {
    const score = Date.now() - RECEIVED_SHIFT;
    await this.receiveRun([keys.sessionRuns(tenantId, sessionId)], [executionId, score, score - RECEIVED_FOR_MS, RECEIVED_FOR_MS]);
  }

  /** The run is nowhere any more. */
  async forget(tenantId: string, sessionId: string, executionId: string): Promise<void> {
    await this.redis.zrem(keys.sessionRuns(tenantId, sessionId), executionId);
  }

  /** The name under which those who follow a session are woken when a run is accepted. */
  channel(tenantId: string, sessionId: string): string {
    return keys.sessionRuns(tenantId, sessionId);
  }
}
