import { type ExecutionEvent, type NewExecutionEvent, toStorableText } from '../../../contracts/index.js';
import { executionErrors } from '../execution.errors.js';
import type { CancelRequest, RunRef } from '../execution.js';
import type { Ended, RunStore } from '../runs/run.store.js';
import type { AppendedEvents, EventBatch, EventLogStore } from './event-log.store.js';
import type { StateChange } from './execution-hash.js';
import { toStorableData } from './storable-data.js';

/** Where a run's events go. */
export interface EventLogs {
  readonly log: Pick<EventLogStore, 'append' | 'restore'>;
  readonly runs: Pick<RunStore, 'end'>;
}

/** Whose events they are. */
export interface WritingRun extends RunRef {
  /** Fencing token of the attempt. */
  readonly token: string;
  /** What the log had before, as far as it is known: with it a log that is lost is whole again. */
  readonly known: readonly ExecutionEvent[];
}

/** A log is restored as often for one write. */
const RESTORES = 5;

/** Ends in the first half of a surrogate pair. */
const HALF_PAIR = /[\uD800-\uDBFF]$/;

type Outcome = AppendedEvents['outcome'] | Ended['outcome'];

/**
 * Writes one run's events, in order. Text deltas are gathered for a few milliseconds and go out as one event; the first one goes at once.
 * A log that is gone is restored from memory. A write that fails fires {@link EventWriter.failed}, and makes every later flush fail with the same error.
 */
export class EventWriter {
  private text = '';
  private hasText = false;
  private timer: NodeJS.Timeout | undefined;
  private pending: NewExecutionEvent[] = [];
  private change: StateChange = {};
  private writing: Promise<unknown> = Promise.resolve();
  private readonly failure = new AbortController();
  private readonly cancellation = new AbortController();
  private readonly written: ExecutionEvent[];

  /** @param deltaIntervalMs longest time that a delta, and what does not wait for an answer, waits for company */
  constructor(
    private readonly logs: EventLogs,
    private readonly run: WritingRun,
    private readonly deltaIntervalMs: number,
  ) {
    this.written = [...run.known];
  }

  /** Fencing token of the attempt that writes. */
  get token(): string {
    return this.run.token;
  }

  /** Fires when a write has failed: nobody will see what the run goes on to do. */
  get failed(): AbortSignal {
    return this.failure.signal;
  }

  /** Fires with a {@link CancelRequest} when a write has found one. */
  get cancelled(): AbortSignal {
    return this.cancellation.signal;
  }

  /** Puts an event in line; it goes out with the next flush. */
  add(event: NewExecutionEvent, change: StateChange = {}): void {
    this.takeText();
    this.pending.push(toStorableData(event));
    Object.assign(this.change, change);
  }

  /** Puts text of the answer in line. */
  delta(text: string): void {
    if (text === '') return;
    this.text += text;
    if (!this.hasText) {
      this.hasText = true;
      Object.assign(this.change, { firstTokenAt: new Date() });
      this.send(true);
    } else {
      this.sendSoon();
    }
  }

  /**
   * Writes everything in line.
   *
   * @throws EXECUTION_ENDED (conflict) when something else has ended the execution, RUN_SUPERSEDED (conflict) when another worker has it, HOT_STORE_UNAVAILABLE (unavailable)
   */
  async flush(): Promise<void> {
    this.send();
    await this.writing;
  }

  /** Has everything in line written after the time that a delta waits, or with what comes before. A failure shows at the next {@link flush}. */
  sendSoon(): void {
    this.timer ??= setTimeout(() => {
      this.send(true);
    }, this.deltaIntervalMs);
  }

  /**
   * Writes everything in line and ends the run with it.
   *
   * @param event the terminal one
   * @returns id of the run that has the conversation now, if one has waited for it
   * @throws as {@link flush}
   */
  async end(event: NewExecutionEvent, change: StateChange): Promise<string | null> {
    const [events, before] = this.takeAll();
    const end = { events: [...events, toStorableData(event)], change: { ...before, ...change }, token: this.run.token };
    let nextId: string | null = null;
    this.write(async () => {
      const answer = await this.whole((restores) => this.logs.runs.end(this.run, { ...end, restores }));
      if (answer.outcome === 'ended') nextId = answer.nextId;
      else this.refuse(answer.outcome);
    });
    await this.writing;
    return nextId;
  }

  /** Forgets what is in line and waits for what is being written: another worker may go on from here. */
  async discard(): Promise<void> {
    this.takeAll();
    await this.writing.catch(() => undefined);
  }

  /** Begins to write everything in line, without waiting. @param goesOn more text is to come */
  private send(goesOn = false): void {
    const [events, change] = this.takeAll(goesOn);
    if (events.length === 0) return;
    this.write(async () => this.append({ events, change, token: this.run.token }));
  }

  private write(task: () => Promise<void>): void {
    this.writing = this.writing.then(task);
    // Whoever flushes next sees the failure; until then it must not count as unhandled.
    this.writing.catch((error: unknown) => {
      this.failure.abort(error);
    });
  }

  private async append(batch: EventBatch): Promise<void> {
    const answer = await this.whole((restores) => this.logs.log.append(this.run, { ...batch, restores }));
    if (answer.outcome !== 'appended') return this.refuse(answer.outcome);
    this.note(batch.events, answer.seq);
    if (answer.request && !this.cancelled.aborted) this.cancellation.abort(answer.request satisfies CancelRequest);
  }

  /** Writes behind what the log had, also if it is lost once more meanwhile; only a log that is lost again and again is begun anew. */
  private async whole<T extends { readonly outcome: string }>(write: (restores: boolean) => Promise<T>): Promise<T> {
    for (let restores = RESTORES; ; restores--) {
      const answer = await write(restores > 0);
      if (answer.outcome !== 'lost') return answer;
      await this.logs.log.restore(this.run, this.written);
    }
  }

  private note(events: readonly NewExecutionEvent[], lastSeq: number): void {
    const at = new Date().toISOString();
    events.forEach((event, i) => this.written.push({ ...event, seq: lastSeq - events.length + 1 + i, at }));
  }

  private refuse(outcome: Outcome): never {
    throw outcome === 'fenced' ? executionErrors.superseded(this.run.executionId) : executionErrors.ended(this.run.executionId);
  }

  private takeAll(goesOn = false): [NewExecutionEvent[], StateChange] {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.takeText(goesOn);
    const taken: [NewExecutionEvent[], StateChange] = [this.pending, this.change];
    [this.pending, this.change] = [[], {}];
    return taken;
  }

  /** Half a surrogate pair waits for its other half while text goes on. */
  private takeText(goesOn = false): void {
    const length = this.text.length - (goesOn && HALF_PAIR.test(this.text) ? 1 : 0);
    if (length === 0) return;
    this.pending.push({ type: 'message.delta', data: { text: toStorableText(this.text.slice(0, length)) } });
    this.text = this.text.slice(length);
  }
}
