import { Injectable } from '@nestjs/common';
import { type ExecutionEvent, isTerminal } from '../../../contracts/index.js';
import type { ExecutionRef } from '../execution.js';
import { EventArchiveRepository } from './event-archive.repository.js';
import { EventLogStore } from './event-log.store.js';
import { WakeUpStore } from './wake-up.store.js';

/** Events read at once. */
const PAGE = 500;
/** Without a wake-up the log is looked at this often: a lost wake-up costs so much, never an event. */
const POLL_MS = 2_000;

/** What there is behind a cursor. */
export interface EventPage {
  readonly events: readonly ExecutionEvent[];
  /** It reaches the end of a log that goes on: whoever listens from before the next read misses nothing. */
  readonly isNewest: boolean;
}

/** The one reader of event logs, while they are in Redis and afterwards; WebSocket and SSE are projections of it. */
@Injectable()
export class EventReader {
  constructor(
    private readonly log: EventLogStore,
    private readonly archive: EventArchiveRepository,
    private readonly wakeUps: WakeUpStore,
  ) {}

  /**
   * Every event after a cursor, from the log and then live, in order and once, up to the terminal one or the end of an ended log.
   *
   * @param after  seq of the last event that the reader has; 0 for all
   * @param signal ends the reading
   */
  async *follow(ref: ExecutionRef, after: number, signal: AbortSignal): AsyncGenerator<ExecutionEvent> {
    for await (const page of this.pages(ref, after, signal)) yield* page;
  }

  /**
   * The same, as many at once as there are. No page is empty.
   *
   * @param isLive the log was just seen to go on: silence need not be looked into at once
   */
  async *pages(ref: ExecutionRef, after: number, signal: AbortSignal, isLive = false): AsyncGenerator<readonly ExecutionEvent[]> {
    const wakeUp = await this.wakeUps.listen(this.log.channel(ref));
    const stop = (): void => {
      wakeUp.close();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (let cursor = after, isExpected = isLive; !signal.aborted; ) {
        const live = await this.log.read(ref, cursor, PAGE);
        // After a wake-up there is more to come, or to wait for; only silence may mean that there is nothing more.
        const page = live.length > 0 || isExpected ? live : await this.readElsewhere(ref, cursor);
        if (!page) return;
        const last = page.at(-1);
        if (last) {
          yield page;
          if (isTerminal(last.type)) return;
          cursor = last.seq;
          // A page may be a part of what there is; whatever comes to the log after another one wakes.
          if (live.length === PAGE || page !== live) continue;
        }
        isExpected = await wakeUp.wait(POLL_MS);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      wakeUp.close();
    }
  }

  /** A page of what there is after a cursor: what Redis has; what it has not any more, from PostgreSQL. Empty when there is nothing (yet). */
  async read(ref: ExecutionRef, cursor: number): Promise<EventPage> {
    const events = await this.log.read(ref, cursor, PAGE);
    const last = events.at(-1);
    if (!last) return { events: (await this.readElsewhere(ref, cursor)) ?? [], isNewest: false };
    return { events, isNewest: events.length < PAGE && !isTerminal(last.type) };
  }

  /** Redis has no event after a cursor. @returns what has come since, or what PostgreSQL has; null when there is nothing more, in either store */
  private async readElsewhere(ref: ExecutionRef, cursor: number): Promise<ExecutionEvent[] | null> {
    const execution = await this.log.find(ref);
    if (execution?.endedAt === null) return [];
    if (execution && execution.lastEventSeq <= cursor) return null;
    const late = await this.log.read(ref, cursor, PAGE);
    const events = late.length > 0 ? late : await this.archive.read(ref, cursor);
    return events.length > 0 ? events : null;
  }
}
