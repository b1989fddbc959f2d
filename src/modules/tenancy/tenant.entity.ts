import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Tier } from '../../contracts/index.js';

@Entity('tenants')
export class TenantEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'tenants_pk' }) tenantId!: string;
  @Column('text') name!: string;
  @Column('text') tier!: Tier;
  @Column('boolean', { default: true }) isActive!: boolean;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}
