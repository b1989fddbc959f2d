import { CommandError } from '../../scripts/command.mjs';

const FAILURES = ['execution.failed', 'execution.cancelled', 'execution.timedOut'];

/** The times of one turn as its client sees them, in milliseconds from its request. Checks that no event is lost, doubled or out of order. */
export class Turn {
  #seq = 0;
  #startedAt;
  /** `firstEvent`, `firstToken`, `end`. */
  times = {};

  /** @param {number} startedAt when the request was sent */
  constructor(startedAt) {
    this.#startedAt = startedAt;
  }

  /**
   * @param {{ type: string, seq: number }} event the next one
   * @param {number} at when it arrived
   * @returns {boolean} true for the last one
   * @throws {CommandError} when the turn did not go well
   */
  take({ type, seq, data }, at) {
    if (seq !== ++this.#seq) throw new CommandError(`Event ${seq} came where ${this.#seq} was due.`);
    if (FAILURES.includes(type)) throw new CommandError(`A turn ended with ${type}: ${JSON.stringify(data)}`);
    const time = at - this.#startedAt;
    this.times.firstEvent ??= time;
    if (type === 'message.delta') this.times.firstToken ??= time;
    if (type !== 'execution.completed') return false;
    this.times.end = time;
    return true;
  }
}
