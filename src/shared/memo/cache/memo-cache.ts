import { MemoryBackend } from '../backends/memory-backend.js';
import { type SyncMemoBackend } from '../backends/memo-backend.js';
import { asyncStream } from '../calls/async-stream.js';
import { decorating } from '../calls/decorating.js';
import type { Callable } from '../calls/function-kind.js';
import type { BatchOptions, Memoized, MemoizeOptions } from '../calls/memoized.js';
import { SyncBatch } from '../calls/sync-batch.js';
import { SyncCalls } from '../calls/sync-calls.js';
import { syncStream } from '../calls/sync-stream.js';
import { type MethodOf, planOf, wrapped } from '../calls/wrapped.js';
import { CacheEntry, type EntryRest, type Inputs, type NamedFunction, without } from '../entry/cache-entry.js';
import { memoErrors } from '../memo.errors.js';
import { MISS, type Miss, UNSET } from '../symbols.js';
import type { MemoStats } from './memo-events.js';
import { MemoStore } from './memo-store.js';
import type { MemoCacheOptions } from './store-base.js';

/** Decorates a method of either kind of decorators; memoises a function that it is given later. */
export interface Memoizer {
  <T>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<T>): TypedPropertyDescriptor<T>;
  <F extends Callable>(method: F, context: ClassMethodDecoratorContext): F;
  <F extends Callable>(fn: F): Memoized<MemoCache, F>;
}

interface Memoize extends Memoizer {
  (options?: MemoizeOptions): Memoizer;
  <F extends Callable>(fn: F, options?: MemoizeOptions<F>): Memoized<MemoCache, F>;
}

interface BatchMemoize extends Memoizer {
  (options?: BatchOptions): Memoizer;
  <F extends Callable>(fn: F, options?: BatchOptions<F>): Memoized<MemoCache, F>;
}

/** What functions returned, kept in a backend that answers at once. Memoised functions keep their types. */
export class MemoCache implements Iterable<CacheEntry> {
  /** A function that runs once for each different set of arguments. */
  readonly memoize: Memoize = decorating((fn, options: MemoizeOptions, method) => this.wrap(fn, options, method)) as Memoize;
  /** A function of a list that is called with those items only of which nothing is kept. */
  readonly batchMemoize: BatchMemoize = decorating((fn, options: BatchOptions, method) => this.wrapBatch(fn, options, method)) as BatchMemoize;
  private readonly store: MemoStore;

  /** @param backend without one: the memory of this process, 10 000 entries at most */
  constructor(
    readonly backend: SyncMemoBackend = new MemoryBackend(),
    options: MemoCacheOptions = {},
  ) {
    this.store = new MemoStore(backend, options);
  }

  /** Since it was made. */
  get stats(): MemoStats {
    return { ...this.store.counters.counts };
  }

  /** Entries that have not expired. */
  get size(): number {
    return this.backend.count(this.store.nowMs());
  }

  /** The value of an entry, what it should have been before what it was; MISS when there is none. */
  get(func: NamedFunction, inputs: Inputs = {}): unknown {
    const fed = this.store.fedBy({ func: { name: this.store.names.resolve(func), fn: typeof func === 'function' ? func : undefined }, inputs });
    if (fed !== MISS) return fed;
    const entry = this.store.readOrThrow(this.store.keyOf(func, inputs));
    const value = entry ? entry.ownValue() : MISS;
    return value === UNSET ? MISS : value;
  }

  /** The entry itself; MISS when there is none. */
  retrieve(func: NamedFunction | CacheEntry, inputs: Inputs = {}): CacheEntry | Miss {
    return this.store.readOrThrow(this.keyOf(func, inputs)) ?? MISS;
  }

  has(func: NamedFunction | CacheEntry, inputs: Inputs = {}): boolean {
    return this.store.readOrThrow(this.keyOf(func, inputs)) !== undefined;
  }

  /** Keeps an entry as it is, or a new one of these parts. An annotation that was there is lost. */
  set(entry: CacheEntry): void;
  set(func: NamedFunction, inputs: Inputs, rest: EntryRest): void;
  set(entry: CacheEntry | NamedFunction, inputs: Inputs = {}, rest: EntryRest = {}): void {
    const made = entry instanceof CacheEntry ? entry : CacheEntry.fromArgs(this.store.names.resolve(entry), without(inputs, this.store.exclude), rest);
    this.store.forget(made.entryKey);
    this.store.write(this.store.dated(made));
  }

  /** The same as `set(entry)`. */
  add(entry: CacheEntry): void {
    this.set(entry);
  }

  /** Says what a result should be: from then on calls return that. @throws MEMO_ENTRY_MISSING when there is no entry and no `expected` */
  annotate(func: NamedFunction, inputs: Inputs, { expected = UNSET, metadata = {} }: Pick<EntryRest, 'expected'> & { readonly metadata?: Inputs } = {}): CacheEntry {
    const known = this.retrieve(func, inputs);
    if (known === MISS && expected === UNSET) throw memoErrors.nothingToAnnotate(this.store.names.resolve(func));
    const base = known === MISS ? CacheEntry.fromArgs(this.store.names.resolve(func), without(inputs, this.store.exclude), { output: expected }) : known;
    const annotated = this.store.dated(base.annotate({ ...(expected !== UNSET && { expected }), metadata }));
    this.store.write(annotated);
    return annotated;
  }

  /** @returns whether there was one */
  remove(func: NamedFunction | CacheEntry, inputs: Inputs = {}): boolean {
    const key = this.keyOf(func, inputs);
    this.store.forget(key);
    return this.backend.delete(this.backend.slotOf(key));
  }

  /** The same as {@link remove}. */
  unset(func: NamedFunction, inputs: Inputs = {}): boolean {
    return this.remove(func, inputs);
  }

  /** Removes one entry. @returns it; undefined when there is none */
  pop(): CacheEntry | undefined {
    for (const entry of this) if (this.remove(entry)) return entry;
    return undefined;
  }

  /** Removes all entries. @returns them */
  popAll(): CacheEntry[] {
    return [...this].filter((entry) => this.remove(entry));
  }

  clear(): void {
    this.store.forget(undefined);
    this.backend.clear();
  }

  /** The entries that there are when it begins. Others may be removed and set meanwhile. */
  *[Symbol.iterator](): IterableIterator<CacheEntry> {
    for (const slot of this.backend.slots()) {
      const entry = this.store.alive(this.backend.read(slot));
      if (entry) yield entry;
    }
  }

  /** Replaces the inputs that are part of no key. What is kept under other keys stays, and is found no more. */
  setExclude(names: readonly string[]): void {
    this.store.exclude = [...names];
  }

  addExclude(names: readonly string[]): void {
    this.setExclude([...this.store.exclude, ...names]);
  }

  /** Gives back files and memory. What is stored in files stays. */
  close(): void {
    this.backend.close();
  }

  private keyOf(func: NamedFunction | CacheEntry, inputs: Inputs): CacheEntry['entryKey'] {
    return func instanceof CacheEntry ? func.entryKey : this.store.keyOf(func, inputs);
  }

  private wrap(fn: Callable, options: MemoizeOptions, method?: MethodOf): Callable {
    const { store } = this;
    const plan = planOf(store, fn, { options, isPersistent: this.backend.isPersistent, method });
    if (plan.kind === 'generator') return this.wrapped(plan, (self, args) => syncStream(store, plan, self, args));
    if (plan.kind === 'asyncGenerator') return this.wrapped(plan, (self, args) => asyncStream(store, plan, self, args));
    const calls = new SyncCalls(store, plan);
    return this.wrapped(plan, (self, args) => calls.call(self, args));
  }

  private wrapBatch(fn: Callable, { itemIndex = 0, ...options }: BatchOptions, method?: MethodOf): Callable {
    const plan = planOf(this.store, fn, { options: options as MemoizeOptions, isPersistent: this.backend.isPersistent, method, itemIndex });
    if (plan.kind === 'generator' || plan.kind === 'asyncGenerator') throw memoErrors.batchStreams(plan.func);
    const batch = new SyncBatch(this.store, plan, itemIndex);
    return this.wrapped(plan, (self, args) => batch.call(self, args));
  }

  private wrapped(plan: Parameters<typeof wrapped>[1], call: (self: unknown, args: readonly unknown[]) => unknown): Callable {
    const { store, backend } = this;
    return wrapped(store, plan, {
      call,
      cache: this,
      controls: (key) => ({
        entryOf: () => store.readOrThrow(key) ?? MISS,
        forget: () => {
          store.forget(key);
          return backend.delete(backend.slotOf(key));
        },
      }),
    });
  }
}
