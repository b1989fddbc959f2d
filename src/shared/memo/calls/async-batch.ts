import type { AsyncMemoStore } from '../cache/async-memo-store.js';
import { MISS } from '../symbols.js';
import { BatchUnits, type Unit, type UnitAnswer } from './batch-units.js';
import type { Landing } from './flights.js';
import type { FunctionPlan } from './function-plan.js';

/** A unit of which this call finds the answer, for itself and for whoever asks meanwhile. */
interface OwnUnit {
  readonly unit: Unit;
  readonly deferred: PromiseWithResolvers<Landing & { readonly isHit: boolean }>;
}

/** Batches over a backend that answers later. */
export class AsyncBatch {
  constructor(
    private readonly store: AsyncMemoStore,
    private readonly plan: FunctionPlan,
    private readonly itemIndex: number,
  ) {}

  async call(self: unknown, args: readonly unknown[]): Promise<unknown[]> {
    const batch = new BatchUnits(this.plan, { self, args, itemIndex: this.itemIndex });
    const since = this.store.since();
    const own: OwnUnit[] = [];
    const flights = batch.units.map((unit) => ({ unit, flight: this.join(unit, own, since) }));
    // Whoever waits for them is told, too; this call is by `land` itself.
    for (const { deferred } of own) deferred.promise.catch(() => undefined);
    await this.land(batch, own, { self, since });
    const answers = await Promise.all(flights.map(async ({ unit, flight }) => [unit, await this.answerOf(flight, own.some((mine) => mine.unit === unit))] as const));
    return batch.assemble(new Map(answers));
  }

  private join(unit: Unit, own: OwnUnit[], since: number): Promise<Landing> {
    const flight = unit.key && this.store.flightOf(unit.key);
    if (flight) {
      this.store.counters.counts.coalesced++;
      return flight;
    }
    const deferred = Promise.withResolvers<Landing & { readonly isHit: boolean }>();
    own.push({ unit, deferred });
    return unit.key ? this.store.flights.add(unit.key.text, since, deferred.promise) : deferred.promise;
  }

  private async land(batch: BatchUnits, own: readonly OwnUnit[], { self, since }: { readonly self: unknown; readonly since: number }): Promise<void> {
    try {
      const missing = await this.missingOf(own.filter((mine) => !this.feed(mine, batch, self)));
      if (missing.length > 0) await this.compute(batch, missing, { self, since });
    } catch (error) {
      for (const { deferred } of own) deferred.reject(error);
      throw error;
    }
  }

  /** @returns whether the backend answers by itself */
  private feed({ unit, deferred }: OwnUnit, batch: BatchUnits, self: unknown): boolean {
    const value = unit.key === undefined ? MISS : this.store.fed(this.plan, self, batch.argsOf([unit.item]));
    if (value !== MISS) deferred.resolve({ value, entry: undefined, isHit: true });
    return value !== MISS;
  }

  /** Asks for all of them together. @returns those of which nothing is kept */
  private async missingOf(own: readonly OwnUnit[]): Promise<readonly OwnUnit[]> {
    const keyed = own.flatMap(({ unit, deferred }) => (unit.key ? [{ key: unit.key, unit, deferred }] : []));
    const entries = await this.store.readMany(keyed.map(({ key }) => key));
    const found = new Set<Unit>();
    for (const [i, { unit, deferred }] of keyed.entries()) {
      const entry = entries[i];
      if (entry === undefined) continue;
      deferred.resolve({ value: undefined, entry, isHit: true });
      found.add(unit);
    }
    return own.filter(({ unit }) => !found.has(unit));
  }

  private async compute(batch: BatchUnits, missing: readonly OwnUnit[], { self, since }: { readonly self: unknown; readonly since: number }): Promise<void> {
    const { store, plan } = this;
    store.counters.counts.misses++;
    const units = missing.map(({ unit }) => unit);
    const drafts = units.map((unit) => batch.draft(unit));
    const outputs = batch.checked(await plan.run(self, batch.argsOf(units.map(({ item }) => item))), units);
    const entries = drafts.map((draft, i) => draft && plan.complete(draft, outputs[i]));
    await store.keepMany(entries.filter((entry) => entry !== undefined), since);
    for (const [i, { deferred }] of missing.entries()) deferred.resolve({ value: outputs[i], entry: entries[i], isHit: false });
  }

  private async answerOf(flight: Promise<Landing & { readonly isHit?: boolean }>, isOwn: boolean): Promise<UnitAnswer> {
    const { value, entry, isHit = false } = await flight;
    return { value, entry, isRaw: isOwn && !isHit };
  }
}
