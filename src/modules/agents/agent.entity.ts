import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Tier } from '../../contracts/index.js';
import type { AgentType } from './agent.js';

@Entity('agents')
@Unique('agents_slug_unique', ['tenantId', 'slug'])
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
  @Column('text') provider!: string;
  @Column('text') model!: string;
  @Column('real') temperature!: number;
  @Column('integer') maxTokens!: number;
  @Column('text', { array: true }) tools!: string[];
  @Column('uuid', { array: true }) collections!: string[];
  @Column('integer') maxIterations!: number;
  @Column('integer') maxHistoryMessages!: number;
  @Column('boolean') isPublic!: boolean;
  @Column('boolean', { default: true }) isActive!: boolean;
  @Column('text') minimumTier!: Tier;
  @Column('text', { array: true }) tags!: string[];
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { default: () => 'now()' }) updatedAt!: Date;
}
