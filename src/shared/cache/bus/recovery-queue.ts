import type { Invalidation } from '../l2/invalidation.js';

/**
 * Invalidations that wait for Redis to be back; what is void twice is void once. Bounded: when it is full, a tenant's
 * single invalidations become one of the whole tenant, so that none is ever lost.
 */
export class RecoveryQueue {
  private readonly waiting = new Map<string, Invalidation>();
  /** @param added hears of every invalidation that is held back */
  constructor(
    private readonly max: number,
    private readonly added: () => void = () => undefined,
  ) {}

  get size(): number {
    return this.waiting.size;
  }

  add(invalidation: Invalidation): void {
    const { kind, tenant, name } = invalidation;
    // Always a new object: what is under way to Redis may be older than this.
    if (this.waiting.has(`scope ${tenant} t`)) this.waiting.set(`scope ${tenant} t`, { kind: 'scope', tenant, name: 't' });
    else this.waiting.set(`${kind} ${tenant} ${name}`, invalidation);
    if (this.waiting.size > this.max) this.widen();
    this.added();
  }

  /** The oldest ones, which stay until {@link done}. */
  next(count: number): Invalidation[] {
    return [...this.waiting.values()].slice(0, count);
  }

  /** Redis knows; unless it has become void once more since. */
  done(invalidation: Invalidation): void {
    const key = `${invalidation.kind} ${invalidation.tenant} ${invalidation.name}`;
    if (this.waiting.get(key) === invalidation) this.waiting.delete(key);
  }

  /** Every tenant's invalidations become one. */
  private widen(): void {
    const tenants = new Set([...this.waiting.values()].map(({ tenant }) => tenant));
    this.waiting.clear();
    for (const tenant of tenants) this.waiting.set(`scope ${tenant} t`, { kind: 'scope', tenant, name: 't' });
  }
}
