import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ExecutionEvent } from '../../src/contracts/index.js';
import { LiveRuns } from '../../src/modules/execution/event-log/live-runs.service.js';
import type { RunRef } from '../../src/modules/execution/execution.js';
import { keys } from '../../src/shared/redis/index.js';
import { COMPLETED, EventLogs, delta } from '../support/event-logs.js';
import { numbers } from '../support/hot-store.js';
import { waitFor } from '../support/wait-for.js';

let logs: EventLogs;
let live: LiveRuns;
let ref: RunRef;

beforeAll(async () => {
  logs = await EventLogs.start();
  live = logs.nooble.app.get(LiveRuns, { strict: false });
});
beforeEach(async () => {
  ref = await logs.begin();
});
afterAll(async () => {
  await logs.nooble.close();
});

const seqsOf = (events: readonly ExecutionEvent[]): number[] => events.map(({ seq }) => seq);
const isIdle = (): Promise<boolean> => waitFor('the listener to go', async () => (await logs.listeners(ref)) === 0);

/** A follower, and what it has been given so far. */
function follower(after = 0, signal = new AbortController().signal, of: RunRef = ref): { readonly seen: ExecutionEvent[]; readonly done: Promise<void> } {
  const seen: ExecutionEvent[] = [];
  const done = (async () => {
    for await (const page of live.pages(of, after, signal)) seen.push(...page);
  })();
  return { seen, done };
}

describe('followers of a run', () => {
  it('are given each event once and in order, from any cursor, however many they are; the log is read once for all of them', async () => {
    const followers = numbers(0, 99).map((i) => follower(i % 3));
    await waitFor('all at the end of the log', () => followers.every(({ seen }, i) => seen.length === (i % 3 === 0 ? 1 : 0)));
    await waitFor('a listener', async () => (await logs.listeners(ref)) === 1);
    await logs.append(ref, [delta(2)]);
    await waitFor('the second event', () => followers.every(({ seen }, i) => seen.at(-1)?.seq === 2 || i % 3 === 2));
    const reads = jest.spyOn(logs.store, 'read');
    for (const number of numbers(3, 12)) await logs.append(ref, [delta(number)]);
    await logs.end(ref);
    await Promise.all(followers.map(({ done }) => done));
    // Each wake-up is at most two reads: what has come, and a look for more.
    expect(reads.mock.calls.length).toBeLessThanOrEqual(30);
    reads.mockRestore();
    followers.forEach(({ seen }, i) => { expect(seqsOf(seen)).toEqual(numbers((i % 3) + 1, 13)); });
    await isIdle();
  });

  it('read a log that goes on, and once more when they listen; its state they do not look at', async () => {
    const [reads, finds] = [jest.spyOn(logs.store, 'read'), jest.spyOn(logs.store, 'find')];
    const { seen, done } = follower();
    await waitFor('a listener', async () => (await logs.listeners(ref)) === 1);
    await waitFor('both reads', () => reads.mock.calls.length === 2);
    await Promise.all(reads.mock.results.map(({ value }) => value as Promise<unknown>));
    expect(finds).not.toHaveBeenCalled();
    jest.restoreAllMocks();
    await logs.end(ref);
    await done;
    expect(seqsOf(seen)).toEqual([1, 2]);
  });

  it('whose log goes to PostgreSQL before they listen find it there', async () => {
    const read = logs.store.read.bind(logs.store);
    let reads = 0;
    const spy = jest.spyOn(logs.store, 'read').mockImplementation(async (of, after, limit) => {
      if (++reads === 2) {
        await logs.runs.end(ref, { events: [COMPLETED], change: { status: 'completed', endedAt: new Date() } });
        await logs.persistence.persistNow(ref);
        await logs.store.remove(ref);
      }
      return read(of, after, limit);
    });
    const { seen, done } = follower();
    await done;
    spy.mockRestore();
    expect(seqsOf(seen)).toEqual([1, 2]);
  });

  it('share the events themselves, so that what is made of one is made once', async () => {
    const [first, second] = [follower(1), follower(1)];
    await waitFor('a listener', async () => (await logs.listeners(ref)) === 1);
    await logs.end(ref);
    await Promise.all([first.done, second.done]);
    expect(first.seen[0]).toBe(second.seen[0]);
  });

  it('who come late read what is before by themselves, and go on with the others', async () => {
    const early = follower();
    await waitFor('a listener', async () => (await logs.listeners(ref)) === 1);
    await logs.append(ref, numbers(2, 900).map(delta));
    await waitFor('the events so far', () => early.seen.length === 900);
    const late = [0, 1, 500, 899, 900].map((after) => ({ after, ...follower(after) }));
    await logs.append(ref, [delta(901)]);
    await logs.end(ref);
    await Promise.all([early, ...late].map(({ done }) => done));
    expect(seqsOf(early.seen)).toEqual(numbers(1, 902));
    for (const { after, seen } of late) expect(seqsOf(seen)).toEqual(numbers(after + 1, 902));
  });

  it('who fall behind lose nothing and hold nobody up', async () => {
    const quick = follower();
    const slow: number[] = [];
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    const reading = (async () => {
      for await (const page of live.pages(ref, 0, new AbortController().signal)) {
        for (const { seq } of page) {
          slow.push(seq);
          if (seq === 2) await held;
        }
      }
    })();
    await waitFor('both', () => quick.seen.length === 1 && slow.length === 1);
    await logs.append(ref, [delta(2)]);
    for (let from = 3; from <= 803; from += 100) await logs.append(ref, numbers(from, from + 99).map(delta));
    await waitFor('the quick one', () => quick.seen.length === 902);
    expect(slow).toEqual([1, 2]);
    go();
    await logs.end(ref);
    await Promise.all([quick.done, reading]);
    expect(slow).toEqual(numbers(1, 903));
  });

  it('whose cursor is beyond the end are given nothing, and keep nothing from the others', async () => {
    const beyond = follower(100);
    await waitFor('a listener', async () => (await logs.listeners(ref)) === 1);
    const other = follower();
    await logs.append(ref, [delta(2)]);
    await logs.end(ref);
    await Promise.all([beyond.done, other.done]);
    expect(beyond.seen).toEqual([]);
    expect(seqsOf(other.seen)).toEqual([1, 2, 3]);
  });

  it('of an ended run are given it, and leave nothing behind', async () => {
    await logs.end(ref);
    for (const after of [0, 1, 2, 7]) {
      const { seen, done } = follower(after);
      await done;
      expect(seqsOf(seen)).toEqual(numbers(after + 1, 2));
    }
    await isIdle();
  });

  it('come and go without a trace, while another stays and loses nothing', async () => {
    const staying = follower();
    for (let i = 0; i < 50; i++) {
      const stopper = new AbortController();
      const passing = follower(i % 2, stopper.signal);
      if (i % 3 > 0) await logs.append(ref, [delta(i)]);
      stopper.abort();
      await passing.done;
    }
    await logs.end(ref);
    await staying.done;
    expect(seqsOf(staying.seen)).toEqual(numbers(1, staying.seen.length));
    expect(staying.seen.at(-1)?.type).toBe('execution.completed');
    await isIdle();
  });

  it('in the moment in which the last one leaves begin anew', async () => {
    for (let i = 0; i < 50; i++) {
      const each = await logs.begin();
      const stopper = new AbortController();
      const leaving = follower(1, stopper.signal, each);
      await waitFor('it listens', async () => (await logs.listeners(each)) === 1);
      const coming = follower(i % 2, undefined, each);
      stopper.abort();
      await logs.end(each);
      await Promise.all([leaving.done, coming.done]);
      expect(seqsOf(coming.seen)).toEqual(numbers((i % 2) + 1, 2));
    }
  });

  it('who have left before they begin are given nothing, and nothing is read for them', async () => {
    const failing = jest.spyOn(logs.store, 'read').mockRejectedValue(new Error('Connection is closed.'));
    const { seen, done } = follower(0, AbortSignal.abort());
    await done;
    expect([seen, failing.mock.calls]).toEqual([[], []]);
    failing.mockRestore();
  });

  it('hear of it when the store goes away', async () => {
    const followers = [follower(), follower()];
    await waitFor('a listener', async () => (await logs.listeners(ref)) === 1);
    const failing = jest.spyOn(logs.store, 'read').mockRejectedValue(new Error('Connection is closed.'));
    await logs.nooble.redis.publish(keys.events('acme', ref.executionId), 'wake');
    for (const { done } of followers) await expect(done).rejects.toMatchObject({ kind: expect.any(String) });
    failing.mockRestore();
    const again = follower(1);
    await logs.end(ref);
    await again.done;
    expect(seqsOf(again.seen)).toEqual([2]);
  });
});
