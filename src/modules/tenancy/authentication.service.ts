import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { CLIENT_ID, SYSTEM_TENANT, TIERS, type Tier } from '../../contracts/index.js';
import { ServerSettings } from '../../shared/config/index.js';
import { hashApiKey } from './api-key.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { type Principal, SCOPES } from './principal.js';
import { tenancyErrors } from './tenancy.errors.js';
import { TenantsService } from './tenants.service.js';

/** As whose the audit log has what the administrator of the settings does. */
const ADMIN_KEY_NAME = 'NOOBLE_ADMIN_KEY';

const BEARER = /^Bearer (\S{1,256})$/i;

/** Finds out who is calling, for REST and WebSocket alike. */
@Injectable()
export class AuthenticationService {
  private readonly adminKeyHash: Buffer | undefined;

  constructor(
    private readonly settings: ServerSettings,
    private readonly apiKeys: ApiKeyRepository,
    private readonly tenants: TenantsService,
  ) {
    this.adminKeyHash = settings.adminKey === '' ? undefined : hashApiKey(settings.adminKey);
  }

  /**
   * @param headers of the HTTP request or of the WebSocket handshake
   * @throws CREDENTIALS_MISSING, API_KEY_INVALID (unauthenticated), TENANT_MISMATCH, TENANT_INACTIVE (forbidden), TENANT_NOT_FOUND (notFound), HEADER_INVALID (invalid)
   */
  async authenticate(headers: IncomingHttpHeaders): Promise<Principal> {
    const named = clientIdHeader(headers, 'X-Tenant-ID');
    if (headers.authorization !== undefined) return namedBy(named, await this.byKey(headers.authorization, named));
    if (this.settings.authMode !== 'headers') throw tenancyErrors.credentialsMissing();
    if (named === undefined) throw tenancyErrors.tenantHeaderMissing();
    const tier = tierHeader(headers);
    await this.tenants.ensure(named, tier);
    return namedBy(named, { tenantId: named, tier, scopes: SCOPES, key: null });
  }

  /**
   * The same caller, as his key and his tenant are now: for what goes on after the request that it began with, such as a socket.
   *
   * @throws API_KEY_INVALID (unauthenticated), TENANT_INACTIVE (forbidden), TENANT_NOT_FOUND (notFound)
   */
  async renew(principal: Principal): Promise<Principal> {
    const { tenantId, key } = principal;
    if (key) return this.inTenant(await this.holderOf(Buffer.from(key.hash, 'hex')), tenantId);
    if (tenantId !== SYSTEM_TENANT && this.settings.authMode === 'headers') await this.tenants.ensure(tenantId, principal.tier);
    return principal;
  }

  /**
   * The caller in the tenant that he names, be it in a header, a path, a query or a body; only administrators have a choice, and one whose tenant is
   * that of a header must not name yet another one.
   *
   * @throws TENANT_MISMATCH (forbidden), TENANT_NOT_FOUND (notFound)
   */
  async inTenant(principal: Principal, named: string | undefined): Promise<Principal> {
    if (named === undefined || named === principal.tenantId) return principal;
    if (!principal.scopes.includes('admin')) throw tenancyErrors.tenantMismatch(named);
    if (principal.isTenantNamed === true) throw tenancyErrors.tenantNamedTwice(principal.tenantId, named);
    const { tenantId, tier } = await this.tenants.get(named);
    return { ...principal, tenantId, tier };
  }

  private async byKey(authorization: string, named: string | undefined): Promise<Principal> {
    const [, key] = BEARER.exec(authorization) ?? [];
    if (key === undefined) throw tenancyErrors.credentialsMissing();
    return this.inTenant(await this.holderOf(hashApiKey(key)), named);
  }

  private async holderOf(keyHash: Buffer): Promise<Principal> {
    if (this.adminKeyHash && timingSafeEqual(this.adminKeyHash, keyHash)) return { tenantId: SYSTEM_TENANT, tier: 'enterprise', scopes: ['admin'], key: null, keyName: ADMIN_KEY_NAME };
    const holder = await this.apiKeys.findHolder(keyHash);
    if (!holder || (holder.expiresAt !== null && holder.expiresAt <= new Date())) throw tenancyErrors.keyUnknown();
    const { tenantId, tier, scopes, keyId, keyName } = holder;
    return { tenantId, tier, scopes, key: { keyId, hash: keyHash.toString('hex') }, keyName };
  }
}

function namedBy(header: string | undefined, principal: Principal): Principal {
  return header === undefined ? principal : { ...principal, isTenantNamed: true };
}

function clientIdHeader(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  if (value !== undefined && (typeof value !== 'string' || !CLIENT_ID.test(value))) throw tenancyErrors.tenantHeaderInvalid(name);
  return value;
}

function tierHeader(headers: IncomingHttpHeaders): Tier {
  const value = headers['x-tenant-tier'] ?? 'free';
  const tier = TIERS.find((known) => known === value);
  if (tier === undefined) throw tenancyErrors.tierHeaderInvalid();
  return tier;
}
