import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Tier } from '../../contracts/index.js';
import type { LimitOverrides } from './tiers.js';

@Entity('tenants')
export class TenantEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'tenants_pk' }) tenantId!: string;
  @Column('text') name!: string;
  @Column('text') tier!: Tier;
  @Column('jsonb', { default: () => "'{}'" }) limits!: LimitOverrides;
  @Column('boolean', { default: true }) isActive!: boolean;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}
