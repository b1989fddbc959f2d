import { Injectable } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import { PinoLogger } from 'nestjs-pino';
import { SYSTEM_TENANT } from '../../contracts/index.js';
import { AppError } from '../../shared/errors/index.js';
import type { RateLimit } from '../../shared/http/index.js';
import { hashApiKey } from './api-key.js';
import { ApiRequestsStore } from './api-requests.store.js';
import type { Principal } from './principal.js';
import { tenancyErrors } from './tenancy.errors.js';
import { TenantLimits } from './tenant-limits.service.js';

/** Redis is not waited for any longer than this, and then left alone for {@link REST_MS}. Milliseconds; guesses. */
const DEADLINE_MS = 150;
const REST_MS = 2_000;
/** Letters of a key's hash that tell the keys of one tenant apart. */
const HOLDER_LETTERS = 16;

/**
 * A ceiling on the requests of one API key, against programs that have run wild. It protects the system and is no promise: while Redis, or the
 * tenant's limits, cannot be read, requests pass.
 */
@Injectable()
export class RequestCeiling {
  private restsUntil = 0;

  constructor(
    private readonly limits: TenantLimits,
    private readonly store: ApiRequestsStore,
    private readonly logger: PinoLogger,
  ) {}

  /**
   * @returns where the caller stands; undefined where nothing limits him
   * @throws RATE_LIMITED (limited)
   */
  async take({ tenantId, tier }: Principal, { authorization }: IncomingHttpHeaders): Promise<RateLimit | undefined> {
    if (tenantId === SYSTEM_TENANT || Date.now() < this.restsUntil) return undefined;
    try {
      const { apiRequestsPerMinute: limit } = await this.limits.of(tenantId, tier);
      if (limit === null) return undefined;
      const { taken, resetMs, isTaken } = await inTime(this.store.take(tenantId, holderOf(authorization), limit));
      if (!isTaken) throw tenancyErrors.tooManyRequests(limit, resetMs);
      return { limit, remaining: limit - taken, resetMs };
    } catch (error) {
      if (error instanceof AppError && error.kind === 'limited') throw error;
      this.restsUntil = Date.now() + REST_MS;
      this.logger.debug({ err: error, tenantId }, 'Requests are not counted for a moment');
      return undefined;
    }
  }
}

function holderOf(authorization: string | undefined): string {
  return authorization === undefined ? 'nobody' : hashApiKey(authorization).toString('hex').slice(0, HOLDER_LETTERS);
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new AppError({ kind: 'unavailable', code: 'HOT_STORE_UNAVAILABLE', message: 'Redis has not answered in time.' }));
    }, DEADLINE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
