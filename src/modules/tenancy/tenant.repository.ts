import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Cached, HasCachedMethods } from '../../shared/cache/index.js';
import { TenantEntity } from './tenant.entity.js';

type NewTenant = Pick<TenantEntity, 'tenantId' | 'name' | 'tier'>;

@Injectable()
@HasCachedMethods()
export class TenantRepository {
  constructor(@InjectRepository(TenantEntity) private readonly tenants: Repository<TenantEntity>) {}

  /** @returns null when the id is taken */
  async insert(tenant: NewTenant): Promise<TenantEntity | null> {
    const inserted = await this.tenants.createQueryBuilder().insert().values(tenant).orIgnore().returning('*').execute();
    return (inserted.raw as unknown[]).length === 0 ? null : this.tenants.findOneBy({ tenantId: tenant.tenantId });
  }

  /** @returns undefined when there is none, which is not kept: it may be made the next moment */
  @Cached({ type: 'tenant', tenantId: (tenantId: string) => tenantId, id: () => 'tenant' })
  async find(tenantId: string): Promise<TenantEntity | undefined> {
    const row = await this.tenants.findOneBy({ tenantId });
    // Without the class: what is kept in a cache must be plain data.
    return row ? { ...row } : undefined;
  }

  /** @returns false when there is no such tenant */
  async setLimits(tenantId: string, limits: TenantEntity['limits']): Promise<boolean> {
    const { affected } = await this.tenants.createQueryBuilder().update().set({ limits: () => ':limits' }).setParameter('limits', JSON.stringify(limits)).where({ tenantId }).execute();
    return affected === 1;
  }

  async findTiers(): Promise<Pick<TenantEntity, 'tenantId' | 'tier' | 'limits'>[]> {
    return (await this.tenants.find({ select: { tenantId: true, tier: true, limits: true } })).map(({ tenantId, tier, limits }) => ({ tenantId, tier, limits }));
  }
}
