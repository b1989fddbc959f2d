import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Scope } from './principal.js';

@Entity('api_keys')
@Unique('api_keys_hash_unique', ['keyHash'])
@Unique('api_keys_previous_hash_unique', ['previousKeyHash'])
@Unique('api_keys_id_unique', ['keyId'])
export class ApiKeyEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'api_keys_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'api_keys_pk' }) keyId!: string;
  @Column('bytea') keyHash!: Buffer;
  @Column('text') name!: string;
  @Column('text', { array: true }) scopes!: Scope[];
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) expiresAt!: Date | null;
  @Column('timestamptz', { nullable: true }) revokedAt!: Date | null;
  @Column('bytea', { nullable: true }) previousKeyHash!: Buffer | null;
  @Column('timestamptz', { nullable: true }) previousValidUntil!: Date | null;
  @Column('timestamptz', { nullable: true }) rotatedAt!: Date | null;
}
