import { cacheErrors } from '../cache.errors.js';
import type { CacheType, CacheTypeName } from '../cache-registry.js';
import { addressOf, type CacheScope, type EntryAddress } from '../entry/cache-key.js';

/** Which entry is meant. */
export interface CacheRef {
  /** Whose it is: from the credentials, never from what a caller says. */
  readonly tenantId: string;
  readonly type: CacheTypeName;
  /** Any text, or a tuple of texts. */
  readonly id: string | readonly string[];
  /** What it is under, for invalidation; no part of its identity. */
  readonly scope?: CacheScope;
}

/** Where that entry is. */
export interface Place extends EntryAddress {
  readonly tenantId: string;
  readonly type: CacheType;
  readonly scope: CacheScope;
}

const NO_SCOPE: CacheScope = {};

/** @throws TENANT_REQUIRED, CACHE_TYPE_UNKNOWN, CACHE_ID_REQUIRED (internal) */
export function placeOf({ tenantId, type: name, id, scope = NO_SCOPE }: CacheRef, types: ReadonlyMap<string, CacheType>): Place {
  const type = types.get(name);
  if (type === undefined) throw cacheErrors.typeUnknown(name);
  const { tenant, name: entry, key } = addressOf(tenantId, type, id);
  return { tenantId, type, scope, tenant, name: entry, key };
}
