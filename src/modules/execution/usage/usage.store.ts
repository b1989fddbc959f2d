import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { type LuaScript, REDIS, keys, luaScript } from '../../../shared/redis/index.js';
import { dayOf, monthOf, type RateWindow, type Spent, type UsageReading, WINDOW_MS } from './usage.js';

/** What a tenant has used of its limits, in Redis. It is changed where runs are accepted and ended: `runs/accept-run.lua`, `runs/end-run.lua`. */
@Injectable()
export class UsageStore {
  private readonly setUsage: LuaScript;

  constructor(@Inject(REDIS) private readonly redis: Redis) {
    this.setUsage = luaScript(redis, { moduleUrl: import.meta.url, file: 'set-usage.lua', keyCount: 2 });
  }

  /** In one round trip, of several moments. */
  async read(tenantId: string, now = new Date()): Promise<UsageReading> {
    const [minute, day] = [keys.turns(tenantId, 'minute'), keys.turns(tenantId, 'day')];
    const [inMinute, minuteMs, inDay, dayMs, running, usage] = await Promise.all([
      ...[this.redis.get(minute), this.redis.pttl(minute), this.redis.get(day), this.redis.pttl(day)] as const,
      ...[this.redis.scard(keys.busy(tenantId)), this.redis.hgetall(keys.usage(tenantId))] as const,
    ]);
    return { minute: windowOf(inMinute, minuteMs, WINDOW_MS.requestsPerMinute), day: windowOf(inDay, dayMs, WINDOW_MS.requestsPerDay), running, spent: spentOf(usage, now) };
  }

  /** What PostgreSQL has; what Redis knows is only ever raised to it. */
  async set(tenantId: string, now: Date, { today, thisMonth }: { readonly today: Spent; readonly thisMonth: Spent }): Promise<void> {
    const [day, month] = [dayOf(now), monthOf(now)];
    await this.setUsage([keys.usage(tenantId), keys.reservations(tenantId)], [now.getTime(), day, today.tokens, today.costMicros, month, thisMonth.tokens, thisMonth.costMicros]);
  }
}

function windowOf(taken: string | null, resetMs: number, lengthMs: number): RateWindow {
  return taken === null ? { taken: 0, resetMs: lengthMs } : { taken: Number(taken), resetMs: Math.max(0, resetMs) };
}

/** A period that has ended since it was last counted in has nothing of the one that is now. */
function spentOf(usage: Readonly<Record<string, string>>, now: Date): UsageReading['spent'] {
  const { day, month } = usage;
  if (day === undefined || month === undefined) return null;
  const of = (prefix: string): Spent => ({ tokens: Number(usage[`${prefix}Tokens`]), costMicros: Number(usage[`${prefix}Cost`]) });
  const nothing = { tokens: 0, costMicros: 0 };
  return { today: dayOf(now) > day ? nothing : of('day'), thisMonth: monthOf(now) > month ? nothing : of('month'), reserved: of('reserved') };
}
