import { ApiClient } from './api-client.js';

/** The administrator's key of tests with AUTH_MODE=keys. */
export const ADMIN_KEY = 'an-administrator-of-these-tests-0001';

export interface ShownKey {
  readonly keyId: string;
  readonly key: string;
}

/** Makes tenants and their keys, and speaks with them. */
export class Keyring {
  readonly admin: ApiClient;

  constructor(private readonly url: string) {
    this.admin = this.as(ADMIN_KEY);
  }

  as(key: string, headers: Record<string, string> = {}): ApiClient {
    return new ApiClient(this.url, { authorization: `Bearer ${key}`, ...headers });
  }

  async tenant(tenantId: string, tier = 'enterprise'): Promise<void> {
    await this.admin.post('/api/v1/admin/tenants', { tenantId, name: tenantId, tier });
  }

  async key(tenantId: string, scopes: readonly string[], rest: object = {}): Promise<ShownKey> {
    return (await this.admin.post<ShownKey>('/api/v1/admin/api-keys', { tenantId, name: 'test', scopes, ...rest })).body;
  }

  /** Of a new tenant. */
  async client(tenantId: string, scopes: readonly string[]): Promise<ApiClient> {
    await this.tenant(tenantId);
    return this.as((await this.key(tenantId, scopes)).key);
  }
}
