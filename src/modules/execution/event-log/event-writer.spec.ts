import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ExecutionEvent, NewExecutionEvent } from '../../../contracts/index.js';
import { AppError } from '../../../shared/errors/index.js';
import type { AppendedEvents } from './event-log.store.js';
import { type EventLogs, EventWriter } from './event-writer.js';
import type { StateChange } from './execution-hash.js';

const RUN = { tenantId: 't', executionId: 'e', conversationId: 'c', token: 'e:1', known: [] };

/** A log in memory: what was appended, in order; `answer` may refuse. */
class Log {
  readonly batches: { events: readonly NewExecutionEvent[]; change: StateChange }[] = [];
  answer: () => Promise<AppendedEvents> = () => Promise.resolve(APPENDED);
  readonly restored: ExecutionEvent[] = [];
  private ends = 0;

  readonly log: EventLogs['log'] = {
    append: async (_, { events, change, restores }) => {
      const answer = await this.answer();
      if (answer.outcome === 'lost' && restores !== true) return this.keep(events, change);
      return answer.outcome === 'appended' ? { ...this.keep(events, change), request: answer.request } : answer;
    },
    restore: (_, events) => Promise.resolve(void this.restored.push(...events)),
  };

  readonly runs: EventLogs['runs'] = {
    end: async (_, { events, change, restores }) => {
      const answer = await this.answer();
      if (answer.outcome === 'appended' || (answer.outcome === 'lost' && restores !== true)) {
        this.keep(events, change);
        return { outcome: 'ended', nextId: `next ${String(++this.ends)}` };
      }
      return answer;
    },
  };

  /** The log is gone whenever it is written to, that often. */
  lose(times: number): void {
    this.answer = () => Promise.resolve(times-- > 0 ? { outcome: 'lost', lastEventSeq: 2 } : APPENDED);
  }

  /** Every event so far, deltas as their text. */
  get seen(): string[] {
    return this.batches.flatMap(({ events }) => events.map((event) => (event.type === 'message.delta' ? event.data.text : event.type)));
  }

  private keep(events: readonly NewExecutionEvent[], change: StateChange): Extract<AppendedEvents, { outcome: 'appended' }> {
    this.batches.push({ events, change });
    return { outcome: 'appended', seq: this.seen.length, request: null };
  }
}

const APPENDED: AppendedEvents = { outcome: 'appended', seq: 0, request: null };
const STARTED: NewExecutionEvent = { type: 'execution.started', data: { attempt: 1 } };
const DONE: NewExecutionEvent = { type: 'execution.completed', data: { usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 }, finishReason: 'stop' } };
const TOOL: NewExecutionEvent = { type: 'tool.started', data: { toolCallId: 't', name: 'datetime', input: {} } };

describe('the event writer', () => {
  let log: Log;
  let writer: EventWriter;
  const settle = (milliseconds = 0): Promise<void> => jest.advanceTimersByTimeAsync(milliseconds);
  beforeEach(() => {
    jest.useFakeTimers();
    log = new Log();
    writer = new EventWriter(log, RUN, 20);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('writes nothing that PostgreSQL could not keep, and divides no character between two deltas', async () => {
    writer.delta('a\u0000');
    writer.delta('b\uD83D');
    await settle(20);
    writer.delta('\uDE00c\uD83D');
    writer.add(TOOL);
    await writer.flush();
    expect(log.seen).toEqual(['a\uFFFD', 'b', '\u{1F600}c\uFFFD', 'tool.started']);
  });

  it('writes the first delta at once, and the time of the first token with it', async () => {
    writer.delta('Hel');
    await settle();
    expect(log.seen).toEqual(['Hel']);
    expect(log.batches[0]?.change.firstTokenAt).toBeInstanceOf(Date);
  });

  it('gathers later deltas into one event, for the interval at the most', async () => {
    for (const text of ['a', 'b', 'c', 'd']) writer.delta(text);
    await settle(19);
    expect(log.seen).toEqual(['a']);
    await settle(1);
    expect(log.seen).toEqual(['a', 'bcd']);
    expect(log.batches[1]?.change).toEqual({});
  });

  it('starts a new interval after each write', async () => {
    writer.delta('a');
    writer.delta('b');
    await settle(20);
    writer.delta('c');
    await settle(20);
    expect(log.seen).toEqual(['a', 'b', 'c']);
  });

  it('takes no empty delta for the first', async () => {
    writer.delta('');
    await settle(100);
    expect(log.batches).toEqual([]);
  });

  it('takes the first delta along with the events that wait before it', async () => {
    writer.add(STARTED, { attempt: 1 });
    writer.delta('a');
    await settle();
    expect(log.seen).toEqual(['execution.started', 'a']);
    expect(log.batches).toHaveLength(1);
    expect(log.batches[0]?.change).toMatchObject({ attempt: 1 });
  });

  it('keeps the order of deltas and other events', async () => {
    writer.delta('a');
    writer.delta('b');
    writer.add(TOOL);
    writer.delta('c');
    await writer.flush();
    expect(log.seen).toEqual(['a', 'b', 'tool.started', 'c']);
  });

  it('keeps the order while an earlier write is still on its way', async () => {
    const release: (() => void)[] = [];
    log.answer = () => new Promise((resolve) => release.push(() => { resolve(APPENDED); }));
    writer.delta('a');
    writer.add(TOOL);
    const flushed = writer.flush();
    await settle();
    expect(release).toHaveLength(1);
    release[0]?.();
    await settle();
    release[1]?.();
    await flushed;
    expect(log.seen).toEqual(['a', 'tool.started']);
  });

  it('holds other events back until the next flush, then writes them with all their changes, the later winning', async () => {
    writer.add(STARTED, { status: 'running', attempt: 1 });
    writer.add(TOOL, { attempt: 2 });
    await settle(100);
    expect(log.batches).toEqual([]);
    await writer.flush();
    expect(log.batches).toEqual([{ events: [STARTED, TOOL], change: { status: 'running', attempt: 2 } }]);
  });

  it('writes nothing when there is nothing to write, and nothing twice', async () => {
    await writer.flush();
    writer.add(TOOL);
    await writer.flush();
    await writer.flush();
    expect(log.seen).toEqual(['tool.started']);
  });

  it('leaves no timer after a flush', async () => {
    writer.delta('a');
    writer.delta('b');
    await writer.flush();
    expect(jest.getTimerCount()).toBe(0);
    expect(log.seen).toEqual(['a', 'b']);
  });

  it('tells of a failed write at the next flush, and at every one after it, and writes nothing more', async () => {
    const failure = new AppError({ kind: 'unavailable', code: 'HOT_STORE_UNAVAILABLE', message: 'x' });
    log.answer = () => Promise.reject(failure);
    writer.delta('a');
    await settle(100);
    log.answer = () => Promise.resolve(APPENDED);
    writer.add(TOOL);
    await expect(writer.flush()).rejects.toBe(failure);
    writer.add(TOOL);
    await expect(writer.flush()).rejects.toBe(failure);
    expect(log.batches).toEqual([]);
  });

  it('refuses to write to an execution that has ended', async () => {
    log.answer = () => Promise.resolve({ outcome: 'over' });
    writer.add(TOOL);
    await expect(writer.flush()).rejects.toMatchObject({ kind: 'conflict', code: 'EXECUTION_ENDED', message: expect.stringContaining('"e"') });
  });

  it('refuses to write when another worker has the run', async () => {
    log.answer = () => Promise.resolve({ outcome: 'fenced' });
    writer.delta('a');
    await expect(writer.flush()).rejects.toMatchObject({ kind: 'conflict', code: 'RUN_SUPERSEDED' });
    expect(writer.failed.aborted).toBe(true);
    await expect(writer.end(DONE, {})).rejects.toMatchObject({ code: 'RUN_SUPERSEDED' });
  });

  it('passes a request to stop on, once', async () => {
    log.answer = () => Promise.resolve({ outcome: 'appended', seq: 1, request: { reason: 'enough' } });
    expect(writer.cancelled.aborted).toBe(false);
    writer.delta('a');
    await writer.flush();
    expect(writer.cancelled.reason).toEqual({ reason: 'enough' });
    log.answer = () => Promise.resolve({ outcome: 'appended', seq: 2, request: { reason: 'more' } });
    writer.add(TOOL);
    await writer.flush();
    expect(writer.cancelled.reason).toEqual({ reason: 'enough' });
  });

  it('ends the run with everything that waits, and says whose turn it is', async () => {
    writer.delta('a');
    writer.delta('b');
    writer.add(TOOL, { attempt: 2 });
    expect(await writer.end(DONE, { status: 'completed' })).toBe('next 1');
    expect(log.seen).toEqual(['a', 'b', 'tool.started', 'execution.completed']);
    expect(log.batches.at(-1)?.change).toMatchObject({ attempt: 2, status: 'completed' });
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each(['flush', 'end'] as const)('restores a log that is gone before it goes on: %s', async (how) => {
    writer.delta('a');
    writer.add(TOOL);
    await writer.flush();
    log.lose(1);
    writer.delta('b');
    await (how === 'flush' ? writer.flush() : writer.end(DONE, {}));
    expect(log.restored.map(({ seq, type }) => [seq, type])).toEqual([[1, 'message.delta'], [2, 'tool.started']]);
    expect(log.seen.slice(0, 3)).toEqual(['a', 'tool.started', 'b']);
  });

  it('restores it once more when it is lost again before the write, and begins it anew at last', async () => {
    writer.add(TOOL);
    await writer.flush();
    log.lose(3);
    await (writer.add(TOOL), writer.flush());
    expect(log.restored).toHaveLength(3);
    log.lose(Infinity);
    await (writer.add(TOOL), writer.flush());
    expect(log.seen).toHaveLength(3);
  });
});
