/** What happens in a cache, for whoever wants to listen. Types and outcomes only; ids where an event is about one entry. */
export interface CacheEvents {
  /** A read has ended. */
  read: { readonly tenantId: string; readonly type: string; readonly outcome: ReadOutcome; readonly latencyMs: number };
  /** A loader has failed or was too slow. */
  loadFailed: { readonly tenantId: string; readonly type: string; readonly error: unknown };
  invalidated: { readonly tenantId: string; readonly kind: 'entry' | 'scope'; readonly name: string; readonly isKnownToRedis: boolean };
  /** The memory of this process has forgotten something, as it or another process said: an entry, a scope, or `all`. Tenant and name are as they are in keys; '' with `all`. */
  forgotten: { readonly kind: 'entry' | 'scope' | 'all'; readonly tenant: string; readonly name: string };
  breaker: { readonly state: 'open' | 'closed' };
  bus: { readonly isSound: boolean };
}

/** How a read was answered; `coalesced` is the same answer as another reader's. */
export const READ_OUTCOMES = ['hit_l1', 'hit_l2', 'stale', 'miss', 'absent', 'none', 'coalesced'] as const;
export type ReadOutcome = (typeof READ_OUTCOMES)[number];

type Listener<E extends keyof CacheEvents> = (event: CacheEvents[E]) => void;

/** Tells listeners of {@link CacheEvents}; what a listener throws changes nothing. */
export class CacheEventSource {
  private readonly listeners = new Map<keyof CacheEvents, Set<Listener<never>>>();

  on<E extends keyof CacheEvents>(event: E, listener: Listener<E>): () => void {
    const listeners = this.listeners.get(event) ?? new Set<Listener<never>>();
    this.listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  has(event: keyof CacheEvents): boolean {
    return (this.listeners.get(event)?.size ?? 0) > 0;
  }

  emit<E extends keyof CacheEvents>(event: E, data: CacheEvents[E]): void {
    for (const listener of this.listeners.get(event) ?? []) {
      // A listener looks on; it does not take part, nor does one that turns out to be asynchronous.
      try {
        const outcome: unknown = (listener as Listener<E>)(data);
        if (outcome instanceof Promise) outcome.catch(() => undefined);
      } catch {
        continue;
      }
    }
  }
}
