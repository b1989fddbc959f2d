import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository, type SelectQueryBuilder } from 'typeorm';
import type { Tier } from '../../contracts/index.js';
import { Cached, HasCachedMethods } from '../../shared/cache/index.js';
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
  constructor(@InjectRepository(TenantEntity) private readonly tenants: Repository<TenantEntity>) {}

  /** @returns null when the id is taken */
  async insert(tenant: NewTenant): Promise<TenantEntity | null> {
    const inserted = await this.tenants.createQueryBuilder().insert().values(tenant).orIgnore().returning('*').execute();
    return (inserted.raw as unknown[]).length === 0 ? null : this.read(tenant.tenantId);
  }

  /** @returns undefined when there is none, which is not kept: it may be made the next moment */
  @Cached({ type: 'tenant', tenantId: (tenantId: string) => tenantId, id: () => 'tenant' })
  async find(tenantId: string): Promise<TenantEntity | undefined> {
    return (await this.read(tenantId)) ?? undefined;
  }

  /** Past the caches. */
  async read(tenantId: string): Promise<TenantEntity | null> {
    const row = await this.tenants.findOneBy({ tenantId });
    // Without the class: what is kept in a cache must be plain data.
    return row && { ...row };
  }

  /** @returns false when there is none */
  async update(tenantId: string, edit: TenantEdit): Promise<boolean> {
    return (await this.tenants.update({ tenantId }, edit)).affected === 1;
  }

  /** Newest first. @param before the id to go on from, not included; of a tenant that there is */
  async findPage(filter: TenantFilter, limit: number, before: string | undefined): Promise<TenantEntity[]> {
    const query = this.matching(filter).orderBy('t.createdAt', 'DESC').addOrderBy('t.tenantId', 'DESC').take(limit);
    if (before !== undefined) query.andWhere('(t.created_at, t.tenant_id) < (SELECT last.created_at, last.tenant_id FROM tenants last WHERE last.tenant_id = :before)', { before });
    return query.getMany();
  }

  async count(filter: TenantFilter): Promise<number> {
    return this.matching(filter).getCount();
  }

  async findTiers(): Promise<Pick<TenantEntity, 'tenantId' | 'tier'>[]> {
    return (await this.tenants.find({ select: { tenantId: true, tier: true } })).map(({ tenantId, tier }) => ({ tenantId, tier }));
  }

  private matching({ tier, isActive, q }: TenantFilter): SelectQueryBuilder<TenantEntity> {
    const query = this.tenants.createQueryBuilder('t').where({ ...(tier !== undefined && { tier }), ...(isActive !== undefined && { isActive }) });
    if (q !== undefined) query.andWhere('(strpos(lower(t.tenant_id), lower(:q)) > 0 OR strpos(lower(t.name), lower(:q)) > 0)', { q });
    return query;
  }
}
