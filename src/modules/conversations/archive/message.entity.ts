import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { MessageRole } from '../../../contracts/index.js';

@Entity('messages')
@Index('messages_system', ['tenantId', 'conversationId', 'seq'], { where: "role = 'system'::text" })
@Index('messages_search', { synchronize: false })
@Unique('messages_message_id_unique', ['tenantId', 'conversationId', 'messageId'])
export class MessageEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'messages_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'messages_pk' }) conversationId!: string;
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'messages_pk' }) seq!: number;
  @Column('text') messageId!: string;
  @Column('text') role!: MessageRole;
  @Column('text') content!: string;
  @Column('integer') tokens!: number;
  @Column('uuid', { nullable: true }) agentId!: string | null;
  @Column('uuid', { nullable: true }) executionId!: string | null;
  @Column('jsonb', { nullable: true }) metadata!: Record<string, unknown> | null;
  @Column('timestamptz') createdAt!: Date;
}
