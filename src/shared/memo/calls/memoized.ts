import type { Miss } from '../symbols.js';
import type { CacheEntry, Inputs, Metadata } from '../entry/cache-entry.js';
import type { Ttl } from '../entry/ttl.js';
import type { Params } from './argument-binding.js';
import type { Callable, FunctionKind } from './function-kind.js';

/** What a memoised function's result is to its caller: the value that is awaited, or the items of a stream. */
type ResultOf<F extends Callable> = ReturnType<F> extends Generator<infer T> | AsyncGenerator<infer T> ? T[] : Awaited<ReturnType<F>>;

export interface MemoizeOptions<F extends Callable = Callable> {
  /** In keys, instead of the function's own. What another process reads needs one that no other function has. */
  readonly name?: string;
  /** Part of the key. Another one: nothing that was kept before is a hit. */
  readonly version?: string | number;
  /** Names of the parameters, the last one `...name` if it takes the rest; `object`: of the properties of the one argument. Otherwise they are read off the source. */
  readonly params?: Params;
  /** What parameters are that a call leaves out, so that it has the key of one that does not. */
  readonly defaults?: Inputs;
  /** Parameters that are not part of the key, and are not kept. */
  readonly exclude?: readonly string[];
  /** Kept with each entry, as `metadata.annotation`. Its `ttl` comes before {@link ttl}. */
  readonly annotation?: Metadata & { readonly ttl?: Ttl };
  /** How long results are hits. */
  readonly ttl?: Ttl;
  /** Whether to keep a result; of a stream its items. One that throws keeps nothing. */
  readonly isCacheable?: (result: ResultOf<F>, inputs: Inputs) => boolean;
  /** `own`, the default: each caller has a copy that he may change. `frozen`: all share one that nobody can change, without a copy. */
  readonly results?: 'own' | 'frozen';
  /** What the function is, if a compiler has hidden it. */
  readonly kind?: FunctionKind;
  /** Of a method: what stands for the object in the key. By default its `toMemoKey()`, else its identity, which no other process shares. */
  readonly self?: (self: never) => unknown;
}

export interface BatchOptions<F extends Callable = Callable> extends Omit<MemoizeOptions<F>, 'isCacheable'> {
  /** Which argument is the batch; 0 by default. */
  readonly itemIndex?: number;
  /** Whether to keep the result of one item. */
  readonly isCacheable?: (result: Awaited<ReturnType<F>> extends readonly (infer T)[] ? T : never, inputs: Inputs) => boolean;
}

/** What a memoised function has besides being called. */
export interface MemoControls<C, F extends Callable, Later extends boolean> {
  readonly cache: C;
  /** Its name in keys. */
  readonly memoName: string;
  /** The function itself, uncached. */
  readonly original: F;
  /** The number by which the entry of a call is known. @throws UNHASHABLE_ARGUMENT */
  keyOf(...args: Parameters<F>): bigint;
  /** What is kept of a call. @throws UNHASHABLE_ARGUMENT */
  entryOf(...args: Parameters<F>): Later extends true ? Promise<CacheEntry | Miss> : CacheEntry | Miss;
  /** Removes what is kept of a call. @returns whether there was something. @throws UNHASHABLE_ARGUMENT */
  forget(...args: Parameters<F>): Later extends true ? Promise<boolean> : boolean;
}

/** A function over a backend that answers at once: it is called as before. */
export type Memoized<C, F extends Callable> = F & MemoControls<C, F, false>;

/** A function over a backend that answers later: what it returned is promised, and a stream is an asynchronous one. */
export type AsyncMemoized<C, F extends Callable> = ((...args: Parameters<F>) => Promised<ReturnType<F>>) & MemoControls<C, F, true>;

export type Promised<R> = R extends Generator<infer T, infer Returned> | AsyncGenerator<infer T, infer Returned> ? AsyncGenerator<Awaited<T>, Returned> : Promise<Awaited<R>>;
