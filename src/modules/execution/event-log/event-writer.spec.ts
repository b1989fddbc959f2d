import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NewExecutionEvent } from '../../../contracts/index.js';
import { AppError } from '../../../shared/errors/index.js';
import { EventWriter } from './event-writer.js';
import type { StateChange } from './execution-hash.js';

/** A log in memory: what was appended, in order; `answer` may refuse. */
class Log {
  readonly batches: { events: readonly NewExecutionEvent[]; change: StateChange }[] = [];
  answer: () => Promise<number | null> = () => Promise.resolve(1);

  readonly append = async (_: unknown, events: readonly NewExecutionEvent[], change: StateChange = {}): Promise<number | null> => {
    const answer = await this.answer();
    if (answer !== null) this.batches.push({ events, change });
    return answer;
  };

  /** Every event so far, deltas as their text. */
  get seen(): string[] {
    return this.batches.flatMap(({ events }) => events.map((event) => (event.type === 'message.delta' ? event.data.text : event.type)));
  }
}

const STARTED: NewExecutionEvent = { type: 'execution.started', data: { attempt: 1 } };
const TOOL: NewExecutionEvent = { type: 'tool.started', data: { toolCallId: 't', name: 'datetime', input: {} } };

describe('the event writer', () => {
  let log: Log;
  let writer: EventWriter;
  const settle = (milliseconds = 0): Promise<void> => jest.advanceTimersByTimeAsync(milliseconds);
  beforeEach(() => {
    jest.useFakeTimers();
    log = new Log();
    writer = new EventWriter(log, { tenantId: 't', executionId: 'e' }, 20);
  });
  afterEach(() => {
    jest.useRealTimers();
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
    log.answer = () => new Promise((resolve) => release.push(() => { resolve(1); }));
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
    log.answer = () => Promise.resolve(1);
    writer.add(TOOL);
    await expect(writer.flush()).rejects.toBe(failure);
    writer.add(TOOL);
    await expect(writer.flush()).rejects.toBe(failure);
    expect(log.batches).toEqual([]);
  });

  it('refuses to write to an execution that has ended', async () => {
    log.answer = () => Promise.resolve(null);
    writer.add(TOOL);
    await expect(writer.flush()).rejects.toMatchObject({ kind: 'conflict', code: 'EXECUTION_ENDED', message: expect.stringContaining('"e"') });
  });
});
