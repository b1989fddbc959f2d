import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ConversationStatus } from '../conversation.js';

@Entity('conversation_total_changes')
export class ConversationTotalChangeEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'conversation_total_changes_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'conversation_total_changes_pk' }) changeId!: string;
  @Column('date') day!: string;
  @Column('uuid') agentId!: string;
  @Column('text') status!: ConversationStatus;
  @Column('bigint') conversations!: string;
  @Column('bigint') messages!: string;
  @Column('bigint') tokens!: string;
  @Column('bigint') ratings!: string;
  @Column('bigint') ratingSum!: string;
  @Column('bigint') satisfied!: string;
}
