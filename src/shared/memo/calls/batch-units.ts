import type { CacheEntry } from '../entry/cache-entry.js';
import type { EntryKey } from '../entry/entry-key.js';
import { memoErrors } from '../memo.errors.js';
import type { FunctionPlan } from './function-plan.js';

/** One item of a batch, however often it is in it. */
export interface Unit {
  readonly key: EntryKey | undefined;
  readonly item: unknown;
  /** Where it is in the batch. */
  readonly places: number[];
}

/** What a unit came to. Raw: it was computed for this caller, who is given it as it is. */
export interface UnitAnswer {
  readonly value: unknown;
  readonly entry: CacheEntry | undefined;
  readonly isRaw: boolean;
}

/** A batch as its different items, each of which is kept by itself: under the key of a batch of it alone. */
export class BatchUnits {
  readonly units: readonly Unit[];
  private readonly items: readonly unknown[];

  /** @throws MEMO_BATCH_INPUT when there is no array */
  constructor(
    private readonly plan: FunctionPlan,
    private readonly call: { readonly self: unknown; readonly args: readonly unknown[]; readonly itemIndex: number },
  ) {
    const items = call.args[call.itemIndex];
    if (!Array.isArray(items)) throw memoErrors.batchInput(plan.func, call.itemIndex);
    this.items = items as unknown[];
    this.units = this.grouped();
  }

  /** The arguments with other items in the place of the batch. */
  argsOf(items: readonly unknown[]): readonly unknown[] {
    return this.call.args.with(this.call.itemIndex, items);
  }

  draft(unit: Unit): Parameters<FunctionPlan['complete']>[0] | undefined {
    return unit.key && this.plan.draft(unit.key, this.call.self, this.argsOf([unit.item]));
  }

  /** @returns what the function made of the items. @throws MEMO_BATCH_LENGTH, before anything is kept */
  checked(outputs: unknown, units: readonly Unit[]): readonly unknown[] {
    const length = Array.isArray(outputs) ? outputs.length : 'no list of';
    if (!Array.isArray(outputs) || length !== units.length) throw memoErrors.batchLength(this.plan.func, length, units.length);
    return outputs as unknown[];
  }

  /** The answers in the order of the batch. What is there twice is two objects, if it can be copied. */
  assemble(answers: ReadonlyMap<Unit, UnitAnswer>): unknown[] {
    const results = new Array<unknown>(this.items.length);
    for (const [{ places }, { value, entry, isRaw }] of answers) {
      for (const [nth, place] of places.entries()) results[place] = isRaw && nth === 0 ? this.plan.computed(value, entry) : entry ? this.plan.answer(entry) : value;
    }
    return results;
  }

  private grouped(): readonly Unit[] {
    const units: Unit[] = [];
    const byText = new Map<string, Unit>();
    for (const [place, item] of this.items.entries()) {
      const key = this.plan.keyOf(this.call.self, this.argsOf([item]));
      const known = key && byText.get(key.text);
      if (known) {
        known.places.push(place);
        continue;
      }
      const unit = { key, item, places: [place] };
      units.push(unit);
      if (key) byText.set(key.text, unit);
    }
    return units;
  }
}
