/** One piece of work for all who want the same at the same time. */
export class SingleFlight<C> {
  private readonly flights = new Map<string, { readonly context: C; readonly promise: Promise<unknown> }>();

  /** Keys that are being worked on. */
  get size(): number {
    return this.flights.size;
  }

  /**
   * Joins the flight of this key, or opens one. A flight whose context is no longer sound is left to those who are in it.
   *
   * @param isSound whether a flight with this context may still be joined
   * @param open    makes the context and starts the work
   */
  join<T>(key: string, isSound: (context: C) => boolean, open: () => { readonly context: C; readonly promise: Promise<T> }): { readonly promise: Promise<T>; readonly isJoined: boolean } {
    const known = this.flights.get(key);
    if (known && isSound(known.context)) return { promise: known.promise as Promise<T>, isJoined: true };
    const flight = open();
    const entry = { context: flight.context, promise: flight.promise };
    this.flights.set(key, entry);
    const land = (): void => {
      if (this.flights.get(key) === entry) this.flights.delete(key);
    };
    flight.promise.then(land, land);
    return { promise: flight.promise, isJoined: false };
  }

  has(key: string): boolean {
    return this.flights.has(key);
  }
}
