import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { TenantEntity } from './tenant.entity.js';

type NewTenant = Pick<TenantEntity, 'tenantId' | 'name' | 'tier'>;

@Injectable()
export class TenantRepository {
  constructor(@InjectRepository(TenantEntity) private readonly tenants: Repository<TenantEntity>) {}

  /** @returns null when the id is taken */
  async insert(tenant: NewTenant): Promise<TenantEntity | null> {
    const inserted = await this.tenants.createQueryBuilder().insert().values(tenant).orIgnore().returning('*').execute();
    return (inserted.raw as unknown[]).length === 0 ? null : this.find(tenant.tenantId);
  }

  async find(tenantId: string): Promise<TenantEntity | null> {
    return this.tenants.findOneBy({ tenantId });
  }

  async findIds(): Promise<string[]> {
    return (await this.tenants.find({ select: { tenantId: true } })).map(({ tenantId }) => tenantId);
  }
}
