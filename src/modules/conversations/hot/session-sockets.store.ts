import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { REDIS, keys } from '../../../shared/redis/index.js';

/** Which sockets are open on a session, in any process. A process that dies leaves its sockets behind; they count until their last sign of life is too old. */
@Injectable()
export class SessionSocketsStore {
  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  /** A sign of life of a socket: when it opens, and again before `silentMs` is over. @param silentMs after this long without another one it counts no more */
  async seen(tenantId: string, sessionId: string, connectionId: string, silentMs: number): Promise<void> {
    const key = keys.sessionSockets(tenantId, sessionId);
    const now = Date.now();
    await this.redis.multi().zremrangebyscore(key, '-inf', now).zadd(key, now + silentMs, connectionId).pexpire(key, silentMs, 'GT').pexpire(key, silentMs, 'NX').exec();
  }

  async gone(tenantId: string, sessionId: string, connectionId: string): Promise<void> {
    await this.redis.zrem(keys.sessionSockets(tenantId, sessionId), connectionId);
  }

  async isAnyOpen(tenantId: string, sessionId: string): Promise<boolean> {
    return (await this.redis.zcount(keys.sessionSockets(tenantId, sessionId), Date.now(), '+inf')) > 0;
  }
}
