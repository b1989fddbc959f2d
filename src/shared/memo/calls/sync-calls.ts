import type { MemoStore } from '../cache/memo-store.js';
import type { EntryKey } from '../entry/entry-key.js';
import { MISS } from '../symbols.js';
import type { Landing } from './flights.js';
import { isThenable } from './function-kind.js';
import type { FunctionPlan } from './function-plan.js';

/** Marks an entry whose function returns a promise, without being an async function. */
const PROMISED = { async: true };

/** Calls of one function over a backend that answers at once: what returned a value returns a value, what returned a promise a promise. */
export class SyncCalls {
  private readonly isAsync: boolean;

  constructor(
    private readonly store: MemoStore,
    private readonly plan: FunctionPlan,
  ) {
    this.isAsync = plan.kind === 'async';
  }

  call(self: unknown, args: readonly unknown[]): unknown {
    const { store, plan } = this;
    const key = plan.keyOf(self, args);
    if (key === undefined) return plan.run(self, args);
    const flight = store.flightOf(key);
    if (flight) return this.join(flight);
    const fed = store.fed(plan, self, args);
    if (fed !== MISS) return this.isAsync ? Promise.resolve(fed) : fed;
    const entry = store.read(key);
    if (entry === undefined) return this.compute(key, self, args);
    const answer = plan.answer(entry);
    return this.isAsync || entry.metadata['async'] === true ? Promise.resolve(answer) : answer;
  }

  private compute(key: EntryKey, self: unknown, args: readonly unknown[]): unknown {
    const { store, plan } = this;
    const [draft, since] = [plan.draft(key, self, args), store.begin()];
    const result = plan.run(self, args);
    if (isThenable(result)) {
      const land = async (): Promise<Landing> => {
        const value = await result;
        const entry = plan.complete(draft, value, this.isAsync ? {} : PROMISED);
        store.keep(entry, since);
        return { value, entry };
      };
      return store.flights.add(key.text, since, land()).then(({ value, entry }) => plan.computed(value, entry));
    }
    const entry = plan.complete(draft, result);
    store.keep(entry, since);
    return plan.computed(result, entry);
  }

  private async join(flight: Promise<Landing>): Promise<unknown> {
    this.store.counters.counts.coalesced++;
    const { value, entry } = await flight;
    return entry ? this.plan.answer(entry) : value;
  }
}
