import type { MemoStore } from '../cache/memo-store.js';
import { MISS } from '../symbols.js';
import { BatchUnits, type Unit, type UnitAnswer } from './batch-units.js';
import type { Landing } from './flights.js';
import { isThenable } from './function-kind.js';
import type { FunctionPlan } from './function-plan.js';

type Draft = Parameters<FunctionPlan['complete']>[0] | undefined;

/** Batches over a backend that answers at once: the function is called once, with the items that are neither kept nor under way. */
export class SyncBatch {
  private returnsPromise: boolean;

  constructor(
    private readonly store: MemoStore,
    private readonly plan: FunctionPlan,
    private readonly itemIndex: number,
  ) {
    this.returnsPromise = plan.kind === 'async';
  }

  call(self: unknown, args: readonly unknown[]): unknown {
    const batch = new BatchUnits(this.plan, { self, args, itemIndex: this.itemIndex });
    const answers = new Map<Unit, UnitAnswer>();
    const flights = new Map<Unit, Promise<Landing>>();
    const missing = batch.units.filter((unit) => !this.find(unit, { self, batch, answers, flights }));
    if (missing.length > 0) this.compute(batch, missing, { self, answers, flights });
    if (flights.size === 0 && !this.returnsPromise) return batch.assemble(answers);
    return this.landed(batch, missing, { answers, flights });
  }

  /** @returns whether the answer is known, or under way */
  private find(unit: Unit, { self, batch, answers, flights }: { self: unknown; batch: BatchUnits; answers: Map<Unit, UnitAnswer>; flights: Map<Unit, Promise<Landing>> }): boolean {
    if (unit.key === undefined) return false;
    const flight = this.store.flightOf(unit.key);
    if (flight) {
      this.store.counters.counts.coalesced++;
      flights.set(unit, flight);
      return true;
    }
    const fed = this.store.fed(this.plan, self, batch.argsOf([unit.item]));
    const entry = fed === MISS ? this.store.read(unit.key) : undefined;
    if (entry?.metadata['async'] === true) this.returnsPromise = true;
    if (fed !== MISS || entry) answers.set(unit, { value: fed, entry, isRaw: false });
    return fed !== MISS || entry !== undefined;
  }

  private compute(batch: BatchUnits, missing: readonly Unit[], { self, answers, flights }: { self: unknown; answers: Map<Unit, UnitAnswer>; flights: Map<Unit, Promise<Landing>> }): void {
    const { store, plan } = this;
    const [drafts, since] = [missing.map((unit) => batch.draft(unit)), store.begin()];
    const outputs = plan.run(self, batch.argsOf(missing.map(({ item }) => item)));
    if (!isThenable(outputs)) {
      for (const [i, value] of batch.checked(outputs, missing).entries()) answers.set(missing[i] as Unit, { ...this.kept(drafts[i], value, since), isRaw: true });
      return;
    }
    this.returnsPromise = true;
    const whole = Promise.resolve(outputs).then((landed) => batch.checked(landed, missing));
    for (const [i, unit] of missing.entries()) {
      const landing = whole.then((values) => this.kept(drafts[i], values[i], since));
      flights.set(unit, unit.key ? store.flights.add(unit.key.text, since, landing) : landing);
    }
  }

  private kept(draft: Draft, value: unknown, since: number): Landing {
    const isMarked = this.returnsPromise && this.plan.kind !== 'async';
    const entry = draft && this.plan.complete(draft, value, isMarked ? { async: true } : {});
    this.store.keep(entry, since);
    return { value, entry };
  }

  private async landed(batch: BatchUnits, own: readonly Unit[], { answers, flights }: { answers: Map<Unit, UnitAnswer>; flights: Map<Unit, Promise<Landing>> }): Promise<unknown[]> {
    const landings = await Promise.all([...flights].map(async ([unit, flight]) => [unit, await flight] as const));
    for (const [unit, landing] of landings) answers.set(unit, { ...landing, isRaw: own.includes(unit) });
    return batch.assemble(answers);
  }
}
