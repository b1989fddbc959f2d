import { Injectable } from '@nestjs/common';
import { newId, type Tier } from '../../contracts/index.js';
import { toAppError } from '../../shared/errors/index.js';
import { type Page, pageOf } from '../../shared/http/index.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { CredentialChanges } from './credential-changes.service.js';
import { tenancyErrors } from './tenancy.errors.js';
import { type TenantEdit, type TenantFilter, TenantRepository } from './tenant.repository.js';
import type { LimitOverrides } from './tiers.js';

export interface Tenant {
  readonly tenantId: string;
  readonly name: string;
  readonly tier: Tier;
  /** What it may otherwise than its tier. */
  readonly limits: LimitOverrides;
  /** Otherwise none of its keys opens anything. */
  readonly isActive: boolean;
  readonly createdAt: Date;
}

/** A page of a list. */
export interface PageRequest {
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** Who there is. */
@Injectable()
export class TenantsService {
  /** Tenants that the development mode has seen, and whether nothing can have changed since; it only ever grows by what a developer types. */
  private readonly seen = new Map<string, boolean>();

  constructor(
    private readonly tenants: TenantRepository,
    private readonly apiKeys: ApiKeyRepository,
    private readonly changes: CredentialChanges,
  ) {
    changes.listen((change) => {
      for (const tenantId of this.seen.keys()) if (change.kind === 'all' || (change.kind === 'tenant' && change.tenantId === tenantId)) this.seen.set(tenantId, false);
    });
  }

  /**
   * @param ownId of a tenant that names none; one that has it already is the one that the same request has made before
   * @throws TENANT_EXISTS (conflict)
   */
  async create({ tenantId, name, tier }: Pick<Tenant, 'name' | 'tier'> & { readonly tenantId?: string | undefined }, ownId = newId()): Promise<Tenant> {
    const created = await this.tenants.insert({ tenantId: tenantId ?? ownId, name, tier });
    if (created) return created;
    if (tenantId !== undefined) throw tenancyErrors.tenantExists(tenantId);
    return this.get(ownId);
  }

  /** Newest first. `total` counts those that match. @throws VALIDATION_FAILED (invalid) when the cursor is none */
  async list(filter: TenantFilter, { limit, cursor }: PageRequest): Promise<Page<Tenant>> {
    if (cursor !== undefined && !(await this.tenants.read(cursor))) throw tenancyErrors.cursorInvalid();
    const [rows, total] = await Promise.all([this.tenants.findPage(filter, limit + 1, cursor), this.tenants.count(filter)]);
    return pageOf(rows, { limit, total }, ({ tenantId }) => tenantId);
  }

  /**
   * Changes what is named. When its promise is settled, this process knows, and within milliseconds every other one; sockets of a tenant whose tier is
   * another, or which is switched off, are closed. The same again changes nothing and says it once more to every process.
   *
   * @throws TENANT_NOT_FOUND (notFound), TENANT_EDIT_EMPTY (invalid)
   */
  async update(tenantId: string, edit: TenantEdit): Promise<Tenant> {
    const named = Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
    if (Object.keys(named).length === 0) throw tenancyErrors.tenantEditEmpty();
    if (!(await this.tenants.update(tenantId, named))) throw tenancyErrors.tenantNotFound(tenantId);
    await this.changes.forgetTenant(tenantId);
    await this.changes.forgetKeys(await this.apiKeys.findHashes({ tenantId }));
    return this.get(tenantId);
  }

  /** Makes the tenant on first sight; only AUTH_MODE=headers calls this. One that was seen before goes on while PostgreSQL is away. @throws TENANT_INACTIVE (forbidden) */
  async ensure(tenantId: string, tier: Tier): Promise<void> {
    if (this.seen.get(tenantId) === true) return;
    try {
      const made = await this.tenants.insert({ tenantId, name: tenantId, tier });
      if (!made && (await this.tenants.read(tenantId))?.isActive === false) throw tenancyErrors.tenantInactive(tenantId);
      this.seen.set(tenantId, true);
    } catch (error) {
      if (!this.seen.has(tenantId) || !toAppError(error).isRetryable) throw error;
    }
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
    await this.changes.forgetTenant(tenantId);
    return { ...(await this.get(tenantId)), limits: set };
  }

  /** All tenants, each with the tier and the limits that it has now. */
  async all(): Promise<Pick<Tenant, 'tenantId' | 'tier' | 'limits'>[]> {
    return this.tenants.findTiers();
  }
}
