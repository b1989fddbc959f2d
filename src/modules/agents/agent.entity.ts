import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ConflictPolicy, ModelProvider, Tier } from '../../contracts/index.js';
import type { AgentMemo, AgentModel, AgentType, McpServer } from './agent.js';

@Entity('agents')
@Index('agents_slug_unique', ['tenantId', 'slug'], { unique: true, where: 'deleted_at IS NULL' })
export class AgentEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'agents_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'agents_pk' }) agentId!: string;
  @Column('integer', { default: 1 }) version!: number;
  @Column('text') name!: string;
  @Column('text') slug!: string;
  @Column('text', { nullable: true }) description!: string | null;
  @Column('text') type!: AgentType;
  @Column('text') systemPrompt!: string;
  @Column('text', { nullable: true }) background!: string | null;
  @Column('text') provider!: ModelProvider;
  @Column('text') model!: string;
  @Column('jsonb', { nullable: true }) fallbackModel!: AgentModel | null;
  @Column('real') temperature!: number;
  @Column('integer') maxTokens!: number;
  @Column('text', { array: true }) tools!: readonly string[];
  @Column('jsonb', { default: [] }) mcpServers!: readonly McpServer[];
  @Column('uuid', { array: true }) collections!: readonly string[];
  @Column('integer') maxIterations!: number;
  @Column('integer') maxHistoryMessages!: number;
  @Column('text', { default: 'enqueue' }) onConflict!: ConflictPolicy;
  @Column('jsonb', { nullable: true }) memo!: AgentMemo | null;
  @Column('boolean') isPublic!: boolean;
  @Column('boolean', { default: true }) isActive!: boolean;
  @Column('text') minimumTier!: Tier;
  @Column('text', { array: true }) tags!: readonly string[];
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { default: () => 'now()' }) updatedAt!: Date;
  @Column('timestamptz', { nullable: true }) deletedAt!: Date | null;
}
