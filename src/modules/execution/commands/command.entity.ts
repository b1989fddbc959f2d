import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ExecutionError } from '../../../contracts/index.js';
import type { ExecutionResult } from '../execution.js';
import type { StoredStatus } from './command.js';

@Entity('commands')
@Index('commands_temporary_unique', ['tenantId', 'temporaryId'], { unique: true })
@Index('commands_agent', ['tenantId', 'agentId', 'commandId'])
@Index('commands_user', ['tenantId', 'userId', 'commandId'])
@Index('commands_conversation', ['tenantId', 'conversationId'])
@Index('commands_execution', ['tenantId', 'executionId'])
export class CommandEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'commands_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'commands_pk' }) commandId!: string;
  @Column('text') temporaryId!: string;
  @Column('uuid') agentId!: string;
  @Column('text', { nullable: true }) agentBackground!: string | null;
  @Column('text') task!: string;
  @Column('text', { nullable: true }) description!: string | null;
  @Column('text', { array: true }) targets!: readonly string[];
  @Column('text', { nullable: true }) provider!: string | null;
  @Column('text', { nullable: true }) model!: string | null;
  @Column('double precision', { nullable: true }) temperature!: number | null;
  @Column('integer', { nullable: true }) maxTokens!: number | null;
  @Column('text', { nullable: true }) userId!: string | null;
  @Column('jsonb') metadata!: Record<string, unknown>;
  @Column('text') status!: StoredStatus;
  @Column('uuid') executionId!: string;
  @Column('uuid', { nullable: true }) conversationId!: string | null;
  @Column('text', { nullable: true }) sessionId!: string | null;
  @Column('jsonb') results!: readonly ExecutionResult[];
  @Column('jsonb', { nullable: true }) error!: ExecutionError | null;
  @Column('integer', { nullable: true }) inputTokens!: number | null;
  @Column('integer', { nullable: true }) outputTokens!: number | null;
  /** bigint: pg gives it as text. */
  @Column('bigint', { nullable: true }) durationMs!: string | null;
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz') updatedAt!: Date;
}
