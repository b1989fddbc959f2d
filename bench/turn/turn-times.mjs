import { CommandError } from '../../scripts/command.mjs';

const FAILURES = ['execution.failed', 'execution.cancelled', 'execution.timedOut'];

/** What a client asks in its nth turn. */
export function questionOf(turn) {
  return `This is my question number ${turn}: where is my order?`;
}

/** The times of one turn as its client sees them, in milliseconds from its request. Checks that no event is lost, doubled or out of order. */
export class Turn {
  #seq = 0;
  #startedAt;
  #queuedAt;
  /** `firstEvent`, `firstToken`, `end`; and `pickUp`, from `execution.queued` to `execution.started` by the clock of the server, whole milliseconds. */
  times = {};

  /** @param {number} startedAt when the request was sent */
  constructor(startedAt) {
    this.#startedAt = startedAt;
  }

  /**
   * @param {{ type: string, seq: number, at: string }} event the next one
   * @param {number} arrivedAt when it arrived
   * @returns {boolean} true for the last one
   * @throws {CommandError} when the turn did not go well
   */
  take({ type, seq, at, data }, arrivedAt) {
    if (seq !== ++this.#seq) throw new CommandError(`Event ${seq} came where ${this.#seq} was due.`);
    if (FAILURES.includes(type)) throw new CommandError(`A turn ended with ${type}: ${JSON.stringify(data)}`);
    const time = arrivedAt - this.#startedAt;
    this.times.firstEvent ??= time;
    if (type === 'execution.queued') this.#queuedAt = Date.parse(at);
    if (type === 'execution.started') this.times.pickUp = Date.parse(at) - this.#queuedAt;
    if (type === 'message.delta') this.times.firstToken ??= time;
    if (type !== 'execution.completed') return false;
    this.times.end = time;
    return true;
  }
}
