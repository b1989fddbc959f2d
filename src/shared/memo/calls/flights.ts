import type { CacheEntry } from '../entry/cache-entry.js';

/** What a call has come to: `entry` is missing when its result cannot be kept. */
export interface Landing {
  readonly value: unknown;
  readonly entry: CacheEntry | undefined;
}

interface Flight {
  readonly since: number;
  readonly landing: Promise<Landing>;
}

/** Calls that are under way, by key: whoever asks the same meanwhile waits for the same answer. */
export class Flights {
  private readonly flights = new Map<string, Flight>();

  /** @param isAllowed whether nothing was removed under the key since the call began */
  find(text: string, isAllowed: (text: string, since: number) => boolean): Promise<Landing> | undefined {
    const flight = this.flights.size === 0 ? undefined : this.flights.get(text);
    return flight && isAllowed(text, flight.since) ? flight.landing : undefined;
  }

  /** Keeps a call until it has ended. @param since what `Removals.now` said when it began */
  add(text: string, since: number, landing: Promise<Landing>): Promise<Landing> {
    const flight = { since, landing };
    this.flights.set(text, flight);
    const end = (): void => {
      if (this.flights.get(text) === flight) this.flights.delete(text);
    };
    landing.then(end, end);
    return landing;
  }

  get size(): number {
    return this.flights.size;
  }
}
