/** Failures in a row that open the breaker; a command without an answer opens it at once, because the next one would wait as long. */
const MAX_FAILURES = 3;

export type BreakerState = 'closed' | 'open';

/**
 * While it is open nobody asks Redis: readers do not wait for what will not answer. It is open from the start, and whoever has seen
 * Redis answer, and has told it everything that was held back, closes it.
 */
export class Breaker {
  private failures = 0;
  private current: BreakerState = 'open';

  /** @param changed hears of every change */
  constructor(private readonly changed: (state: BreakerState) => void) {}

  get isOpen(): boolean {
    return this.current === 'open';
  }

  succeeded(): void {
    this.failures = 0;
  }

  /** @param isFinal one is enough: no answer, or a lost invalidation */
  failed(isFinal: boolean): void {
    this.failures++;
    if (isFinal || this.failures >= MAX_FAILURES) this.open();
  }

  open(): void {
    this.become('open');
  }

  close(): void {
    this.failures = 0;
    this.become('closed');
  }

  private become(state: BreakerState): void {
    if (this.current === state) return;
    this.current = state;
    this.changed(state);
  }
}
