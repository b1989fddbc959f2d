import type { CacheEntry } from '../entry/cache-entry.js';
import { Sealed } from '../values/sealed.js';
import type { FunctionPlan } from './function-plan.js';

/** What a whole stream was: its items, and what it returned if it returned something. */
export class Recording {
  private readonly items: Sealed[] = [];
  private isWhole = true;

  /** As it is now: the consumer may change it. */
  add(item: unknown): void {
    if (!this.isWhole) return;
    try {
      this.items.push(Sealed.of(item));
    } catch {
      this.stop();
    }
  }

  /** What was sent into a generator is no part of the key. */
  sent(value: unknown): void {
    if (value !== undefined) this.stop();
  }

  /** The items; undefined when they cannot be kept. */
  whole(): unknown[] | undefined {
    return this.isWhole ? this.items.map((item) => item.shared()) : undefined;
  }

  /** Nothing is kept, and so nothing is gathered either. */
  private stop(): void {
    this.isWhole = false;
    this.items.length = 0;
  }
}

/** A stream of which all was consumed, as an entry. */
export function entryOf(plan: FunctionPlan, draft: Parameters<FunctionPlan['complete']>[0], recording: Recording, returned: unknown): CacheEntry | undefined {
  const items = recording.whole();
  return items && plan.complete(draft, items, returned === undefined ? {} : { returned });
}

/** What is replayed of an entry. Of one that somebody has set by hand, and which is no list, the value itself. */
export function itemsOf(plan: FunctionPlan, entry: CacheEntry): readonly unknown[] {
  const items = plan.answer(entry);
  return Array.isArray(items) ? items : [items];
}
