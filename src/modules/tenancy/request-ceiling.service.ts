import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { PinoLogger } from 'nestjs-pino';
import { SYSTEM_TENANT } from '../../contracts/index.js';
import { CacheSettings } from '../../shared/config/index.js';
import { AppError } from '../../shared/errors/index.js';
import type { RateLimit } from '../../shared/http/index.js';
import { ApiRequestsStore } from './api-requests.store.js';
import type { Principal } from './principal.js';
import { tenancyErrors } from './tenancy.errors.js';
import { TenantLimits } from './tenant-limits.service.js';

/** A Redis that has not answered in time is left alone for this long. Milliseconds; a guess. */
const REST_MS = 2_000;
/** With this much left, and a tenth of the limit, nobody waits for Redis: more requests than that are not under way at once. A guess. */
const PLENTY = 50;
/** Keys whose standing a process remembers. */
const REMEMBERED = 10_000;

/** Whose requests are counted, and up to which number. */
interface CountedKey {
  readonly tenantId: string;
  readonly holder: string;
  readonly limit: number;
}

/** What a process was told last. */
interface Standing {
  remaining: number;
  /** Epoch milliseconds. */
  readonly endsAt: number;
}

/**
 * A ceiling on the requests of one API key, against programs that have run wild. It protects the system and is no promise: while Redis, or the
 * tenant's limits, cannot be read, requests pass. A request waits for its count only near the ceiling; before, it goes on with what the last one was told.
 */
@Injectable()
export class RequestCeiling {
  private restsUntil = 0;
  private readonly known = new LRUCache<string, Standing>({ max: REMEMBERED });

  constructor(
    private readonly limits: TenantLimits,
    private readonly store: ApiRequestsStore,
    private readonly logger: PinoLogger,
    private readonly settings: CacheSettings,
  ) {}

  /**
   * @returns where the caller stands; undefined where nothing limits him
   * @throws RATE_LIMITED (limited)
   */
  async take({ tenantId, tier, key: apiKey }: Principal): Promise<RateLimit | undefined> {
    if (tenantId === SYSTEM_TENANT || Date.now() < this.restsUntil) return undefined;
    try {
      const { apiRequestsPerMinute: limit } = await this.limits.of(tenantId, tier);
      if (limit === null) return undefined;
      const key: CountedKey = { tenantId, holder: apiKey?.keyId ?? 'nobody', limit };
      return this.takeSoon(key) ?? (await this.count(key));
    } catch (error) {
      if (error instanceof AppError && error.kind === 'limited') throw error;
      this.rest(error);
      return undefined;
    }
  }

  /** Where there is plenty left, the count follows behind the request. */
  private takeSoon(key: CountedKey): RateLimit | undefined {
    const known = this.known.get(nameOf(key));
    const resetMs = (known?.endsAt ?? 0) - Date.now();
    if (known === undefined || resetMs <= 0 || known.remaining <= Math.max(PLENTY, key.limit / 10)) return undefined;
    known.remaining -= 1;
    this.count(key).catch((error: unknown) => {
      // Others were quicker: the next one is told, since that is known now.
      if (!(error instanceof AppError) || error.kind !== 'limited') this.rest(error);
    });
    return { limit: key.limit, remaining: known.remaining, resetMs };
  }

  /** @throws RATE_LIMITED (limited) */
  private async count(key: CountedKey): Promise<RateLimit> {
    const { tenantId, holder, limit } = key;
    const { taken, resetMs, isTaken } = await inTime(this.store.take(tenantId, holder, limit), this.settings.deadlineMs);
    const remaining = limit - taken;
    this.note(nameOf(key), remaining, resetMs);
    if (!isTaken) throw tenancyErrors.tooManyRequests(limit, resetMs);
    return { limit, remaining, resetMs };
  }

  /** In one window it only becomes less: answers come late, and do not know of requests that are under way. */
  private note(name: string, remaining: number, resetMs: number): void {
    const [known, now] = [this.known.get(name), Date.now()];
    if (known && known.endsAt > now) known.remaining = Math.min(known.remaining, remaining);
    else this.known.set(name, { remaining, endsAt: now + resetMs });
  }

  private rest(error: unknown): void {
    this.restsUntil = Date.now() + REST_MS;
    this.logger.debug({ err: error }, 'Requests are not counted for a moment');
  }
}

/** With another limit there is another standing. */
function nameOf({ tenantId, holder, limit }: CountedKey): string {
  return `${tenantId} ${holder} ${String(limit)}`;
}

async function inTime<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // What has arrived while the process was busy is still read: a busy process is no dead Redis.
    timer = setTimeout(() => setImmediate(() => {
      reject(new AppError({ kind: 'unavailable', code: 'HOT_STORE_UNAVAILABLE', message: 'Redis has not answered in time.' }));
    }), deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
