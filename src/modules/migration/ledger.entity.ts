import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * `verified`: the range is in PostgreSQL and was read back. `failed`: nothing was moved, `error` says why. `resequenced`: from this seq on Redis
 * had other messages than PostgreSQL; they have the seqs behind those of PostgreSQL, and nothing was moved yet.
 */
export type MoveOutcome = 'verified' | 'failed' | 'resequenced';

@Entity('migration_ledger')
@Index('migration_ledger_conversation', ['tenantId', 'conversationId', 'fromSeq'])
export class LedgerEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'migration_ledger_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'migration_ledger_pk' }) ledgerId!: string;
  @Column('uuid') conversationId!: string;
  @Column('integer') fromSeq!: number;
  @Column('integer') toSeq!: number;
  @Column('integer') messageCount!: number;
  @Column('text') checksum!: string;
  @Column('integer') durationMs!: number;
  @Column('integer') attempt!: number;
  @Column('text') outcome!: MoveOutcome;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) movedAt!: Date;
}
