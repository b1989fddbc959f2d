import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ExecutionError, ExecutionStatus, TokenUsage } from '../../contracts/index.js';
import type { ExecutionResult } from './execution.js';

@Entity('executions')
@Index('executions_agent', ['tenantId', 'agentId', 'executionId'])
@Index('executions_queued', ['tenantId', 'queuedAt'])
@Index('executions_user', ['tenantId', 'userId', 'executionId'])
@Index('executions_ended', ['tenantId', 'endedAt'])
@Index('executions_conversation', ['tenantId', 'conversationId', 'executionId'])
export class ExecutionEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'executions_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'executions_pk' }) executionId!: string;
  @Column('uuid') agentId!: string;
  @Column('integer', { nullable: true }) agentVersion!: number | null;
  @Column('uuid') conversationId!: string;
  @Column('text') sessionId!: string;
  @Column('text', { nullable: true }) userId!: string | null;
  @Column('uuid', { nullable: true }) commandId!: string | null;
  @Column('text', { nullable: true }) webhookUrl!: string | null;
  @Column('text') status!: ExecutionStatus;
  @Column('integer') attempt!: number;
  @Column('jsonb', { nullable: true }) result!: ExecutionResult | null;
  @Column('jsonb', { nullable: true }) usage!: TokenUsage | null;
  @Column('integer', { nullable: true }) costMicros!: number | null;
  @Column('jsonb', { nullable: true }) error!: ExecutionError | null;
  @Column('text', { nullable: true }) contextSource!: string | null;
  @Column('integer') lastEventSeq!: number;
  @Column('timestamptz') queuedAt!: Date;
  @Column('timestamptz', { nullable: true }) startedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) firstTokenAt!: Date | null;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
}
