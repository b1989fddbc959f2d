import { type ExecutionEvent, isTerminal } from '../../../contracts/index.js';
import type { AppError } from '../../../shared/errors/index.js';
import { type WakeUp, WakeUpCall } from './wake-up.js';

/** Newest events that followers are given from memory. A guess: what a reader falls behind by while others are served. */
const TAIL_EVENTS = 200;

/** The newest events of one run, for all who follow it live. */
export class LiveRun {
  private readonly changes = new WakeUpCall();
  private readonly stopper = new AbortController();
  private tail: readonly ExecutionEvent[] = [];
  private reading: { readonly isOver: boolean; readonly failure?: AppError } = { isOver: false };

  /** @param from seq behind which the tail begins */
  constructor(private from: number) {}

  /** Fires when nobody follows any more. */
  get stopped(): AbortSignal {
    return this.stopper.signal;
  }

  get isOver(): boolean {
    return this.reading.isOver;
  }

  /** Listens to changes. */
  listen(): WakeUp {
    return this.changes.listen();
  }

  leave(wakeUp: WakeUp): void {
    wakeUp.close();
    // Without a reason each run would make an error, with its stack.
    if (!this.changes.hasListeners) this.stopper.abort('nobody follows');
  }

  add(page: readonly ExecutionEvent[]): void {
    const all = [...this.tail, ...page];
    const dropped = all.slice(0, -TAIL_EVENTS).at(-1);
    this.tail = all.slice(-TAIL_EVENTS);
    this.from = dropped?.seq ?? this.from;
    this.changes.call();
  }

  /** Nothing more comes. @param failure why, if that is not the end of the run */
  end(failure?: AppError): void {
    this.reading = { isOver: true, ...(failure !== undefined && { failure }) };
    this.changes.call();
  }

  /**
   * The events after a cursor.
   *
   * @returns undefined when the tail does not reach back so far
   * @throws what the reading of the log has failed with
   */
  after(cursor: number): readonly ExecutionEvent[] | undefined {
    if (this.reading.failure !== undefined) throw this.reading.failure;
    if (cursor < this.from) return undefined;
    const next = this.tail.findIndex(({ seq }) => seq > cursor);
    return next < 0 ? [] : this.tail.slice(next);
  }
}

/** Whether the run ends with this page. */
export function endsRun(page: readonly ExecutionEvent[]): boolean {
  const last = page.at(-1);
  return last !== undefined && isTerminal(last.type);
}
