import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { ACTIONS, type MigrationStatus, newId } from '../../contracts/index.js';
import { type LuaScript, REDIS, keys, luaScript } from '../../shared/redis/index.js';
import type { ConversationRef } from '../conversations/index.js';

/** All tenants together, in the names of keys and fields: `~` is in no tenant's id. */
const ALL = '~';
/** One stretch of the count of moved messages, and how many make the throughput. */
const STRETCH_MS = 10_000;
const STRETCHES = 6;

/** How a try of a move ended. */
export interface MoveEnd {
  readonly outcome: 'completed' | 'failed';
  readonly movedMessages: number;
}

/** What all processes together have moved. */
export interface MoveCounts {
  readonly completed: number;
  readonly failed: number;
  /** Of the last minute, by the second. */
  readonly messagesPerSecond: number;
}

export interface LoopState {
  readonly status: MigrationStatus;
  readonly lastRunAt: Date | null;
  /** When the last pass of the retention was through. */
  readonly retainedAt: Date | null;
}

/** What all processes know of the migration: whether it runs, what is being moved, and how much was. It outlives them. */
@Injectable()
export class MigrationStateStore {
  private readonly beginMove: LuaScript;

  constructor(@Inject(REDIS) private readonly redis: Redis) {
    this.beginMove = luaScript(redis, { moduleUrl: import.meta.url, file: 'begin-move.lua', keyCount: 2 });
  }

  async loop(): Promise<LoopState> {
    const { status, lastRunAt, retainedAt } = await this.redis.hgetall(keys.migrationLoop());
    return { status: status === 'stopped' ? 'stopped' : 'running', lastRunAt: timeOf(lastRunAt), retainedAt: timeOf(retainedAt) };
  }

  /** @returns whether it was otherwise before */
  async setStatus(status: MigrationStatus): Promise<boolean> {
    const before = await this.loop();
    await this.redis.hset(keys.migrationLoop(), { status });
    return before.status !== status;
  }

  /** Something of the sweep is through. */
  async note(what: 'lastRunAt' | 'retainedAt'): Promise<void> {
    await this.redis.hset(keys.migrationLoop(), { [what]: Date.now() });
  }

  /**
   * A move begins. A process that dies leaves it behind until the deadline of a move.
   *
   * @param isExplicit it begins also while the loop is stopped
   * @returns its ticket; null when the loop is stopped
   */
  async begin({ tenantId, conversationId }: ConversationRef, isExplicit: boolean): Promise<string | null> {
    const ticket = `${tenantId}:${conversationId}:${newId()}`;
    const now = Date.now();
    const begun = await this.beginMove([keys.migrationLoop(), keys.migrationMoving()], [ticket, now, now + ACTIONS['migration.move'].deadlineMs, isExplicit ? 1 : 0]);
    return begun === 1 ? ticket : null;
  }

  /** @param end null for what does not count: nothing was to be moved, or the process stops */
  async end(ticket: string, end: MoveEnd | null): Promise<void> {
    const pipeline = this.redis.pipeline().zrem(keys.migrationMoving(), ticket);
    for (const tenant of end ? [tenantOf(ticket), ALL] : []) {
      pipeline.hincrby(keys.migrationCounts(), `${tenant}:${end?.outcome ?? ''}`, 1);
      if (!end?.movedMessages) continue;
      const stretch = keys.migrationMoved(tenant, stretchAt(Date.now()));
      pipeline.incrby(stretch, end.movedMessages).pexpire(stretch, STRETCH_MS * (STRETCHES + 1));
    }
    await pipeline.exec();
  }

  /** Moves that are running in any process. @param tenantId all tenants' if it is left out */
  async moving(tenantId?: string): Promise<number> {
    if (tenantId === undefined) return this.redis.zcount(keys.migrationMoving(), Date.now(), '+inf');
    const tickets = await this.redis.zrange(keys.migrationMoving(), Date.now(), '+inf', 'BYSCORE');
    return tickets.filter((ticket) => tenantOf(ticket) === tenantId).length;
  }

  /** @param tenantId all tenants' if it is left out */
  async counts(tenantId = ALL): Promise<MoveCounts> {
    const newest = stretchAt(Date.now());
    const stretches = Array.from({ length: STRETCHES }, (_, i) => keys.migrationMoved(tenantId, newest - i));
    const [[completed, failed], moved] = await Promise.all([
      this.redis.hmget(keys.migrationCounts(), `${tenantId}:completed`, `${tenantId}:failed`),
      this.redis.mget(stretches),
    ]);
    const messages = moved.reduce((sum, count) => sum + Number(count ?? 0), 0);
    return { completed: Number(completed ?? 0), failed: Number(failed ?? 0), messagesPerSecond: messages / ((STRETCH_MS * STRETCHES) / 1_000) };
  }
}

function stretchAt(ms: number): number {
  return Math.floor(ms / STRETCH_MS);
}

function tenantOf(ticket: string): string {
  return ticket.slice(0, ticket.indexOf(':'));
}

function timeOf(ms: string | undefined): Date | null {
  return ms === undefined ? null : new Date(Number(ms));
}
