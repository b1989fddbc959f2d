import { Injectable } from '@nestjs/common';
import { SYSTEM_TENANT, type Tier } from '../../contracts/index.js';
import { Cached, HasCachedMethods } from '../../shared/cache/index.js';
import { Transactions } from '../../shared/database/index.js';
import { ApiKeyEntity } from './api-key.entity.js';
import type { Scope } from './principal.js';

/** A key with the tenant that it belongs to. */
export interface KeyHolder {
  readonly tenantId: string;
  readonly tier: Tier;
  readonly scopes: Scope[];
  readonly expiresAt: Date | null;
}

const HOLDER_OF_KEY = `
  SELECT k.tenant_id AS "tenantId", t.tier, k.scopes, k.expires_at AS "expiresAt"
  FROM api_keys k JOIN tenants t USING (tenant_id)
  WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND t.is_active`;

@Injectable()
@HasCachedMethods()
export class ApiKeyRepository {
  constructor(private readonly transactions: Transactions) {}

  /** @returns false when the id is taken */
  async insert(apiKey: Omit<ApiKeyEntity, 'createdAt' | 'revokedAt'>): Promise<boolean> {
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
}
