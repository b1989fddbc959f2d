import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('conversation_notes')
export class ConversationNoteEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'conversation_notes_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'conversation_notes_pk' }) conversationId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'conversation_notes_pk' }) noteId!: string;
  @Column('text') text!: string;
  @Column('text') author!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}
