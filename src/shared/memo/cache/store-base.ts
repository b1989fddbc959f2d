import { Flights, type Landing } from '../calls/flights.js';
import { FunctionNames } from '../calls/function-names.js';
import type { FunctionPlan } from '../calls/function-plan.js';
import type { CacheEntry, Inputs, NamedFunction } from '../entry/cache-entry.js';
import { EntryKey } from '../entry/entry-key.js';
import { type Ttl, ttlMs } from '../entry/ttl.js';
import { MISS } from '../symbols.js';
import { without } from '../entry/cache-entry.js';
import { type FedCall, isAlive } from '../backends/memo-backend.js';
import { MemoCounters, type MemoEvent } from './memo-events.js';
import { Removals } from './removals.js';

export interface MemoCacheOptions {
  /** Inputs that are part of no key of this cache. */
  readonly exclude?: readonly string[];
  /** How long entries are hits that say nothing of it themselves. Without it: without end. */
  readonly ttl?: Ttl;
  /** Told of what happens beside the answers. What it throws changes nothing. */
  readonly onEvent?: (event: MemoEvent) => void;
  /** Unix time in milliseconds. */
  readonly nowMs?: () => number;
}

/** What a backend of either kind has that matters here. */
interface Backend {
  readonly isPersistent: boolean;
  report: (event: MemoEvent) => void;
  slotOf(key: EntryKey): string;
  feed?(call: FedCall): unknown;
}

/** What the calls of all functions of one cache share, whatever its backend. */
export abstract class StoreBase {
  readonly counters: MemoCounters;
  readonly names: FunctionNames;
  readonly flights = new Flights();
  readonly nowMs: () => number;
  /** Replaced, never changed. */
  exclude: readonly string[];
  private readonly removals = new Removals();
  private readonly ttlMs: number | undefined;
  private readonly feed: ((call: FedCall) => unknown) | undefined;

  constructor(
    backend: Backend,
    { exclude = [], ttl, onEvent, nowMs = Date.now }: MemoCacheOptions,
  ) {
    this.counters = new MemoCounters(onEvent);
    this.names = new FunctionNames(backend.isPersistent, (func) => { this.counters.report({ type: 'nameShared', func }); });
    backend.report = this.counters.report;
    this.feed = backend.feed?.bind(backend);
    this.exclude = [...exclude];
    this.ttlMs = ttl === undefined ? undefined : ttlMs(ttl);
    this.nowMs = nowMs;
  }

  /** When a call has begun, for {@link mayKeep}. */
  since(): number {
    return this.removals.now();
  }

  flightOf(key: EntryKey): Promise<Landing> | undefined {
    return this.flights.find(key.text, this.mayKeep);
  }

  /** What the backend answers by itself, or MISS. */
  fed(plan: FunctionPlan, self: unknown, args: readonly unknown[]): unknown {
    if (this.feed === undefined) return MISS;
    return this.fedBy({ func: { name: plan.func, fn: plan.fn }, inputs: plan.allInputs(self, args) });
  }

  /** The same for a call by hand. */
  fedBy(call: FedCall): unknown {
    if (this.feed === undefined) return MISS;
    const answer = this.feed(call);
    if (answer !== MISS) this.counters.counts.hits++;
    return answer;
  }

  /** Whether a result of a call that began then is no older than the last removal. */
  readonly mayKeep = (text: string, since: number): boolean => this.removals.allow(text, since);

  /** What was being computed for the key is not kept. Undefined: for no key. */
  forget(key: EntryKey | undefined): void {
    if (key) this.removals.mark(key.text);
    else this.removals.markAll();
  }

  /** The key of a call by hand. @throws UNHASHABLE_ARGUMENT */
  keyOf(func: NamedFunction, inputs: Inputs): EntryKey {
    return EntryKey.of(this.names.resolve(func), without(inputs, this.exclude));
  }

  /** What was read, if it is that key's and still a hit. Digits of two texts may be the same. */
  protected checked(entry: CacheEntry | undefined, key: EntryKey): CacheEntry | undefined {
    return entry?.entryKey === key || entry?.entryKey.text === key.text ? this.alive(entry) : undefined;
  }

  /** What was read, if it has not expired. The clock costs as much as a look-up: only what can expire is compared with it. */
  alive(entry: CacheEntry | undefined): CacheEntry | undefined {
    return entry === undefined || entry.expiresAt === undefined || isAlive(entry, this.nowMs()) ? entry : undefined;
  }

  /** An entry that says when it ends: by its metadata, its annotation, or the cache's own time. @throws MEMO_TTL_INVALID */
  dated(entry: CacheEntry): CacheEntry {
    const ms = entry.expiresAt === undefined ? (annotatedTtlMs(entry.metadata['annotation']) ?? this.ttlMs) : undefined;
    return ms === undefined ? entry : entry.clone({ metadata: { ...entry.metadata, expiresAt: this.nowMs() + ms } });
  }

  /** How long results of a function are hits, milliseconds. @throws MEMO_TTL_INVALID */
  ttlOf(annotation: unknown, ttl: Ttl | undefined): number | undefined {
    return annotatedTtlMs(annotation) ?? (ttl === undefined ? this.ttlMs : ttlMs(ttl));
  }
}

function annotatedTtlMs(annotation: unknown): number | undefined {
  const ttl = typeof annotation === 'object' && annotation !== null ? (annotation as { readonly ttl?: unknown }).ttl : undefined;
  return ttl === undefined ? undefined : ttlMs(ttl);
}
