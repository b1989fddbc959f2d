/** Counters that entries and tenants share; a collision costs one load, never a stale value. A power of two. */
const BUCKETS = 4_096;

/** What had been invalidated when a read began. */
export interface Fence {
  readonly keyBucket: number;
  readonly tenantBucket: number;
  readonly keyCount: number;
  readonly tenantCount: number;
  readonly allCount: number;
}

/**
 * Tells whether anything was invalidated while a read was under way. Its answer may then be old: the callers get it, because they
 * asked before, but nobody else does, neither from memory nor by joining the read.
 */
export class Fences {
  private readonly keys = new Uint32Array(BUCKETS);
  private readonly tenants = new Uint32Array(BUCKETS);
  private all = 0;

  take(key: string, tenant: string): Fence {
    const [keyBucket, tenantBucket] = [bucketOf(key), bucketOf(tenant)];
    return { keyBucket, tenantBucket, keyCount: this.keys[keyBucket] ?? 0, tenantCount: this.tenants[tenantBucket] ?? 0, allCount: this.all };
  }

  isIntact({ keyBucket, tenantBucket, keyCount, tenantCount, allCount }: Fence): boolean {
    return this.keys[keyBucket] === keyCount && this.tenants[tenantBucket] === tenantCount && this.all === allCount;
  }

  breakKey(key: string): void {
    const bucket = bucketOf(key);
    this.keys[bucket] = (this.keys[bucket] ?? 0) + 1;
  }

  /** A scope of the tenant: which entries are under it only Redis knows, so all of the tenant's reads count. */
  breakTenant(tenant: string): void {
    const bucket = bucketOf(tenant);
    this.tenants[bucket] = (this.tenants[bucket] ?? 0) + 1;
  }

  breakAll(): void {
    this.all++;
  }
}

/** FNV-1a. */
function bucketOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0) & (BUCKETS - 1);
}
