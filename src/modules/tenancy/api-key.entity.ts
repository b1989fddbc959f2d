import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Scope } from './principal.js';

@Entity('api_keys')
@Unique('api_keys_hash_unique', ['keyHash'])
export class ApiKeyEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'api_keys_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'api_keys_pk' }) keyId!: string;
  @Column('bytea') keyHash!: Buffer;
  @Column('text') name!: string;
  @Column('text', { array: true }) scopes!: Scope[];
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) expiresAt!: Date | null;
  @Column('timestamptz', { nullable: true }) revokedAt!: Date | null;
}
