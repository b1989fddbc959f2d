import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('agent_changes')
export class AgentChangeEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'agent_changes_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'agent_changes_pk' }) changeId!: string;
  @Column('uuid') agentId!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}
