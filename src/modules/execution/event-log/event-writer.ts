import type { NewExecutionEvent } from '../../../contracts/index.js';
import type { ExecutionRef } from '../execution.js';
import { executionErrors } from '../execution.errors.js';
import type { EventLogStore } from './event-log.store.js';
import type { StateChange } from './execution-hash.js';

/**
 * Writes one run's events, in order. Text deltas are gathered for a few milliseconds and go out as one event; the first one goes at once.
 * A write that fails fires {@link EventWriter.failed}, and makes every later flush fail with the same error.
 */
export class EventWriter {
  private text = '';
  private hasText = false;
  private timer: NodeJS.Timeout | undefined;
  private pending: NewExecutionEvent[] = [];
  private change: StateChange = {};
  private written: Promise<void> = Promise.resolve();
  private readonly failure = new AbortController();

  /** @param deltaIntervalMs longest time that a delta waits for company */
  constructor(
    private readonly log: Pick<EventLogStore, 'append'>,
    private readonly ref: ExecutionRef,
    private readonly deltaIntervalMs: number,
  ) {}

  /** Fires when a write has failed: nobody will see what the run goes on to do. */
  get failed(): AbortSignal {
    return this.failure.signal;
  }

  /** Puts an event in line; it goes out with the next flush. */
  add(event: NewExecutionEvent, change: StateChange = {}): void {
    this.takeText();
    this.pending.push(event);
    Object.assign(this.change, change);
  }

  /** Puts text of the answer in line. */
  delta(text: string): void {
    if (text === '') return;
    this.text += text;
    if (!this.hasText) {
      this.hasText = true;
      Object.assign(this.change, { firstTokenAt: new Date() });
      this.send();
    } else {
      this.timer ??= setTimeout(() => {
        this.send();
      }, this.deltaIntervalMs);
    }
  }

  /**
   * Writes everything in line.
   *
   * @throws EXECUTION_ENDED (conflict) when something else has ended the execution, HOT_STORE_UNAVAILABLE (unavailable)
   */
  async flush(): Promise<void> {
    this.send();
    return this.written;
  }

  /** Begins to write everything in line, without waiting; a failure shows at the next {@link flush}. */
  send(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.takeText();
    if (this.pending.length === 0) return;
    const [events, change] = [this.pending, this.change];
    [this.pending, this.change] = [[], {}];
    this.written = this.written.then(() => this.append(events, change));
    // Whoever flushes next sees the failure; until then it must not count as unhandled.
    this.written.catch((error: unknown) => {
      this.failure.abort(error);
    });
  }

  /** Forgets what is in line and waits for what is being written: another worker may go on from here. */
  async discard(): Promise<void> {
    clearTimeout(this.timer);
    [this.timer, this.text, this.pending, this.change] = [undefined, '', [], {}];
    await this.written.catch(() => undefined);
  }

  private async append(events: readonly NewExecutionEvent[], change: StateChange): Promise<void> {
    const seq = await this.log.append(this.ref, events, change);
    if (seq === null) throw executionErrors.ended(this.ref.executionId);
  }

  private takeText(): void {
    if (this.text === '') return;
    this.pending.push({ type: 'message.delta', data: { text: this.text } });
    this.text = '';
  }
}
