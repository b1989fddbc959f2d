import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { StoredEvent } from './stored-events.js';

@Entity('execution_events')
export class ExecutionEventsEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'execution_events_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'execution_events_pk' }) executionId!: string;
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'execution_events_pk' }) firstSeq!: number;
  @Column('jsonb') events!: StoredEvent[];
}
