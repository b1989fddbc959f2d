import { Injectable } from '@nestjs/common';
import { newId } from '../../contracts/index.js';
import { type Page, pageOf } from '../../shared/http/index.js';
import { type ApiKey, hashApiKey, newApiKey, statusOf } from './api-key.js';
import { type ApiKeyFilter, ApiKeyRepository } from './api-key.repository.js';
import { CredentialChanges } from './credential-changes.service.js';
import type { Scope } from './principal.js';
import { tenancyErrors } from './tenancy.errors.js';
import { type PageRequest, TenantsService } from './tenants.service.js';

export interface NewApiKey {
  readonly tenantId: string;
  readonly name: string;
  readonly scopes: Scope[];
  readonly expiresAt: Date | null;
}

/** A key with its secret, which is kept nowhere: whoever is given this is the only one who can show it. */
export interface ShownApiKey {
  readonly apiKey: ApiKey;
  /** `nk_…` */
  readonly key: string;
}

/** The keys of tenants. Whatever ends a secret is known to this process when the promise is settled, and within milliseconds to every other one. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly apiKeys: ApiKeyRepository,
    private readonly tenants: TenantsService,
    private readonly changes: CredentialChanges,
  ) {}

  /**
   * @param keyId of a request that may come twice
   * @throws TENANT_NOT_FOUND (notFound), API_KEY_EXPIRY_PAST (invalid), API_KEY_SHOWN (conflict) when there is a key with this id
   */
  async create(apiKey: NewApiKey, keyId = newId()): Promise<ShownApiKey> {
    if (apiKey.expiresAt !== null && !(apiKey.expiresAt > new Date())) throw tenancyErrors.expiryPast();
    await this.tenants.get(apiKey.tenantId);
    const key = newApiKey();
    if (!(await this.apiKeys.insert({ ...apiKey, keyId, keyHash: hashApiKey(key) }))) throw tenancyErrors.keyShown(keyId);
    return { apiKey: await this.get(keyId), key };
  }

  /** Newest first. `total` counts those that match. @throws TENANT_NOT_FOUND (notFound) */
  async list(filter: ApiKeyFilter, { limit, cursor }: PageRequest): Promise<Page<ApiKey>> {
    await this.tenants.get(filter.tenantId);
    const [rows, total] = await Promise.all([this.apiKeys.findPage(filter, limit + 1, cursor), this.apiKeys.count(filter)]);
    return pageOf(rows, { limit, total }, ({ keyId }) => keyId);
  }

  /** @throws API_KEY_NOT_FOUND (notFound) */
  async get(keyId: string): Promise<ApiKey> {
    const apiKey = await this.apiKeys.find(keyId);
    if (!apiKey) throw tenancyErrors.keyNotFound(keyId);
    return apiKey;
  }

  /**
   * Gives a key another secret; its id, name, scopes and expiry stay. At most two secrets of a key count: a third one ends the first.
   *
   * @param overlapSeconds how long the secret that it had counts besides; 0 ends it at once, with the sockets that it has opened
   * @throws API_KEY_NOT_FOUND (notFound), API_KEY_ENDED (conflict) for one that is revoked or expired
   */
  async rotate(keyId: string, overlapSeconds: number): Promise<ShownApiKey> {
    const key = newApiKey();
    const hashes = await this.apiKeys.rotate(await this.get(keyId), hashApiKey(key), overlapSeconds);
    const apiKey = await this.get(keyId);
    if (!hashes) throw tenancyErrors.keyEnded(keyId, statusOf(apiKey));
    await this.changes.forgetKeys(hashes);
    return { apiKey, key };
  }

  /** Ends a key, with the sockets that it has opened. Once more changes nothing, and says it once more to every process. @throws API_KEY_NOT_FOUND (notFound) */
  async revoke(keyId: string): Promise<ApiKey> {
    const { tenantId } = await this.get(keyId);
    await this.apiKeys.revoke({ tenantId, keyId });
    await this.changes.forgetKeys(await this.apiKeys.findHashes({ tenantId, keyId }));
    return this.get(keyId);
  }
}
