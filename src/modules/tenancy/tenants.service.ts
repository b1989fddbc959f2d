import { Injectable } from '@nestjs/common';
import { newId, type Tier } from '../../contracts/index.js';
import { hashApiKey, newApiKey } from './api-key.js';
import { ApiKeyRepository } from './api-key.repository.js';
import type { Scope } from './principal.js';
import { tenancyErrors } from './tenancy.errors.js';
import { TenantRepository } from './tenant.repository.js';

export interface Tenant {
  readonly tenantId: string;
  readonly name: string;
  readonly tier: Tier;
  readonly createdAt: Date;
}

export interface NewApiKey {
  readonly tenantId: string;
  readonly name: string;
  readonly scopes: Scope[];
  readonly expiresAt: Date | null;
}

/** Tenants and their keys. */
@Injectable()
export class TenantsService {
  /** Tenants that the development mode has seen; it only ever grows by what a developer types. */
  private readonly seen = new Set<string>();

  constructor(
    private readonly tenants: TenantRepository,
    private readonly apiKeys: ApiKeyRepository,
  ) {}

  /** @throws TENANT_EXISTS (conflict) */
  async create(tenant: Pick<Tenant, 'name' | 'tier'> & { readonly tenantId?: string }): Promise<Tenant> {
    const tenantId = tenant.tenantId ?? newId();
    const created = await this.tenants.insert({ tenantId, name: tenant.name, tier: tenant.tier });
    if (!created) throw tenancyErrors.tenantExists(tenantId);
    return created;
  }

  /** Makes the tenant on first sight; only AUTH_MODE=headers calls this. */
  async ensure(tenantId: string, tier: Tier): Promise<void> {
    if (this.seen.has(tenantId)) return;
    await this.tenants.insert({ tenantId, name: tenantId, tier });
    this.seen.add(tenantId);
  }

  /**
   * @returns the key itself, which is kept nowhere
   * @throws TENANT_NOT_FOUND (notFound), API_KEY_EXPIRY_PAST (invalid)
   */
  async createApiKey(apiKey: NewApiKey): Promise<{ keyId: string; key: string }> {
    if (apiKey.expiresAt !== null && !(apiKey.expiresAt > new Date())) throw tenancyErrors.expiryPast();
    await this.get(apiKey.tenantId);
    const keyId = newId();
    const key = newApiKey();
    await this.apiKeys.insert({ ...apiKey, keyId, keyHash: hashApiKey(key) });
    return { keyId, key };
  }

  /** @throws TENANT_NOT_FOUND (notFound) */
  async get(tenantId: string): Promise<Tenant> {
    const tenant = await this.tenants.find(tenantId);
    if (!tenant) throw tenancyErrors.tenantNotFound(tenantId);
    return tenant;
  }

  /** All tenants, each with the tier that it has now. */
  async all(): Promise<Pick<Tenant, 'tenantId' | 'tier'>[]> {
    return this.tenants.findTiers();
  }
}
