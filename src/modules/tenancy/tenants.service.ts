import { Injectable } from '@nestjs/common';
import { newId, type Tier } from '../../contracts/index.js';
import { AgentCacheInvalidator } from '../../shared/cache/index.js';
import { hashApiKey, newApiKey } from './api-key.js';
import { ApiKeyRepository } from './api-key.repository.js';
import type { Scope } from './principal.js';
import { tenancyErrors } from './tenancy.errors.js';
import { TenantRepository } from './tenant.repository.js';
import type { LimitOverrides } from './tiers.js';

export interface Tenant {
  readonly tenantId: string;
  readonly name: string;
  readonly tier: Tier;
  /** What it may otherwise than its tier. */
  readonly limits: LimitOverrides;
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
    private readonly invalidator: AgentCacheInvalidator,
  ) {}

  /**
   * @param ownId of a tenant that names none; one that has it already is the one that the same request has made before
   * @throws TENANT_EXISTS (conflict)
   */
  async create({ tenantId, name, tier }: Pick<Tenant, 'name' | 'tier'> & { readonly tenantId?: string }, ownId = newId()): Promise<Tenant> {
    const created = await this.tenants.insert({ tenantId: tenantId ?? ownId, name, tier });
    if (created) return created;
    if (tenantId !== undefined) throw tenancyErrors.tenantExists(tenantId);
    return this.get(ownId);
  }

  /** Makes the tenant on first sight; only AUTH_MODE=headers calls this. */
  async ensure(tenantId: string, tier: Tier): Promise<void> {
    if (this.seen.has(tenantId)) return;
    await this.tenants.insert({ tenantId, name: tenantId, tier });
    this.seen.add(tenantId);
  }

  /**
   * @param keyId of a request that may come twice
   * @returns the key itself, which is kept nowhere
   * @throws TENANT_NOT_FOUND (notFound), API_KEY_EXPIRY_PAST (invalid), API_KEY_SHOWN (conflict) when there is a key with this id
   */
  async createApiKey(apiKey: NewApiKey, keyId = newId()): Promise<{ keyId: string; key: string }> {
    if (apiKey.expiresAt !== null && !(apiKey.expiresAt > new Date())) throw tenancyErrors.expiryPast();
    await this.get(apiKey.tenantId);
    const key = newApiKey();
    if (!(await this.apiKeys.insert({ ...apiKey, keyId, keyHash: hashApiKey(key) }))) throw tenancyErrors.keyShown(keyId);
    return { keyId, key };
  }

  /** @throws TENANT_NOT_FOUND (notFound) */
  async get(tenantId: string): Promise<Tenant> {
    const tenant = await this.tenants.find(tenantId);
    if (!tenant) throw tenancyErrors.tenantNotFound(tenantId);
    return tenant;
  }

  /**
   * Lays limits over those of the tenant's tier, in place of what was set before; every process follows.
   *
   * @param limits undefined fields are the tier's
   * @throws TENANT_NOT_FOUND (notFound)
   */
  async setLimits(tenantId: string, limits: LimitOverrides): Promise<Tenant> {
    const set = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
    if (!(await this.tenants.setLimits(tenantId, set))) throw tenancyErrors.tenantNotFound(tenantId);
    await this.invalidator.tenant(tenantId);
    return { ...(await this.get(tenantId)), limits: set };
  }

  /** All tenants, each with the tier and the limits that it has now. */
  async all(): Promise<Pick<Tenant, 'tenantId' | 'tier' | 'limits'>[]> {
    return this.tenants.findTiers();
  }
}
