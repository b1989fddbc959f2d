import { Injectable } from '@nestjs/common';
import type { ExecutionEvent } from '../../../contracts/index.js';
import { toAppError } from '../../../shared/errors/index.js';
import type { ExecutionRef } from '../execution.js';
import { EventLogStore } from './event-log.store.js';
import { EventReader } from './event-reader.service.js';
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

  /** Every event after a cursor, as {@link EventReader.follow} gives them. */
  async *follow(ref: ExecutionRef, after: number, signal: AbortSignal): AsyncGenerator<ExecutionEvent> {
    for await (const page of this.pages(ref, after, signal)) yield* page;
  }

  /** The same, as many at once as there are; one empty page says that these were all so far. Followers share the events of a page. */
  async *pages(ref: ExecutionRef, after: number, signal: AbortSignal): AsyncGenerator<readonly ExecutionEvent[]> {
    if (signal.aborted) return;
    let cursor = after;
    for await (const page of this.replay(ref, after, signal)) {
      yield page;
      if (endsRun(page)) return;
      cursor = page.at(-1)?.seq ?? cursor;
    }
    if (signal.aborted) return;
    yield [];
    yield* this.followLive(ref, cursor, signal);
  }

  /** What there is already. The next page is read while one is worked off. */
  private async *replay(ref: ExecutionRef, after: number, signal: AbortSignal): AsyncGenerator<readonly ExecutionEvent[]> {
    for (let next = this.read(ref, after); !signal.aborted; ) {
      const page = await next;
      const last = page.at(-1);
      if (!last) return;
      next = endsRun(page) ? Promise.resolve([]) : this.readAhead(ref, last.seq);
      yield page;
    }
  }

  private async read(ref: ExecutionRef, cursor: number): Promise<readonly ExecutionEvent[]> {
    return this.live.get(this.log.channel(ref))?.after(cursor) ?? this.reader.read(ref, cursor);
  }

  /** Its failure shows when it is looked at, and must not end the process before. */
  private readAhead(ref: ExecutionRef, cursor: number): Promise<readonly ExecutionEvent[]> {
    const page = this.read(ref, cursor);
    page.catch(() => undefined);
    return page;
  }

  private async *followLive(ref: ExecutionRef, after: number, signal: AbortSignal): AsyncGenerator<readonly ExecutionEvent[]> {
    const [run, changes] = await this.join(ref, after);
    const stop = (): void => {
      changes.close();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (let cursor = after; !signal.aborted; ) {
        const { isOver } = run;
        const page = run.after(cursor) ?? (await this.reader.read(ref, cursor));
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
  private async join(ref: ExecutionRef, cursor: number): Promise<[LiveRun, WakeUp]> {
    const channel = this.log.channel(ref);
    let run = this.live.get(channel);
    if (!run) {
      // A cursor may be beyond the end of the log, and others come with another one.
      const execution = await this.log.find(ref);
      run = this.live.get(channel) ?? this.begin(ref, Math.min(cursor, execution?.lastEventSeq ?? cursor));
    }
    return [run, run.listen()];
  }

  private begin(ref: ExecutionRef, from: number): LiveRun {
    const channel = this.log.channel(ref);
    const run = new LiveRun(from);
    const isGone = (): void => {
      if (this.live.get(channel) === run) this.live.delete(channel);
    };
    this.live.set(channel, run);
    run.stopped.addEventListener('abort', isGone, { once: true });
    void this.fill(ref, run, from).finally(isGone);
    return run;
  }

  private async fill(ref: ExecutionRef, run: LiveRun, from: number): Promise<void> {
    try {
      for await (const page of this.reader.pages(ref, from, run.stopped)) run.add(page);
      run.end();
    } catch (error) {
      run.end(toAppError(error));
    }
  }
}
