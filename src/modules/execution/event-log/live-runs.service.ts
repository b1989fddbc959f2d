import { Injectable } from '@nestjs/common';
import type { ExecutionEvent } from '../../../contracts/index.js';
import { toAppError } from '../../../shared/errors/index.js';
import type { ExecutionRef } from '../execution.js';
import { EventLogStore } from './event-log.store.js';
import { type EventPage, EventReader } from './event-reader.service.js';
import { LiveRun, endsRun } from './live-run.js';
import type { WakeUp } from './wake-up.js';

/** Followers of runs. However many follow a run live in this process, its log is read once; who is behind reads for himself until he is not. docs/decisions/0040 */
@Injectable()
export class LiveRuns {
  private readonly live = new Map<string, LiveRun>();

  constructor(
    private readonly log: EventLogStore,
    private readonly reader: EventReader,
  ) {}

  /** Every event after a cursor, as {@link EventReader.pages} gives them; one empty page says that these were all so far. Followers share the events of a page. */
  async *pages(ref: ExecutionRef, after: number, signal: AbortSignal): AsyncGenerator<readonly ExecutionEvent[]> {
    if (signal.aborted) return;
    let place: Place = { cursor: after, isInLog: after === 0, isLive: false };
    for await (const { events, isNewest } of this.replay(ref, after, signal)) {
      yield events;
      if (endsRun(events)) return;
      place = { cursor: events.at(-1)?.seq ?? place.cursor, isInLog: true, isLive: isNewest };
    }
    if (signal.aborted) return;
    yield [];
    yield* this.followLive(ref, place, signal);
  }

  /** What there is already. The next page is read while one is worked off. */
  private async *replay(ref: ExecutionRef, after: number, signal: AbortSignal): AsyncGenerator<EventPage> {
    for (let next = this.read(ref, after); !signal.aborted; ) {
      const page = await next;
      const last = page.events.at(-1);
      if (!last) return;
      const isAll = page.isNewest || endsRun(page.events);
      if (!isAll) next = this.readAhead(ref, last.seq);
      yield page;
      if (isAll) return;
    }
  }

  private async read(ref: ExecutionRef, cursor: number): Promise<EventPage> {
    const tail = this.live.get(this.log.channel(ref))?.after(cursor);
    return tail ? { events: tail, isNewest: !endsRun(tail) } : this.reader.read(ref, cursor);
  }

  /** Its failure shows when it is looked at, and must not end the process before. */
  private readAhead(ref: ExecutionRef, cursor: number): Promise<EventPage> {
    const page = this.read(ref, cursor);
    page.catch(() => undefined);
    return page;
  }

  private async *followLive(ref: ExecutionRef, place: Place, signal: AbortSignal): AsyncGenerator<readonly ExecutionEvent[]> {
    const [run, changes] = await this.join(ref, place);
    const stop = (): void => {
      changes.close();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (let { cursor } = place; !signal.aborted; ) {
        const { isOver } = run;
        const page = run.after(cursor) ?? (await this.reader.read(ref, cursor)).events;
        const last = page.at(-1);
        if (last) {
          yield page;
          if (endsRun(page)) return;
          cursor = last.seq;
        } else if (isOver) return;
        else await changes.wait();
      }
    } finally {
      signal.removeEventListener('abort', stop);
      run.leave(changes);
    }
  }

  /** Finds the run or begins to read it. Whoever has it listens in the same breath: a run that nobody listens to is given up. */
  private async join(ref: ExecutionRef, place: Place): Promise<[LiveRun, WakeUp]> {
    const channel = this.log.channel(ref);
    let run = this.live.get(channel);
    if (!run) {
      const from = await this.withinLog(ref, place);
      run = this.live.get(channel) ?? this.begin(ref, from, place.isLive);
    }
    return [run, run.listen()];
  }

  /** A cursor that a follower came with may be beyond the end of the log, and others come with another one. */
  private async withinLog(ref: ExecutionRef, { cursor, isInLog }: Place): Promise<number> {
    if (isInLog) return cursor;
    const execution = await this.log.find(ref);
    return Math.min(cursor, execution?.lastEventSeq ?? cursor);
  }

  private begin(ref: ExecutionRef, from: number, isLive: boolean): LiveRun {
    const channel = this.log.channel(ref);
    const run = new LiveRun(from);
    const isGone = (): void => {
      if (this.live.get(channel) === run) this.live.delete(channel);
    };
    this.live.set(channel, run);
    run.stopped.addEventListener('abort', isGone, { once: true });
    void this.fill(ref, run, { from, isLive }).finally(isGone);
    return run;
  }

  private async fill(ref: ExecutionRef, run: LiveRun, { from, isLive }: { readonly from: number; readonly isLive: boolean }): Promise<void> {
    try {
      for await (const page of this.reader.pages(ref, from, run.stopped, isLive)) run.add(page);
      run.end();
    } catch (error) {
      run.end(toAppError(error));
    }
  }
}

/** How far a follower is when there is nothing more to replay. */
interface Place {
  readonly cursor: number;
  /** The log is known to reach so far. */
  readonly isInLog: boolean;
  /** It was seen to go on from here. */
  readonly isLive: boolean;
}
