import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { type LuaScript, REDIS, keys, luaScript } from '../../shared/redis/index.js';

/** Length of the window, milliseconds. */
const WINDOW_MS = 60_000;

/** Where an API key stands with its requests. */
export interface RequestWindow {
  readonly taken: number;
  readonly resetMs: number;
  /** This request was let in. */
  readonly isTaken: boolean;
}

/** Requests of each API key in the minute that began with the first of them, in all processes together. */
@Injectable()
export class ApiRequestsStore {
  private readonly takeRequest: LuaScript;

  constructor(@Inject(REDIS) redis: Redis) {
    this.takeRequest = luaScript(redis, { moduleUrl: import.meta.url, file: 'take-request.lua', keyCount: 1 });
  }

  /** Takes one request, unless there are as many as there may be. @param holder names the key */
  async take(tenantId: string, holder: string, limit: number): Promise<RequestWindow> {
    const [taken, resetMs, isTaken] = (await this.takeRequest([keys.apiRequests(tenantId, holder)], [limit, WINDOW_MS])) as [number, number, number];
    return { taken, resetMs, isTaken: isTaken === 1 };
  }
}
