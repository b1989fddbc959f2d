/** Does what concerns one thing one after the other, in the order in which it was asked for; different things at the same time. */
export class Turns {
  private readonly last = new Map<string, Promise<unknown>>();

  /** @param thing what it is about */
  async take<T>(thing: string, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(thing);
    const turn = before === undefined ? work() : before.then(work, work);
    this.last.set(thing, turn);
    try {
      return await turn;
    } finally {
      if (this.last.get(thing) === turn) this.last.delete(thing);
    }
  }
}
