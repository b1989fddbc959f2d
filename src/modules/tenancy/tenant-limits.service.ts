import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Tier } from '../../contracts/index.js';
import { toAppError } from '../../shared/errors/index.js';
import type { TenantEntity } from './tenant.entity.js';
import { TenantRepository } from './tenant.repository.js';
import { type TierLimits, limitsOf } from './tiers.js';

/** Tenants whose limits a process remembers. */
const REMEMBERED = 10_000;

/** What a tenant may: the one place that everybody asks. */
@Injectable()
export class TenantLimits {
  /** What this process was told last. */
  private readonly known = new LRUCache<string, { readonly limits: TenantEntity['limits'] | undefined }>({ max: REMEMBERED });

  constructor(private readonly tenants: TenantRepository) {}

  /**
   * The limits that count now, from the caches; a change by an administrator is seen everywhere within the time that an invalidation takes.
   * While neither the caches nor PostgreSQL can say, those that this process was told last: a hot conversation goes on.
   *
   * @param tier of the caller, which in the development mode is what he says
   * @returns the tier's numbers for a tenant that nobody has made
   * @throws DATABASE_UNAVAILABLE (unavailable) when nobody knows them: better nobody is served than somebody without limits
   */
  async of(tenantId: string, tier: Tier): Promise<TierLimits> {
    return limitsOf(tier, await this.overridesOf(tenantId));
  }

  private async overridesOf(tenantId: string): Promise<TenantEntity['limits'] | undefined> {
    try {
      const limits = (await this.tenants.find(tenantId))?.limits;
      this.known.set(tenantId, { limits });
      return limits;
    } catch (error) {
      const known = this.known.get(tenantId);
      if (known === undefined || !toAppError(error).isRetryable) throw error;
      return known.limits;
    }
  }
}
