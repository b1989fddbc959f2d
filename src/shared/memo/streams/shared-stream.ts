type Step<T> = IteratorResult<T, undefined>;

/**
 * A stream that runs once and is read by many: each reader has all items from the first on, at a pace of his own, and the fastest sets that of the source.
 * When the last reader leaves before the end, the source is broken off.
 */
export class SharedStream<T> {
  private readonly items: T[] = [];
  private readonly abort = new AbortController();
  private readonly source: AsyncIterator<T>;
  private pulling: Promise<void> | undefined;
  /** How it ended: by itself, or with what was thrown. */
  private ended: { readonly isFailure: boolean; readonly error?: unknown } | undefined;
  private readers = 0;

  /**
   * @param open makes the source; its signal fires when nobody reads any more
   * @param over is told once, when nobody may join any more
   */
  constructor(
    open: (signal: AbortSignal) => AsyncIterable<T>,
    private readonly over: () => void,
  ) {
    this.source = open(this.abort.signal)[Symbol.asyncIterator]();
  }

  /**
   * A reader from now on, until he has come to the end, leaves, or his signal fires: then his reads reject with its reason.
   *
   * @param cutOff is told when the stream does not come to its end with him: it has failed, or he was the last one and has left
   */
  join(signal?: AbortSignal, cutOff: () => void = () => undefined): AsyncIterableIterator<T, undefined> {
    this.readers++;
    const left = Promise.withResolvers<never>();
    // Nobody may be waiting when it rejects.
    left.promise.catch(() => undefined);
    let [at, isReading] = [0, true];
    const leave = (): void => {
      if (!isReading) return;
      isReading = false;
      signal?.removeEventListener('abort', aborted);
      if (--this.readers > 0 || this.ended) return;
      this.breakOff();
      cutOff();
    };
    const aborted = (): void => {
      left.reject(signal?.reason);
      leave();
    };
    if (signal?.aborted === true) aborted();
    else signal?.addEventListener('abort', aborted, { once: true });
    const next = async (): Promise<Step<T>> => {
      while (isReading && at >= this.items.length && !this.ended) await Promise.race([this.pull(), left.promise]);
      signal?.throwIfAborted();
      if (isReading && at < this.items.length) return { done: false, value: this.items[at++] as T };
      if (isReading && this.ended?.isFailure === true) {
        leave();
        cutOff();
        throw this.ended.error;
      }
      leave();
      return DONE;
    };
    const leaveWith = async (): Promise<Step<T>> => {
      leave();
      return DONE;
    };
    return { next, return: leaveWith, [Symbol.asyncIterator]() { return this; } };
  }

  private async pull(): Promise<void> {
    this.pulling ??= this.read().finally(() => {
      this.pulling = undefined;
    });
    return this.pulling;
  }

  private async read(): Promise<void> {
    try {
      const step = await this.source.next();
      if (step.done === true) this.end({ isFailure: false });
      else this.items.push(step.value);
    } catch (error) {
      this.end({ isFailure: true, error });
    }
  }

  private breakOff(): void {
    const error = new DOMException('Nobody reads this stream any more.', 'AbortError');
    this.end({ isFailure: true, error });
    this.abort.abort(error);
    this.source.return?.().catch(() => undefined);
  }

  private end(how: NonNullable<typeof this.ended>): void {
    if (this.ended) return;
    this.ended = how;
    this.over();
  }
}

const DONE = { done: true, value: undefined } as const;
