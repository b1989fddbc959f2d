import type { AsyncMemoStore } from '../cache/async-memo-store.js';
import { CacheEntry, type Inputs, type Metadata, without } from '../entry/cache-entry.js';
import type { EntryKey } from '../entry/entry-key.js';
import { type Ttl, ttlMs } from '../entry/ttl.js';
import { Sealed } from '../values/sealed.js';
import { SharedStream } from './shared-stream.js';

/** What one caller wants otherwise than everybody. @source the names of HTTP's Cache-Control */
export interface CacheDirective {
  /** Nothing that is kept, or under way, is taken; what comes is kept. */
  readonly noCache?: boolean | undefined;
  /** What comes is not kept. */
  readonly noStore?: boolean | undefined;
  /** How long what comes is a hit, seconds or a text such as `"1h"`. */
  readonly ttl?: Ttl | undefined;
  /** What is kept is taken if it is no older, seconds or a text. */
  readonly maxAge?: Ttl | undefined;
}

/** One call that has a stream as its result. */
export interface StreamCall<T> extends CacheDirective {
  readonly func: string;
  /** What the result depends on, asked once, when the call begins; when it throws, the call has no key and runs uncached. */
  readonly inputs: () => Inputs;
  /** Makes the stream; its signal fires when nobody reads it any more. */
  readonly open: (signal: AbortSignal) => AsyncIterable<T>;
  /** Is told if a call that was made and has not come to its end is on this caller's bill: he has left it as the last one, or is the first with whom it has failed. */
  readonly cutOff?: (() => void) | undefined;
  /** Kept with the entry: that of the first caller who reads the stream to its end. */
  readonly metadata?: Metadata | undefined;
}

/** Where the items come from: from an entry, from the call of somebody else that was under way, from a call of one's own. */
export type StreamOrigin = 'kept' | 'shared' | 'made';

export interface StreamReading<T> {
  readonly origin: StreamOrigin;
  /** Shared with other readers: not to be changed. */
  readonly items: AsyncIterableIterator<T, undefined>;
  /** True once for each call that was made, to the first of its readers who asks: who has it on his bill. */
  readonly claim: () => boolean;
}

export interface KeptStreamsOptions<T> {
  /** Whether the items of a stream that has ended are the whole of it, and worth to be kept; of kept ones, whether they are taken. */
  readonly isCacheable: (items: readonly T[]) => boolean;
  /** What an entry holds of them. Default: the items. */
  readonly pack?: (items: readonly T[]) => unknown;
  readonly unpack?: (output: unknown) => readonly T[];
}

/** What an entry of a call will be found by, as it was when the call began. */
interface Draft {
  readonly func: string;
  readonly key: EntryKey;
  readonly inputs: Sealed<Inputs>;
}

/** A stream under way: whoever asks the same meanwhile reads it, too. */
interface Flight<T> {
  readonly stream: SharedStream<T>;
  readonly since: number;
  readonly readers: Reader[];
  isKept: boolean;
  /** Nothing was kept: the call was made. */
  isMade: boolean;
  isClaimed: boolean;
}

/** Somebody who reads a stream, or has left it. */
interface Reader {
  readonly metadata: Metadata | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Results that come in parts, kept once they have ended well. Callers who ask the same at the same time share one call, and none of them can end it for the others. */
export class KeptStreams<T> {
  private readonly flights = new Map<string, Flight<T>>();

  constructor(
    private readonly store: AsyncMemoStore,
    private readonly options: KeptStreamsOptions<T>,
  ) {}

  /**
   * Resolves with the first item, so that a call which fails at once has made nothing.
   *
   * @param signal ends this caller's reading, and the call if nobody else reads it
   * @throws what `open` throws before the first item, the reason of the signal, MEMO_TTL_INVALID
   */
  async read(call: StreamCall<T>, signal?: AbortSignal): Promise<StreamReading<T>> {
    const draft = this.draftOf(call);
    const joined = draft && this.joinable(call, draft);
    const flight = joined ?? this.begin(call, draft);
    flight.readers.push({ metadata: call.metadata, signal });
    const claim = (): boolean => !flight.isKept && !flight.isClaimed && (flight.isClaimed = true);
    const items = flight.stream.join(signal, () => {
      if (flight.isMade && claim()) call.cutOff?.();
    });
    const first = await items.next();
    if (joined) this.store.counters.counts.coalesced++;
    return { origin: flight.isKept ? 'kept' : joined ? 'shared' : 'made', items: startingWith(first, items), claim };
  }

  private draftOf({ func: name, inputs: inputsOf }: StreamCall<T>): Draft | undefined {
    try {
      const inputs = Sealed.of(without(inputsOf(), this.store.exclude), 'input');
      const func = this.store.names.resolve(name);
      return { func, key: this.store.keyOf(func, inputs.shared()), inputs };
    } catch (error) {
      this.store.counters.report({ type: 'unhashable', func: name, error });
      return undefined;
    }
  }

  /** One over which nothing was removed: what was removed is older than whoever asks now. */
  private joinable(call: StreamCall<T>, { key }: Draft): Flight<T> | undefined {
    if (call.noCache === true) {
      // This caller will bring newer: what is under way is not kept any more.
      if (call.noStore !== true) this.store.forget(key);
      return undefined;
    }
    const flight = this.flights.get(flightName(key, call));
    return flight && this.store.mayKeep(key.text, flight.since) ? flight : undefined;
  }

  private begin(call: StreamCall<T>, draft: Draft | undefined): Flight<T> {
    const name = draft && flightName(draft.key, call);
    const end = (): void => {
      if (name !== undefined && this.flights.get(name) === flight) this.flights.delete(name);
    };
    const open = (signal: AbortSignal): AsyncIterable<T> => (draft ? this.keptOrMade(call, draft, { signal, flight: () => flight }) : call.open(signal));
    const flight: Flight<T> = { stream: new SharedStream(open, end), since: this.store.since(), readers: [], isKept: false, isMade: !draft, isClaimed: false };
    if (name !== undefined) this.flights.set(name, flight);
    return flight;
  }

  private async *keptOrMade(call: StreamCall<T>, draft: Draft, { signal, flight }: { readonly signal: AbortSignal; readonly flight: () => Flight<T> }): AsyncGenerator<T, undefined> {
    const since = this.store.since();
    const kept = call.noCache === true ? undefined : await this.find(call, draft.key);
    if (kept) {
      flight().isKept = true;
      yield* kept;
      return;
    }
    this.store.counters.counts.misses++;
    flight().isMade = true;
    const items: T[] = [];
    for await (const item of call.open(signal)) {
      items.push(item);
      yield item;
    }
    // A stream that was aborted may have ended as if it were whole. Whoever has left may have left because nothing of him is to stay.
    const reader = signal.aborted ? undefined : flight().readers.find((each) => each.signal?.aborted !== true);
    if (call.noStore !== true && reader) await this.store.keep(this.entryOf({ ...call, metadata: reader.metadata }, draft, items), since);
  }

  private async find({ func, maxAge }: StreamCall<T>, key: EntryKey): Promise<readonly T[] | undefined> {
    const entry = await this.store.read(key);
    if (entry === undefined || (maxAge !== undefined && this.store.nowMs() - storedAtOf(entry) > ttlMs(maxAge))) return undefined;
    try {
      const items = this.options.unpack ? this.options.unpack(entry.value) : (entry.value as readonly T[]);
      // Others on this cache may keep what is not wanted here.
      return this.options.isCacheable(items) ? items : undefined;
    } catch (error) {
      // Of another version, or changed by hand.
      this.store.counters.report({ type: 'damaged', place: func, error });
      return undefined;
    }
  }

  /** Undefined when it is not to be kept. */
  private entryOf({ ttl, metadata = {} }: StreamCall<T>, { func, ...made }: Draft, items: readonly T[]): CacheEntry | undefined {
    if (!this.options.isCacheable(items)) return undefined;
    try {
      const output = this.options.pack ? this.options.pack(items) : items;
      const now = this.store.nowMs();
      const ms = this.store.ttlOf(undefined, ttl);
      return new CacheEntry({ func, output, metadata: { ...metadata, storedAt: now, ...(ms !== undefined && { expiresAt: now + ms }) } }, made);
    } catch (error) {
      this.store.counters.report({ type: 'uncacheable', func, error });
      return undefined;
    }
  }
}

/** Callers who want it differently do not share a call. */
function flightName({ text }: EntryKey, { noStore = false, ttl, maxAge }: CacheDirective): string {
  return `${text} ${JSON.stringify([noStore, ttl, maxAge])}`;
}

function storedAtOf({ metadata: { storedAt } }: CacheEntry): number {
  return typeof storedAt === 'number' ? storedAt : 0;
}

/** The same, with a step that was taken already. */
function startingWith<T>(first: IteratorResult<T, undefined>, rest: AsyncIterableIterator<T, undefined>): AsyncIterableIterator<T, undefined> {
  let taken: typeof first | undefined = first;
  return {
    next: async () => {
      const step = taken ?? rest.next();
      taken = undefined;
      return step;
    },
    return: async () => (await rest.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
