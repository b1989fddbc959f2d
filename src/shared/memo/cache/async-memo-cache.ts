import { type AsyncMemoBackend, type SyncMemoBackend } from '../backends/memo-backend.js';
import { pagesOf } from '../backends/pages.js';
import { AsyncBatch } from '../calls/async-batch.js';
import { AsyncCalls } from '../calls/async-calls.js';
import { asyncStream } from '../calls/async-stream.js';
import { decorating } from '../calls/decorating.js';
import type { Callable } from '../calls/function-kind.js';
import type { AsyncMemoized, BatchOptions, MemoizeOptions } from '../calls/memoized.js';
import { type MethodOf, planOf, wrapped } from '../calls/wrapped.js';
import { CacheEntry, type EntryRest, type Inputs, type NamedFunction, without } from '../entry/cache-entry.js';
import { memoErrors } from '../memo.errors.js';
import { KeptStreams, type KeptStreamsOptions } from '../streams/kept-streams.js';
import { MISS, type Miss, UNSET } from '../symbols.js';
import { type AsyncMemoCacheOptions, AsyncMemoStore } from './async-memo-store.js';
import type { MemoStats } from './memo-events.js';

/** A method that may be decorated here: one that promises its result already. */
type LaterMethod = (...args: never[]) => Promise<unknown> | AsyncGenerator;

interface AsyncMemoizer {
  <F extends LaterMethod>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<F>): TypedPropertyDescriptor<F>;
  <F extends LaterMethod>(method: F, context: ClassMethodDecoratorContext): F;
  <F extends Callable>(fn: F): AsyncMemoized<AsyncMemoCache, F>;
}

interface AsyncMemoize extends AsyncMemoizer {
  (options?: MemoizeOptions): AsyncMemoizer;
  <F extends Callable>(fn: F, options?: MemoizeOptions<F>): AsyncMemoized<AsyncMemoCache, F>;
}

interface AsyncBatchMemoize extends AsyncMemoizer {
  (options?: BatchOptions): AsyncMemoizer;
  <F extends Callable>(fn: F, options?: BatchOptions<F>): AsyncMemoized<AsyncMemoCache, F>;
}

/** What functions returned, kept in a backend that answers later, or in any other. A memoised function promises what it returned before. */
export class AsyncMemoCache implements AsyncIterable<CacheEntry> {
  /** A function that runs once for each different set of arguments. */
  readonly memoize: AsyncMemoize = decorating((fn, options: MemoizeOptions, method) => this.wrap(fn, options, method)) as AsyncMemoize;
  /** A function of a list that is called with those items only of which nothing is kept. */
  readonly batchMemoize: AsyncBatchMemoize = decorating((fn, options: BatchOptions, method) => this.wrapBatch(fn, options, method)) as AsyncBatchMemoize;
  private readonly store: AsyncMemoStore;

  constructor(
    readonly backend: AsyncMemoBackend | SyncMemoBackend,
    options: AsyncMemoCacheOptions = {},
  ) {
    this.store = new AsyncMemoStore(backend, options);
  }

  /** Calls that have streams as their results, which those share who ask the same at the same time. */
  streams<T>(options: KeptStreamsOptions<T>): KeptStreams<T> {
    return new KeptStreams(this.store, options);
  }

  /** Since it was made. */
  get stats(): MemoStats {
    return { ...this.store.counters.counts };
  }

  /** Entries that have not expired. */
  async size(): Promise<number> {
    return this.backend.count(this.store.nowMs());
  }

  /** Entries of one function that have not expired. @param func itself, or its name in keys, with its version */
  async sizeOf(func: NamedFunction): Promise<number> {
    return this.backend.countOf(this.nameOf(func), this.store.nowMs());
  }

  /** The value of an entry, what it should have been before what it was; MISS when there is none. */
  async get(func: NamedFunction, inputs: Inputs = {}): Promise<unknown> {
    const fed = this.store.fedBy({ func: { name: this.store.names.resolve(func), fn: typeof func === 'function' ? func : undefined }, inputs });
    if (fed !== MISS) return fed;
    const entry = await this.store.readOrThrow(this.store.keyOf(func, inputs));
    const value = entry ? entry.ownValue() : MISS;
    return value === UNSET ? MISS : value;
  }

  /** The entry itself; MISS when there is none. */
  async retrieve(func: NamedFunction | CacheEntry, inputs: Inputs = {}): Promise<CacheEntry | Miss> {
    return (await this.store.readOrThrow(this.keyOf(func, inputs))) ?? MISS;
  }

  async has(func: NamedFunction | CacheEntry, inputs: Inputs = {}): Promise<boolean> {
    return (await this.store.readOrThrow(this.keyOf(func, inputs))) !== undefined;
  }

  /** Keeps an entry as it is, or a new one of these parts. An annotation that was there is lost. */
  async set(entry: CacheEntry): Promise<void>;
  async set(func: NamedFunction, inputs: Inputs, rest: EntryRest): Promise<void>;
  async set(entry: CacheEntry | NamedFunction, inputs: Inputs = {}, rest: EntryRest = {}): Promise<void> {
    const made = entry instanceof CacheEntry ? entry : CacheEntry.fromArgs(this.store.names.resolve(entry), without(inputs, this.store.exclude), rest);
    this.store.forget(made.entryKey);
    await this.store.write(this.store.dated(made));
  }

  /** The same as `set(entry)`. */
  async add(entry: CacheEntry): Promise<void> {
    await this.set(entry);
  }

  /** Says what a result should be: from then on calls return that. @throws MEMO_ENTRY_MISSING when there is no entry and no `expected` */
  async annotate(func: NamedFunction, inputs: Inputs, { expected = UNSET, metadata = {} }: Pick<EntryRest, 'expected'> & { readonly metadata?: Inputs } = {}): Promise<CacheEntry> {
    const known = await this.retrieve(func, inputs);
    if (known === MISS && expected === UNSET) throw memoErrors.nothingToAnnotate(this.store.names.resolve(func));
    const base = known === MISS ? CacheEntry.fromArgs(this.store.names.resolve(func), without(inputs, this.store.exclude), { output: expected }) : known;
    const annotated = this.store.dated(base.annotate({ ...(expected !== UNSET && { expected }), metadata }));
    await this.store.write(annotated);
    return annotated;
  }

  /** @returns whether there was one */
  async remove(func: NamedFunction | CacheEntry, inputs: Inputs = {}): Promise<boolean> {
    return this.removeKey(this.keyOf(func, inputs));
  }

  /** The same as {@link remove}. */
  async unset(func: NamedFunction, inputs: Inputs = {}): Promise<boolean> {
    return this.remove(func, inputs);
  }

  /** Removes one entry. @returns it; undefined when there is none */
  async pop(): Promise<CacheEntry | undefined> {
    for await (const entry of this) if (await this.remove(entry)) return entry;
    return undefined;
  }

  /** Removes all entries. @returns them */
  async popAll(): Promise<CacheEntry[]> {
    const removed: CacheEntry[] = [];
    for await (const entry of this) if (await this.remove(entry)) removed.push(entry);
    return removed;
  }

  async clear(): Promise<void> {
    this.store.forget(undefined);
    await this.backend.clear();
  }

  /** Removes the entries of one function. @param func as of {@link sizeOf} */
  async clearOf(func: NamedFunction): Promise<void> {
    this.store.forget(undefined);
    await this.backend.clearOf(this.nameOf(func));
  }

  /** The entries of one function that there are when it begins, in pages of at most so many, each of which is read at once. @param func as of {@link sizeOf} */
  async *pagesOf(func: NamedFunction, size: number): AsyncIterableIterator<readonly CacheEntry[]> {
    if (!Number.isSafeInteger(size) || size < 1) throw memoErrors.pageInvalid(size);
    for (const slots of pagesOf(await this.backend.slotsOf(this.nameOf(func)), size)) {
      const read = await this.store.readSlots(slots);
      const page = slots.map((slot) => this.store.alive(read.get(slot))).filter((entry) => entry !== undefined);
      if (page.length > 0) yield page;
    }
  }

  /** The entries that there are when it begins. Others may be removed and set meanwhile. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<CacheEntry> {
    for (const slot of await this.backend.slots()) {
      const entry = this.store.alive(await this.backend.read(slot));
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

  /** Gives back connections, files and memory. What is stored stays. */
  async close(): Promise<void> {
    await this.backend.close();
  }

  private nameOf(func: NamedFunction): string {
    return typeof func === 'string' ? func : this.store.names.resolve(func);
  }

  private keyOf(func: NamedFunction | CacheEntry, inputs: Inputs): CacheEntry['entryKey'] {
    return func instanceof CacheEntry ? func.entryKey : this.store.keyOf(func, inputs);
  }

  private async removeKey(key: CacheEntry['entryKey']): Promise<boolean> {
    this.store.forget(key);
    return this.backend.delete(this.backend.slotOf(key));
  }

  private wrap(fn: Callable, options: MemoizeOptions, method?: MethodOf): Callable {
    const { store } = this;
    const plan = planOf(store, fn, { options, isPersistent: this.backend.isPersistent, method });
    if (plan.kind === 'generator' || plan.kind === 'asyncGenerator') return this.wrapped(plan, (self, args) => asyncStream(store, plan, self, args));
    const calls = new AsyncCalls(store, plan);
    return this.wrapped(plan, (self, args) => calls.call(self, args));
  }

  private wrapBatch(fn: Callable, { itemIndex = 0, ...options }: BatchOptions, method?: MethodOf): Callable {
    const plan = planOf(this.store, fn, { options: options as MemoizeOptions, isPersistent: this.backend.isPersistent, method, itemIndex });
    if (plan.kind === 'generator' || plan.kind === 'asyncGenerator') throw memoErrors.batchStreams(plan.func);
    const batch = new AsyncBatch(this.store, plan, itemIndex);
    return this.wrapped(plan, (self, args) => batch.call(self, args));
  }

  private wrapped(plan: Parameters<typeof wrapped>[1], call: (self: unknown, args: readonly unknown[]) => unknown): Callable {
    const controls = (key: CacheEntry['entryKey']): Record<'entryOf' | 'forget', () => unknown> => ({
      entryOf: async () => (await this.store.readOrThrow(key)) ?? MISS,
      forget: () => this.removeKey(key),
    });
    return wrapped(this.store, plan, { call, cache: this, controls });
  }
}
