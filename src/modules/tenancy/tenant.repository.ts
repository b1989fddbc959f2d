import { Injectable } from '@nestjs/common';
import type { EntityManager, UpdateResult } from 'typeorm';
import { SYSTEM_TENANT } from '../../contracts/index.js';
import { Cached, HasCachedMethods } from '../../shared/cache/index.js';
import { Transactions } from '../../shared/database/index.js';
import { TenantEntity } from './tenant.entity.js';

type NewTenant = Pick<TenantEntity, 'tenantId' | 'name' | 'tier'>;

@Injectable()
@HasCachedMethods()
export class TenantRepository {
  constructor(private readonly transactions: Transactions) {}

  /** @returns null when the id is taken */
  async insert(tenant: NewTenant): Promise<TenantEntity | null> {
    const { tenantId } = tenant;
    return this.transactions.within(tenantId, undefined, async (manager) => {
      const inserted = await manager.createQueryBuilder().insert().into(TenantEntity).values(tenant).orIgnore().returning('*').execute();
      return (inserted.raw as unknown[]).length === 0 ? null : manager.findOneBy(TenantEntity, { tenantId });
    });
  }

  /** @returns undefined when there is none, which is not kept: it may be made the next moment */
  @Cached({ type: 'tenant', tenantId: (tenantId: string) => tenantId, id: () => 'tenant' })
  async find(tenantId: string): Promise<TenantEntity | undefined> {
    const row = await this.transactions.within(tenantId, undefined, (manager) => manager.findOneBy(TenantEntity, { tenantId }));
    // Without the class: what is kept in a cache must be plain data.
    return row ? { ...row } : undefined;
  }

  /** @returns false when there is no such tenant */
  async setLimits(tenantId: string, limits: TenantEntity['limits']): Promise<boolean> {
    const update = (manager: EntityManager): Promise<UpdateResult> =>
      manager.createQueryBuilder().update(TenantEntity).set({ limits: () => ':limits' }).setParameter('limits', JSON.stringify(limits)).where({ tenantId }).execute();
    return (await this.transactions.within(tenantId, undefined, update)).affected === 1;
  }

  async findTiers(): Promise<Pick<TenantEntity, 'tenantId' | 'tier' | 'limits'>[]> {
    const tenants = await this.transactions.within(SYSTEM_TENANT, undefined, (manager) => manager.find(TenantEntity, { select: { tenantId: true, tier: true, limits: true } }));
    return tenants.map(({ tenantId, tier, limits }) => ({ tenantId, tier, limits }));
  }
}
