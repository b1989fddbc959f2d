import type { AsyncMemoStore } from '../cache/async-memo-store.js';
import type { EntryKey } from '../entry/entry-key.js';
import { MISS } from '../symbols.js';
import type { Landing } from './flights.js';
import type { FunctionPlan } from './function-plan.js';

/** Calls of one function over a backend that answers later: whatever the function returned is promised. */
export class AsyncCalls {
  constructor(
    private readonly store: AsyncMemoStore,
    private readonly plan: FunctionPlan,
  ) {}

  async call(self: unknown, args: readonly unknown[]): Promise<unknown> {
    const { store, plan } = this;
    const key = plan.keyOf(self, args);
    if (key === undefined) return plan.run(self, args);
    const flight = store.flightOf(key);
    if (flight) {
      store.counters.counts.coalesced++;
      return this.answer(await flight);
    }
    const fed = store.fed(plan, self, args);
    if (fed !== MISS) return fed;
    const since = store.since();
    return this.answer(await store.flights.add(key.text, since, this.land(key, since, { self, args })), true);
  }

  private async land(key: EntryKey, since: number, { self, args }: { readonly self: unknown; readonly args: readonly unknown[] }): Promise<Landing & { readonly isHit: boolean }> {
    const { store, plan } = this;
    const found = await store.read(key);
    if (found) return { value: undefined, entry: found, isHit: true };
    store.counters.counts.misses++;
    if (!plan.stillIs(key, self, args)) return { value: await plan.run(self, args), entry: undefined, isHit: false };
    const draft = plan.draft(key, self, args);
    const value = await plan.run(self, args);
    const entry = plan.complete(draft, value);
    await store.keep(entry, since);
    return { value, entry, isHit: false };
  }

  private answer({ value, entry, isHit = false }: Landing & { readonly isHit?: boolean }, isFirst = false): unknown {
    if (entry === undefined) return value;
    return isFirst && !isHit ? this.plan.computed(value, entry) : this.plan.answer(entry);
  }
}
