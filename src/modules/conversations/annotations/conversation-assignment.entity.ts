import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('conversation_assignments')
@Index('conversation_assignments_listed', ['tenantId', 'assignee', 'begunAt', 'conversationId'])
export class ConversationAssignmentEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'conversation_assignments_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'conversation_assignments_pk' }) conversationId!: string;
  @Column('text') assignee!: string;
  /** When the conversation began. */
  @Column('timestamptz') begunAt!: Date;
  @Column('text') author!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}
