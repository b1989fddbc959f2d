import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ConversationStatus } from '../conversation.js';

@Entity('conversation_totals')
export class ConversationTotalsEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'conversation_totals_pk' }) tenantId!: string;
  @PrimaryColumn('date', { primaryKeyConstraintName: 'conversation_totals_pk' }) day!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'conversation_totals_pk' }) agentId!: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'conversation_totals_pk' }) status!: ConversationStatus;
  @Column('bigint') conversations!: string;
  @Column('bigint') messages!: string;
  @Column('bigint') tokens!: string;
  @Column('bigint') ratings!: string;
  @Column('bigint') ratingSum!: string;
  @Column('bigint') satisfied!: string;
}
