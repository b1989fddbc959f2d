import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ConversationStatus } from '../conversation.js';

const UNFINISHED = "status = ANY (ARRAY['active'::text, 'completed'::text])";
/** Without the columns that every move changes. As PostgreSQL writes it. */
const AT_REST = "status = ANY (ARRAY['transferred'::text, 'archived'::text])";

@Entity('conversations')
@Index('conversations_created', ['tenantId', 'createdAt', 'conversationId'])
@Index('conversations_agent', ['tenantId', 'agentId', 'createdAt', 'conversationId'])
@Index('conversations_user', ['tenantId', 'userId', 'createdAt', 'conversationId'])
@Index('conversations_session', ['tenantId', 'sessionId', 'createdAt', 'conversationId'])
@Index('conversations_retention', ['tenantId', 'status', 'createdAt'], { where: AT_REST })
@Index('conversations_unfinished', ['tenantId', 'status', 'createdAt', 'conversationId'], { where: UNFINISHED })
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
  @Column('text', { nullable: true }) summary!: string | null;
  @Column('smallint', { nullable: true }) customerSatisfaction!: number | null;
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz') lastMessageAt!: Date;
  @Column('timestamptz', { nullable: true }) closedAt!: Date | null;
  @Column('integer', { array: true, default: '{}' }) withdrawnSeqs!: number[];
  /** Since when the status is archived; null until the retention has seen it. */
  @Column('timestamptz', { nullable: true }) archivedAt!: Date | null;
}
