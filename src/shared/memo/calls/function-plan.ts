import type { MemoCounters } from '../cache/memo-events.js';
import { CacheEntry, type Inputs, type Metadata } from '../entry/cache-entry.js';
import type { EntryKey } from '../entry/entry-key.js';
import { isUnhashable } from '../memo.errors.js';
import { Sealed } from '../values/sealed.js';
import { ArgumentBinding, type Params } from './argument-binding.js';
import type { Callable, FunctionKind } from './function-kind.js';

/** What is the same for all calls of a memoised function. */
export interface PlanOptions {
  readonly func: string;
  readonly kind: FunctionKind;
  readonly params?: Params | undefined;
  readonly defaults?: Inputs | undefined;
  readonly exclude: readonly string[];
  readonly annotation?: Metadata | undefined;
  readonly ttlMs?: number | undefined;
  readonly isCacheable?: ((result: never, inputs: Inputs) => boolean) | undefined;
  readonly areResultsFrozen: boolean;
  /** Of a function of a batch: which argument that is. */
  readonly itemIndex?: number | undefined;
  /** Of a method: what stands for the object that it is called on. */
  readonly selfKey?: ((self: unknown) => unknown) | undefined;
  /** Of the cache, which may change. */
  readonly cacheExclude: () => readonly string[];
  readonly nowMs: () => number;
}

/** The key of a call, its result as an entry, and an entry as a result. */
export class FunctionPlan {
  readonly func: string;
  readonly kind: FunctionKind;
  private binding: ArgumentBinding | undefined;
  private boundFor: readonly string[] = [];

  constructor(
    readonly fn: Callable,
    private readonly options: PlanOptions,
    private readonly counters: MemoCounters,
  ) {
    [this.func, this.kind] = [options.func, options.kind];
  }

  /** Undefined when the call cannot have one: it is counted, and runs uncached. */
  keyOf(self: unknown, args: readonly unknown[]): EntryKey | undefined {
    try {
      return this.keyOrThrow(self, args);
    } catch (error) {
      // A getter or `toMemoKey()` may throw what it likes: that call has no key either.
      this.counters.report({ type: 'unhashable', func: this.func, error });
      return undefined;
    }
  }

  /** @throws UNHASHABLE_ARGUMENT */
  keyOrThrow(self: unknown, args: readonly unknown[]): EntryKey {
    return this.bound().keyOf(this.withSelf(self, args));
  }

  /** Whether the arguments still are what the key was made of: others may have changed them while it was looked up. */
  stillIs(key: EntryKey, self: unknown, args: readonly unknown[]): boolean {
    try {
      return this.keyOrThrow(self, args).text === key.text;
    } catch (error) {
      if (isUnhashable(error)) return false;
      throw error;
    }
  }

  /** The entry as far as it is known before the function runs, which may change its arguments. */
  draft(key: EntryKey, self: unknown, args: readonly unknown[]): { readonly key: EntryKey; readonly inputs: Sealed<Inputs> } {
    return { key, inputs: Sealed.of(this.bound().inputsOf(this.withSelf(self, args)), 'input') };
  }

  /** What a feed is told. */
  allInputs(self: unknown, args: readonly unknown[]): Inputs {
    return this.bound().allInputsOf(this.withSelf(self, args));
  }

  /** The function itself. */
  run(self: unknown, args: readonly unknown[]): unknown {
    return Reflect.apply(this.fn, this.options.selfKey ? self : undefined, args);
  }

  /** The entry of a result; undefined when it is not to be kept. @param marks metadata of the cache itself */
  complete(draft: { readonly key: EntryKey; readonly inputs: Sealed<Inputs> }, output: unknown, marks: Metadata = {}): CacheEntry | undefined {
    const { annotation, ttlMs, isCacheable, nowMs } = this.options;
    try {
      if (isCacheable && !isCacheable(output as never, draft.inputs.shared())) return undefined;
    } catch (error) {
      this.counters.report({ type: 'callbackFailed', func: this.func, error });
      return undefined;
    }
    try {
      const metadata = { ...(annotation && { annotation }), ...marks, ...(ttlMs !== undefined && { expiresAt: nowMs() + ttlMs }) };
      return new CacheEntry({ func: this.func, output, metadata }, draft);
    } catch (error) {
      this.counters.report({ type: 'uncacheable', func: this.func, error });
      return undefined;
    }
  }

  /** What a caller is given of an entry: a copy of his own, unless results are frozen. */
  answer(entry: CacheEntry): unknown {
    return this.options.areResultsFrozen ? entry.value : entry.ownValue();
  }

  /** What the caller is given whose call has computed. */
  computed(result: unknown, entry: CacheEntry | undefined): unknown {
    return this.options.areResultsFrozen && entry ? entry.value : result;
  }

  get isMethod(): boolean {
    return this.options.selfKey !== undefined;
  }

  get itemIndex(): number | undefined {
    return this.options.itemIndex;
  }

  private withSelf(self: unknown, args: readonly unknown[]): readonly unknown[] {
    return this.options.selfKey ? [this.options.selfKey(self), ...args] : args;
  }

  /** Made anew when the cache excludes other names. @throws MEMO_PARAMS_INVALID */
  bound(): ArgumentBinding {
    const cacheExclude = this.options.cacheExclude();
    if (this.binding === undefined || this.boundFor !== cacheExclude) {
      const { func, params, defaults, exclude, selfKey } = this.options;
      this.boundFor = cacheExclude;
      this.binding = new ArgumentBinding(func, this.fn, { params, defaults, exclude: [...exclude, ...cacheExclude], hasSelf: selfKey !== undefined });
    }
    return this.binding;
  }
}
