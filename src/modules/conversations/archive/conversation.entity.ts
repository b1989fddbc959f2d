import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ConversationStatus } from '../conversation.js';

@Entity('conversations')
export class ConversationEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'conversations_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'conversations_pk' }) conversationId!: string;
  @Column('uuid') agentId!: string;
  @Column('text') sessionId!: string;
  @Column('text', { nullable: true }) userId!: string | null;
  @Column('text') status!: ConversationStatus;
  @Column('text') model!: string;
  @Column('integer') messageCount!: number;
  /** bigint: pg gives it as text. */
  @Column('bigint') tokenCount!: string;
  @Column('integer') archivedSeq!: number;
  @Column('bigint') revision!: string;
  @Column('jsonb') metadata!: Record<string, unknown>;
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz') lastMessageAt!: Date;
  @Column('timestamptz', { nullable: true }) closedAt!: Date | null;
}
