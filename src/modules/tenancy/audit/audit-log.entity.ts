import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ActorKind, AuditDetails } from './audit-entry.js';

@Entity('audit_log')
@Index('audit_log_newest', ['entryId'])
export class AuditLogEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'audit_log_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'audit_log_pk' }) entryId!: string;
  @PrimaryColumn('boolean', { primaryKeyConstraintName: 'audit_log_pk' }) isOutcome!: boolean;
  @Column('timestamptz') at!: Date;
  @Column('text') actorKind!: ActorKind;
  @Column('text', { nullable: true }) actorId!: string | null;
  @Column('text', { nullable: true }) actorName!: string | null;
  @Column('text') action!: string;
  @Column('text', { nullable: true }) target!: string | null;
  @Column('text') requestId!: string;
  @Column('text', { nullable: true }) outcome!: string | null;
  @Column('jsonb') details!: AuditDetails;
}
