import { performance } from 'node:perf_hooks';
import { CommandError } from '../../scripts/command.mjs';

/** The events of one replay: dense and whole, or the figure does not count. */
export class ReplayedLog {
  #startedAt = performance.now();
  #count = 0;
  #hasEnded = false;

  /** @returns {boolean} whether it was the last one */
  take({ type, seq }) {
    if (seq !== ++this.#count) throw new CommandError(`Event ${seq} came where ${this.#count} was due.`);
    this.#hasEnded = type === 'execution.completed';
    return this.#hasEnded;
  }

  result() {
    if (!this.#hasEnded) throw new CommandError('The events ended before the run did.');
    return { count: this.#count, durationMs: performance.now() - this.#startedAt };
  }
}
