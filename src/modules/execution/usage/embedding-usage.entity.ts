import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('embedding_usage')
export class EmbeddingUsageEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'embedding_usage_pk' }) tenantId!: string;
  /** Of UTC. */
  @PrimaryColumn('date', { primaryKeyConstraintName: 'embedding_usage_pk' }) day!: string;
  @Column('bigint') tokens!: string;
  /** Millionths of a US dollar. */
  @Column('bigint') costMicros!: string;
}
