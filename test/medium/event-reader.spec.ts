import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ExecutionEvent } from '../../src/contracts/index.js';
import type { RunRef } from '../../src/modules/execution/execution.js';
import { keys } from '../../src/shared/redis/index.js';
import { COMPLETED, EventLogs, delta } from '../support/event-logs.js';
import { numbers } from '../support/hot-store.js';
import { waitFor } from '../support/wait-for.js';

let logs: EventLogs;
let ref: RunRef;

beforeAll(async () => {
  logs = await EventLogs.start();
});
beforeEach(async () => {
  ref = await logs.begin();
});
afterAll(async () => {
  await logs.nooble.close();
});

const seqsOf = (events: readonly ExecutionEvent[]): number[] => events.map(({ seq }) => seq);
const isListening = (count = 1): Promise<boolean> => waitFor('a listener', async () => (await logs.listeners(ref)) >= count);
const isIdle = (): Promise<boolean> => waitFor('the listener to go', async () => (await logs.listeners(ref)) === 0);

/** Cuts this application's subscriptions, and no other test's. @returns how many */
async function killSubscriptions(): Promise<number> {
  const { redis } = logs.nooble;
  const database = ` db=${String(redis.options.db)} `;
  const clients = ((await redis.client('LIST', 'TYPE', 'PUBSUB')) as string).split('\n').filter((line) => line.includes(database));
  for (const line of clients) await redis.client('KILL', 'ID', Number(/^id=(\d+)/.exec(line)?.[1]));
  return clients.length;
}

describe('a reader', () => {
  it('of an ended execution is given everything behind its cursor, whatever that is, and then ends', async () => {
    await logs.append(ref, numbers(2, 5).map(delta));
    await logs.end(ref);
    for (const after of numbers(0, 6)) expect(seqsOf(await logs.follow(ref, after))).toEqual(numbers(after + 1, 6));
  });

  it.each([7, 1_000_000])('with a cursor of %i, beyond the end of an ended execution, ends at once', async (after) => {
    await logs.end(ref);
    expect(await logs.follow(ref, after)).toEqual([]);
  });

  it('with a cursor beyond the end of a live execution ends with it', async () => {
    const reading = logs.follow(ref, 100);
    await isListening();
    await logs.end(ref);
    expect(await reading).toEqual([]);
  });

  it('of a live execution is given each event when it comes, and ends after the terminal one', async () => {
    const seen: number[] = [];
    const reading = logs.follow(ref, 0, undefined, ({ seq }) => seen.push(seq));
    for (const number of numbers(2, 5)) {
      await waitFor('the events so far', () => seen.length === number - 1);
      await logs.append(ref, [delta(number)]);
    }
    await logs.end(ref);
    expect(seqsOf(await reading)).toEqual(numbers(1, 6));
    await isIdle();
  });

  it('is given every event once and in order, however its beginning and the appends fall together', async () => {
    for (let i = 0; i < 150; i++) {
      const each = await logs.begin();
      const writing = (async () => {
        for (const number of numbers(1, i % 5)) await logs.append(each, [delta(number)]);
        await logs.end(each);
      })();
      if (i % 3 === 1) await logs.store.find(each);
      const after = i % 2;
      expect(seqsOf(await logs.follow(each, after))).toEqual(numbers(after + 1, (i % 5) + 2));
      await writing;
    }
  });

  it('is given more than one page', async () => {
    await logs.append(ref, numbers(2, 1_201).map(delta));
    await logs.end(ref);
    expect(seqsOf(await logs.follow(ref))).toEqual(numbers(1, 1_202));
  });

  it('loses nothing when its wake-ups are lost', async () => {
    const seen: number[] = [];
    const reading = logs.follow(ref, 0, undefined, ({ seq }) => seen.push(seq));
    await isListening();
    for (const number of numbers(2, 4)) {
      expect(await killSubscriptions()).toBeGreaterThan(0);
      await logs.append(ref, [delta(number)]);
      await waitFor('the event', () => seen.includes(number));
    }
    await killSubscriptions();
    await logs.end(ref);
    expect(seqsOf(await reading)).toEqual(numbers(1, 5));
  });

  it('is woken without pub/sub too', async () => {
    const reading = logs.follow(ref);
    await isListening();
    const { redis } = logs.nooble;
    await redis.xadd(keys.events('acme', ref.executionId), '2-0', 'type', 'execution.failed', 'data', '{}', 'at', new Date().toISOString());
    expect(seqsOf(await reading)).toEqual([1, 2]);
  });

  it('shares nothing with another one of the same execution', async () => {
    const [first, second] = [logs.follow(ref), logs.follow(ref, 1)];
    const stopper = new AbortController();
    const third = logs.follow(ref, 0, stopper.signal);
    await isListening();
    await logs.append(ref, [delta(2)]);
    stopper.abort();
    await third;
    await logs.append(ref, [delta(3)]);
    await logs.end(ref);
    expect(seqsOf(await first)).toEqual([1, 2, 3, 4]);
    expect(seqsOf(await second)).toEqual([2, 3, 4]);
    await isIdle();
  });

  it('that looks whether the run is over in the moment in which it ends is given the end', async () => {
    for (let i = 0; i < 20; i++) {
      const each = await logs.begin();
      const find = logs.store.find.bind(logs.store);
      // The run goes on and ends between the reader's look at the log and its look at the state.
      const spy = jest.spyOn(logs.store, 'find').mockImplementationOnce(async (ref) => {
        await logs.append(each, [delta(2)]);
        await logs.runs.end(each, { events: [COMPLETED], change: { status: 'completed', endedAt: new Date() } });
        return find(ref);
      });
      expect(seqsOf(await logs.follow(each, 1))).toEqual([2, 3]);
      spy.mockRestore();
    }
  });

  it('that comes in the moment in which the last one leaves is woken all the same', async () => {
    for (let i = 0; i < 50; i++) {
      const each = await logs.begin();
      const stopper = new AbortController();
      const leaving = logs.follow(each, 0, stopper.signal, () => { stopper.abort(); });
      await leaving;
      const seen: number[] = [];
      const coming = logs.follow(each, 0, undefined, ({ seq }) => seen.push(seq));
      await waitFor('the first event', () => seen.length === 1);
      await logs.end(each);
      expect(seqsOf(await coming)).toEqual([1, 2]);
    }
  });

  it('stops waiting when it is told to', async () => {
    const stopper = new AbortController();
    const reading = logs.follow(ref, 1, stopper.signal);
    await isListening();
    stopper.abort();
    expect(await reading).toEqual([]);
    await isIdle();
  });

  it('that is told to stop before it begins is given nothing', async () => {
    expect(await logs.follow(ref, 0, AbortSignal.abort())).toEqual([]);
    await isIdle();
  });

  it('whose consumer goes away in the middle leaves no subscription', async () => {
    for await (const event of logs.reader.follow(ref, 0, new AbortController().signal)) {
      expect(event.seq).toBe(1);
      break;
    }
    await isIdle();
  });

  it('ends when the execution is past its retention', async () => {
    const reading = logs.follow(ref, 1);
    await isListening();
    await logs.nooble.redis.del(keys.execution('acme', ref.executionId), keys.events('acme', ref.executionId));
    expect(await reading).toEqual([]);
  });
});
