import { Injectable } from '@nestjs/common';
import { SYSTEM_TENANT } from '../../contracts/index.js';
import { CacheEventSource, type CacheEvents, TieredCache } from '../../shared/cache/index.js';

/** Of whom something else may be true now than a moment before. */
export type CredentialChange = { readonly kind: 'key'; readonly hash: string } | { readonly kind: 'tenant'; readonly tenantId: string } | { readonly kind: 'all' };

const KEY_ENTRY = /^api_key:([0-9a-f]{64})$/;
const TENANT_ENTRY = 'tenant:tenant';
/** The scope of everything of a tenant. */
const ALL_OF_TENANT = 't';

/** Makes every process forget what it knows of keys and tenants, and tells whoever listens, in every process, that it has. */
@Injectable()
export class CredentialChanges {
  constructor(
    private readonly cache: TieredCache,
    private readonly events: CacheEventSource,
  ) {}

  /** @param hashes SHA-256 of the secrets */
  async forgetKeys(hashes: readonly Buffer[]): Promise<void> {
    await Promise.all(hashes.map((hash) => this.cache.delete({ tenantId: SYSTEM_TENANT, type: 'api_key', id: hash.toString('hex') })));
  }

  async forgetTenant(tenantId: string): Promise<void> {
    await this.cache.delete({ tenantId, type: 'tenant', id: 'tenant' });
  }

  /** `listener` hears of changes when this process has forgotten what was before, and of `all` when it may have missed one. @returns the way to stop */
  listen(listener: (change: CredentialChange) => void): () => void {
    return this.events.on('forgotten', (what) => {
      const change = changeOf(what);
      if (change) listener(change);
    });
  }
}

function changeOf({ tenant, kind, name }: CacheEvents['forgotten']): CredentialChange | undefined {
  if (kind === 'all') return { kind };
  if (name === (kind === 'scope' ? ALL_OF_TENANT : TENANT_ENTRY)) return tenant === SYSTEM_TENANT ? { kind: 'all' } : { kind: 'tenant', tenantId: tenant };
  const hash = kind === 'entry' && tenant === SYSTEM_TENANT ? KEY_ENTRY.exec(name)?.[1] : undefined;
  return hash === undefined ? undefined : { kind: 'key', hash };
}
