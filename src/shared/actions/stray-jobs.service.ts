import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ACTION_ALIASES, ACTION_TYPES } from '../../contracts/index.js';
import { ServerSettings } from '../config/index.js';
import { type LuaScript, REDIS, type Redis, luaScript } from '../redis/index.js';
import { LAST_BEHIND_MS } from './priority.js';
import { QueueRegistry } from './queue-registry.service.js';

/** Well under the head start of a tier, so that a job lines up in time. Milliseconds. */
const INTERVAL_MS = 5_000;
/** Jobs of one queue that are given a place in one go; the rest follows. Redis does nothing else meanwhile. */
const AT_ONCE = 500;

/** Sees to it that jobs which other programs add without a priority are not starved: they line up as of the weakest tier, as from when they were added. And those
 * in the queue of an alias come into that of the action type. */
@Injectable()
export class StrayJobs implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly script: LuaScript;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(REDIS) redis: Redis,
    private readonly queues: QueueRegistry,
    private readonly settings: ServerSettings,
  ) {
    this.script = luaScript(redis, { moduleUrl: import.meta.url, file: 'adopt-strays.lua', keyCount: 2 });
  }

  onApplicationBootstrap(): void {
    if (this.settings.role === 'api') return;
    // While Redis is away there is nothing to do, and the next time does it.
    this.timer = setInterval(() => void Promise.all([this.adopt(), this.forwardAliases()]).catch(() => undefined), INTERVAL_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Running twice equals running once: a job that has a priority is left where it is. @throws HOT_STORE_UNAVAILABLE (unavailable) */
  async adopt(): Promise<void> {
    await Promise.all(
      ACTION_TYPES.map((type) => {
        const queue = this.queues.get(type);
        return this.script([queue.toKey('wait'), queue.toKey('priority')], [queue.toKey(''), LAST_BEHIND_MS, AT_ONCE]);
      }),
    );
  }

  /** At least once: a process that dies in between leaves a job in both queues; the id keeps several processes from adding it twice. @throws HOT_STORE_UNAVAILABLE (unavailable) */
  async forwardAliases(): Promise<void> {
    for (const [alias, type] of Object.entries(ACTION_ALIASES)) {
      for (const job of await this.queues.forCallbacks(alias).getWaiting(0, AT_ONCE - 1)) {
        await this.queues.get(type).add(job.data, { jobId: `${alias}.${String(job.id)}` });
        await job.remove();
      }
    }
  }
}
