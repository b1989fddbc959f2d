import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('conversation_labels')
@Index('conversation_labels_listed', ['tenantId', 'label', 'begunAt', 'conversationId'])
export class ConversationLabelEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'conversation_labels_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'conversation_labels_pk' }) conversationId!: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'conversation_labels_pk' }) label!: string;
  /** When the conversation began. */
  @Column('timestamptz') begunAt!: Date;
  @Column('text') author!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}
