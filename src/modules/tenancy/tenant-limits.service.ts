import { Injectable } from '@nestjs/common';
import type { Tier } from '../../contracts/index.js';
import { TenantRepository } from './tenant.repository.js';
import { type TierLimits, limitsOf } from './tiers.js';

/** What a tenant may: the one place that everybody asks. */
@Injectable()
export class TenantLimits {
  constructor(private readonly tenants: TenantRepository) {}

  /**
   * The limits that count now, from the caches; a change by an administrator is seen everywhere within the time that an invalidation takes.
   *
   * @param tier of the caller, which in the development mode is what he says
   * @returns the tier's numbers for a tenant that nobody has made
   * @throws DATABASE_UNAVAILABLE (unavailable) when no cache has the tenant: better nobody is served than somebody without limits
   */
  async of(tenantId: string, tier: Tier): Promise<TierLimits> {
    return limitsOf(tier, (await this.tenants.find(tenantId))?.limits);
  }
}
