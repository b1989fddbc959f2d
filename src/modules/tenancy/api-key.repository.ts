import { Injectable } from '@nestjs/common';
import { type FindOptionsWhere, IsNull, LessThan, LessThanOrEqual, MoreThan, Not } from 'typeorm';
import { SYSTEM_TENANT, type Tier } from '../../contracts/index.js';
import { Cached, HasCachedMethods } from '../../shared/cache/index.js';
import { Transactions } from '../../shared/database/index.js';
import type { ApiKey, ApiKeyStatus } from './api-key.js';
import { ApiKeyEntity } from './api-key.entity.js';
import type { Scope } from './principal.js';

/** A key with the tenant that it belongs to. */
export interface KeyHolder {
  readonly keyId: string;
  readonly keyName: string;
  readonly tenantId: string;
  readonly tier: Tier;
  readonly scopes: Scope[];
  /** Of the secret that was asked for. */
  readonly expiresAt: Date | null;
}

/** One key. */
export type KeyRef = Pick<ApiKey, 'tenantId' | 'keyId'>;

/** Which keys of a tenant are listed. */
export interface ApiKeyFilter {
  readonly tenantId: string;
  readonly status?: ApiKeyStatus | undefined;
}

/** LEAST leaves out what is NULL. */
const HOLDER_OF_KEY = `
  SELECT k.key_id AS "keyId", k.name AS "keyName", k.tenant_id AS "tenantId", t.tier, k.scopes, CASE WHEN k.key_hash = $1 THEN k.expires_at ELSE LEAST(k.expires_at, k.previous_valid_until) END AS "expiresAt"
  FROM api_keys k JOIN tenants t USING (tenant_id)
  WHERE (k.key_hash = $1 OR k.previous_key_hash = $1) AND k.revoked_at IS NULL AND t.is_active`;

const ROTATE = `
  WITH before AS (
    SELECT tenant_id, key_id, key_hash, previous_key_hash FROM api_keys
    WHERE key_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) FOR UPDATE
  ), rotated AS (
    UPDATE api_keys k SET key_hash = $2, rotated_at = now(),
      previous_key_hash = CASE WHEN $3::integer > 0 THEN before.key_hash END, previous_valid_until = CASE WHEN $3::integer > 0 THEN now() + make_interval(secs => $3::integer) END
    FROM before WHERE k.tenant_id = before.tenant_id AND k.key_id = before.key_id RETURNING 1
  )
  SELECT before.key_hash AS "keyHash", before.previous_key_hash AS "previousKeyHash" FROM before, rotated`;

@Injectable()
@HasCachedMethods()
export class ApiKeyRepository {
  constructor(private readonly transactions: Transactions) {}

  /** @returns false when the id is taken */
  async insert(apiKey: Pick<ApiKeyEntity, 'tenantId' | 'keyId' | 'keyHash' | 'name' | 'scopes' | 'expiresAt'>): Promise<boolean> {
    return this.transactions.within(apiKey.tenantId, undefined, async (manager) => {
      const inserted = await manager.createQueryBuilder().insert().into(ApiKeyEntity).values(apiKey).orIgnore().returning('key_id').execute();
      return (inserted.raw as unknown[]).length > 0;
    });
  }

  /** Whoever holds the key with this hash, unless it was revoked or the tenant is switched off. A key without a holder is asked for again each time. */
  @Cached({ type: 'api_key', tenantId: (_: Buffer) => SYSTEM_TENANT, id: (keyHash) => keyHash.toString('hex') })
  async findHolder(keyHash: Buffer): Promise<KeyHolder | undefined> {
    return this.transactions.within(SYSTEM_TENANT, undefined, async (manager) => (await manager.query<KeyHolder[]>(HOLDER_OF_KEY, [keyHash]))[0]);
  }

  /** Whosever it is: ids of keys are unique. */
  async find(keyId: string): Promise<ApiKey | null> {
    const row = await this.transactions.within(SYSTEM_TENANT, undefined, (manager) => manager.findOneBy(ApiKeyEntity, { keyId }));
    return row && apiKeyOf(row);
  }

  /** Newest first; ids are UUIDv7, so the id is the time. @param before the id to go on from, not included */
  async findPage(filter: ApiKeyFilter, limit: number, before: string | undefined): Promise<ApiKey[]> {
    const where = matching(filter).map((some) => ({ ...some, ...(before !== undefined && { keyId: LessThan(before) }) }));
    const rows = await this.transactions.within(filter.tenantId, undefined, (manager) => manager.find(ApiKeyEntity, { where, order: { keyId: 'DESC' }, take: limit }));
    return rows.map(apiKeyOf);
  }

  async count(filter: ApiKeyFilter): Promise<number> {
    return this.transactions.within(filter.tenantId, undefined, (manager) => manager.countBy(ApiKeyEntity, matching(filter)));
  }

  /** Gives a key that is in force another secret. @returns the hashes that it had; null when there is no such key @param overlapSeconds the secret that it had counts that long */
  async rotate({ tenantId, keyId }: KeyRef, keyHash: Buffer, overlapSeconds: number): Promise<Buffer[] | null> {
    const [before] = await this.transactions.within(tenantId, undefined, (manager) => manager.query<HashesOfKey[]>(ROTATE, [keyId, keyHash, overlapSeconds]));
    return before === undefined ? null : hashesOf(before);
  }

  /** Once more changes nothing. */
  async revoke({ tenantId, keyId }: KeyRef): Promise<void> {
    await this.transactions.within(tenantId, undefined, (manager) => manager.update(ApiKeyEntity, { tenantId, keyId, revokedAt: IsNull() }, { revokedAt: () => 'now()' }));
  }

  /** Of the secrets of a tenant's keys, or of one of its keys, those before a rotation included. */
  async findHashes(owner: Pick<KeyRef, 'tenantId'> & Partial<KeyRef>): Promise<Buffer[]> {
    const select = { keyHash: true, previousKeyHash: true };
    return (await this.transactions.within(owner.tenantId, undefined, (manager) => manager.find(ApiKeyEntity, { select, where: owner }))).flatMap(hashesOf);
  }
}

type HashesOfKey = Pick<ApiKeyEntity, 'keyHash' | 'previousKeyHash'>;

function hashesOf({ keyHash, previousKeyHash }: HashesOfKey): Buffer[] {
  return previousKeyHash === null ? [keyHash] : [keyHash, previousKeyHash];
}

/** Alternatives. */
function matching({ tenantId, status }: ApiKeyFilter): FindOptionsWhere<ApiKeyEntity>[] {
  const now = new Date();
  switch (status) {
    case undefined:
      return [{ tenantId }];
    case 'active':
      return [{ tenantId, revokedAt: IsNull(), expiresAt: IsNull() }, { tenantId, revokedAt: IsNull(), expiresAt: MoreThan(now) }];
    case 'expired':
      return [{ tenantId, revokedAt: IsNull(), expiresAt: LessThanOrEqual(now) }];
    case 'revoked':
      return [{ tenantId, revokedAt: Not(IsNull()) }];
  }
}

function apiKeyOf({ keyHash: _, previousKeyHash: __, ...apiKey }: ApiKeyEntity): ApiKey {
  return apiKey;
}
