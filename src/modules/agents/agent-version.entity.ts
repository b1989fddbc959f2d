import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AgentDefinition } from './agent.js';

@Entity('agent_versions')
export class AgentVersionEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'agent_versions_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'agent_versions_pk' }) agentId!: string;
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'agent_versions_pk' }) version!: number;
  @Column('jsonb') definition!: AgentDefinition;
  @Column('uuid', { nullable: true }) editId!: string | null;
  @Column('timestamptz') createdAt!: Date;
}
