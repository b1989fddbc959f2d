import type { StoreBase } from '../cache/store-base.js';
import type { EntryKey } from '../entry/entry-key.js';
import { type Callable, kindOfFunction } from './function-kind.js';
import { FunctionPlan } from './function-plan.js';
import type { MemoizeOptions } from './memoized.js';
import { selfKeyOf } from './method-self.js';

/** A method, as its decorator sees it. */
export interface MethodOf {
  /** `Class.method` */
  readonly name: string;
}

interface Planned {
  readonly options: MemoizeOptions;
  readonly isPersistent: boolean;
  readonly method?: MethodOf | undefined;
  /** Of a function of a batch. */
  readonly itemIndex?: number;
}

const PLANS = new WeakMap<Callable, FunctionPlan>();

/** The plan of a memoised function; undefined of any other. */
export function planBehind(fn: Callable): FunctionPlan | undefined {
  return PLANS.get(fn);
}

/** The plan of a function that is memoised now: it has its name from here on. @throws MEMO_NAME_REQUIRED, MEMO_NAME_TAKEN, MEMO_NAME_INVALID, MEMO_PARAMS_INVALID, MEMO_TTL_INVALID */
export function planOf(store: StoreBase, fn: Callable, { options, ...rest }: Planned): FunctionPlan {
  const { isPersistent, method, itemIndex } = rest;
  const { name, version, params, defaults, exclude = [], annotation, ttl, isCacheable, results, self } = options;
  const ttlMs = store.ttlOf(annotation, ttl);
  const func = store.names.claim(fn, { name, version, derivedName: method?.name });
  store.names.bind(fn, func);
  const plan = new FunctionPlan(
    fn,
    {
      ...{ func, params, defaults, exclude, annotation, ttlMs, isCacheable, itemIndex },
      kind: options.kind ?? kindOfFunction(fn),
      areResultsFrozen: results === 'frozen',
      selfKey: method && ((object) => (self ? self(object as never) : selfKeyOf(object, isPersistent))),
      cacheExclude: () => store.exclude,
      nowMs: store.nowMs,
    },
    store.counters,
  );
  // Faulty parameters are told now, not at the first call.
  plan.bound();
  return plan;
}

/** A function that looks like the one it stands for, with what a memoised one has besides. */
export function wrapped(store: StoreBase, plan: FunctionPlan, { call, cache, controls }: { readonly call: (self: unknown, args: readonly unknown[]) => unknown; readonly cache: unknown; readonly controls: (key: EntryKey) => Record<'entryOf' | 'forget', () => unknown> }): Callable {
  const memoized = function (this: unknown, ...args: unknown[]): unknown {
    return call(this, args);
  };
  const keyOf = (args: readonly unknown[]): EntryKey => plan.keyOrThrow(undefined, args);
  Object.defineProperties(memoized, {
    name: { value: plan.fn.name, configurable: true },
    length: { value: plan.fn.length, configurable: true },
    cache: { value: cache },
    memoName: { value: plan.func },
    original: { value: plan.fn },
    keyOf: { value: (...args: unknown[]) => keyOf(args).number },
    entryOf: { value: (...args: unknown[]) => controls(keyOf(args)).entryOf() },
    forget: { value: (...args: unknown[]) => controls(keyOf(args)).forget() },
  });
  store.names.bind(memoized, plan.func);
  PLANS.set(memoized, plan);
  return memoized;
}
