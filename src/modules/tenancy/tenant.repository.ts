import { Injectable } from '@nestjs/common';
import type { EntityManager, SelectQueryBuilder, UpdateResult } from 'typeorm';
import { SYSTEM_TENANT, type Tier } from '../../contracts/index.js';
import { Cached, HasCachedMethods } from '../../shared/cache/index.js';
import { Transactions } from '../../shared/database/index.js';
import { TenantEntity } from './tenant.entity.js';

type NewTenant = Pick<TenantEntity, 'tenantId' | 'name' | 'tier'>;
/** What of a tenant can be changed. */
export type TenantEdit = Partial<Pick<TenantEntity, 'name' | 'tier' | 'isActive'>>;

/** Which tenants are listed. */
export interface TenantFilter {
  readonly tier?: Tier | undefined;
  readonly isActive?: boolean | undefined;
  /** Part of the id or of the name, in whatever case. */
  readonly q?: string | undefined;
}

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
    return (await this.read(tenantId)) ?? undefined;
  }

  /** Past the caches. */
  async read(tenantId: string): Promise<TenantEntity | null> {
    const row = await this.transactions.within(tenantId, undefined, (manager) => manager.findOneBy(TenantEntity, { tenantId }));
    // Without the class: what is kept in a cache must be plain data.
    return row && { ...row };
  }

  /** @returns false when there is none */
  async update(tenantId: string, edit: TenantEdit): Promise<boolean> {
    return (await this.transactions.within(tenantId, undefined, (manager) => manager.update(TenantEntity, { tenantId }, edit))).affected === 1;
  }

  /** Newest first. @param before the id to go on from, not included; of a tenant that there is */
  async findPage(filter: TenantFilter, limit: number, before: string | undefined): Promise<TenantEntity[]> {
    return this.transactions.within(SYSTEM_TENANT, undefined, (manager) => {
      const query = matching(manager, filter).orderBy('t.createdAt', 'DESC').addOrderBy('t.tenantId', 'DESC').take(limit);
      if (before !== undefined) query.andWhere('(t.created_at, t.tenant_id) < (SELECT last.created_at, last.tenant_id FROM tenants last WHERE last.tenant_id = :before)', { before });
      return query.getMany();
    });
  }

  async count(filter: TenantFilter): Promise<number> {
    return this.transactions.within(SYSTEM_TENANT, undefined, (manager) => matching(manager, filter).getCount());
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

function matching(manager: EntityManager, { tier, isActive, q }: TenantFilter): SelectQueryBuilder<TenantEntity> {
  const query = manager.createQueryBuilder(TenantEntity, 't').where({ ...(tier !== undefined && { tier }), ...(isActive !== undefined && { isActive }) });
  if (q !== undefined) query.andWhere('(strpos(lower(t.tenant_id), lower(:q)) > 0 OR strpos(lower(t.name), lower(:q)) > 0)', { q });
  return query;
}
