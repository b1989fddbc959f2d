import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ErasureCounts, ErasureStatus } from './erasure.js';

@Entity('erasures')
@Index('erasures_one_open', ['tenantId', 'userHash'], { unique: true, where: 'user_id IS NOT NULL' })
export class ErasureEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'erasures_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'erasures_pk' }) erasureId!: string;
  @Column('text') userHash!: string;
  @Column('text', { nullable: true }) userId!: string | null;
  @Column('text') status!: ErasureStatus;
  @Column('text') requestedBy!: string;
  @Column('timestamptz') requestedAt!: Date;
  @Column('uuid', { array: true, default: '{}' }) conversationIds!: string[];
  @Column('uuid', { array: true, default: '{}' }) executionIds!: string[];
  @Column('integer', { default: 0 }) passes!: number;
  @Column('jsonb', { default: {} }) counts!: ErasureCounts;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('timestamptz') lookedAt!: Date;
  @Column('timestamptz', { nullable: true }) verifiedAt!: Date | null;
}
