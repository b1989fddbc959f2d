import { Injectable } from '@nestjs/common';
import { type ExecutionEvent, isTerminal } from '../../../contracts/index.js';
import type { ExecutionRef } from '../execution.js';
import { EventLogStore } from './event-log.store.js';
import { WakeUpStore } from './wake-up.store.js';

/** Events read at once. */
const PAGE = 500;
/** Without a wake-up the log is looked at this often: a lost wake-up costs so much, never an event. */
const POLL_MS = 2_000;

/** The one reader of event logs; WebSocket and SSE are projections of it. */
@Injectable()
export class EventReader {
  constructor(
    private readonly log: EventLogStore,
    private readonly wakeUps: WakeUpStore,
  ) {}

  /**
   * Every event after a cursor, from the log and then live, in order and once, up to the terminal one or the end of an ended log.
   *
   * @param after  seq of the last event that the reader has; 0 for all
   * @param signal ends the reading
   */
  async *follow(ref: ExecutionRef, after: number, signal: AbortSignal): AsyncGenerator<ExecutionEvent> {
    const wakeUp = await this.wakeUps.listen(this.log.channel(ref));
    const stop = (): void => {
      wakeUp.close();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (let cursor = after, isExpected = false; !signal.aborted; ) {
        const events = await this.log.read(ref, cursor, PAGE);
        for (const event of events) {
          yield event;
          if (isTerminal(event.type)) return;
          cursor = event.seq;
        }
        if (events.length > 0) continue;
        // After a wake-up there is more to come, or to wait for; only silence may mean that the log has ended before the cursor.
        if (!isExpected && (await this.isOver(ref, cursor))) return;
        isExpected = await wakeUp.wait(POLL_MS);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      wakeUp.close();
    }
  }

  private async isOver(ref: ExecutionRef, cursor: number): Promise<boolean> {
    const execution = await this.log.find(ref);
    return execution === null || (execution.endedAt !== null && execution.lastEventSeq <= cursor);
  }
}
