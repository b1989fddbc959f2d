import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { AsyncMemoCache, MemoryBackend } from '../index.js';
import type { StreamCall } from './kept-streams.js';

/** Streams of numbers that say how often they were begun, ended, and broken off. */
class Source {
  begun = 0;
  brokenOff = 0;
  /** Resolved to let the next item of every stream come; without it they come at once. */
  gate: PromiseWithResolvers<void> | undefined;

  call(id: string, count = 3, options: Partial<StreamCall<number>> = {}): StreamCall<number> {
    return { func: 'numbers', inputs: () => ({ id }), open: (signal) => this.open(count, signal), ...options };
  }

  private async *open(count: number, signal: AbortSignal): AsyncGenerator<number> {
    this.begun++;
    signal.addEventListener('abort', () => this.brokenOff++);
    for (let i = 0; i < count; i++) {
      if (this.gate) await Promise.race([this.gate.promise, whenAborted(signal)]);
      yield i;
    }
  }
}

/** As a provider's connection does. */
function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => { reject(signal.reason as Error); });
  });
}

/** A stream that is refused before its first item. */
async function* refusing(): AsyncGenerator<number> {
  await sleep(1);
  yield* await Promise.reject<number[]>(new Error('refused'));
}

const isWhole = (items: readonly number[]): boolean => items.length === 3;
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const item of items) seen.push(item);
  return seen;
}

describe('streams that are kept', () => {
  it('are made once, and then given again', async () => {
    const [cache, source] = [new AsyncMemoCache(new MemoryBackend()), new Source()];
    const streams = cache.streams<number>({ isCacheable: isWhole });
    const readings = [await streams.read(source.call('a'))];
    expect(await all(readings[0]!.items)).toEqual([0, 1, 2]);
    readings.push(await streams.read(source.call('a')));
    expect(await all(readings[1]!.items)).toEqual([0, 1, 2]);
    expect([readings.map(({ origin }) => origin), source.begun]).toEqual([['made', 'kept'], 1]);
    expect(await all((await streams.read(source.call('b'))).items)).toEqual([0, 1, 2]);
    expect(source.begun).toBe(2);
  });

  it('are one call for a hundred callers at once, each with all of it', async () => {
    const [cache, source] = [new AsyncMemoCache(new MemoryBackend()), new Source()];
    const streams = cache.streams<number>({ isCacheable: isWhole });
    const readings = await Promise.all(Array.from({ length: 100 }, () => streams.read(source.call('a'))));
    expect(await Promise.all(readings.map(({ items }) => all(items)))).toEqual(Array.from({ length: 100 }, () => [0, 1, 2]));
    expect([source.begun, cache.stats.coalesced, new Set(readings.map(({ origin }) => origin))]).toEqual([1, 99, new Set(['made', 'shared'])]);
  });

  it('go on for the others when the one leaves that has begun the call, and end when the last one leaves', async () => {
    const [cache, source] = [new AsyncMemoCache(new MemoryBackend()), new Source()];
    const streams = cache.streams<number>({ isCacheable: isWhole });
    const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
    const readings = await Promise.all([first, second, third].map(({ signal }) => streams.read(source.call('a'), signal)));
    source.gate = Promise.withResolvers();
    for (const { items } of readings) await items.next();
    const waiting = readings.map(({ items }) => items.next());
    first.abort(new Error('first leaves'));
    await expect(waiting[0]).rejects.toThrow('first leaves');
    await expect(readings[0]!.items.next()).rejects.toThrow('first leaves');
    expect(source.brokenOff).toBe(0);
    await readings[2]!.items.return?.();
    second.abort(new Error('second leaves'));
    await expect(waiting[1]).rejects.toThrow('second leaves');
    expect([await waiting[2], source.brokenOff, await cache.size()]).toEqual([{ done: true, value: undefined }, 1, 0]);
    source.gate = undefined;
    expect((await streams.read(source.call('a'))).origin).toBe('made');
    expect(source.begun).toBe(2);
  });

  it('are kept as those of somebody who has stayed, who alone has them on his bill', async () => {
    const [cache, source] = [new AsyncMemoCache(new MemoryBackend()), new Source()];
    const streams = cache.streams<number>({ isCacheable: isWhole });
    const gone = new AbortController();
    const readings = await Promise.all([
      streams.read(source.call('a', 3, { metadata: { of: 'gone' } }), gone.signal),
      streams.read(source.call('a', 3, { metadata: { of: 'stays' } })),
      streams.read(source.call('a', 3, { metadata: { of: 'stays, too' } })),
    ]);
    gone.abort();
    await Promise.all(readings.slice(1).map(({ items }) => all(items)));
    expect(readings.slice(1).map(({ claim }) => [claim(), claim()])).toEqual([[true, false], [false, false]]);
    expect((await Array.fromAsync(cache)).map(({ metadata }) => metadata)).toMatchObject([{ of: 'stays' }]);
    const again = await streams.read(source.call('a'));
    expect([again.origin, again.claim()]).toEqual(['kept', false]);
  });

  it('that fail are told to everybody, and are not kept: the next caller begins anew', async () => {
    const [cache, source] = [new AsyncMemoCache(new MemoryBackend()), new Source()];
    const streams = cache.streams<number>({ isCacheable: isWhole });
    const failing = source.call('a', 3, { open: async function* () {
      yield 0;
      await sleep(1);
      throw new Error('cut');
    } });
    const readings = await Promise.all([streams.read(failing), streams.read(failing)]);
    const seen = await Promise.allSettled(readings.map(({ items }) => all(items)));
    expect(seen.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const refused = source.call('a', 3, { open: refusing });
    await expect(Promise.all([streams.read(refused), streams.read(refused)])).rejects.toThrow('refused');
    expect(await all((await streams.read(source.call('a', 2))).items)).toEqual([0, 1]);
    expect([await cache.size(), source.begun]).toEqual([0, 1]);
  });

  it('a caller may ask past what is kept, keep nothing, say for how long, and how old it may be', async () => {
    let now = 1_000_000;
    const [cache, source] = [new AsyncMemoCache(new MemoryBackend(), { nowMs: () => now, ttl: '1h' }), new Source()];
    const streams = cache.streams<number>({ isCacheable: isWhole });
    const origin = async (options: Partial<StreamCall<number>> = {}): Promise<string> => {
      const reading = await streams.read(source.call('a', 3, options));
      await all(reading.items);
      return reading.origin;
    };
    expect([await origin({ noStore: true }), await cache.size(), await origin({ ttl: '10m' }), await origin(), await origin({ noStore: true })]).toEqual(['made', 0, 'made', 'kept', 'kept']);
    now += 60_000;
    expect([await origin({ maxAge: 30 }), await origin({ maxAge: 30 }), await origin({ maxAge: '2m' })]).toEqual(['made', 'kept', 'kept']);
    expect([await origin({ noCache: true, ttl: '1s' }), await origin()]).toEqual(['made', 'kept']);
    now += 2_000;
    expect(await origin()).toBe('made');
  });

  it('whoever asks past what is kept does not join a call under way either', async () => {
    const [cache, source] = [new AsyncMemoCache(new MemoryBackend()), new Source()];
    const streams = cache.streams<number>({ isCacheable: isWhole });
    await Promise.all([streams.read(source.call('a')), streams.read(source.call('a', 3, { noCache: true })), streams.read(source.call('a'))]);
    expect(source.begun).toBe(2);
  });

  it('what was asked for anew is not overwritten by a call that began before, and others join the newer one', async () => {
    const [cache, source] = [new AsyncMemoCache(new MemoryBackend()), new Source()];
    const streams = cache.streams<number>({ isCacheable: isWhole });
    const call = (first: number, options: Partial<StreamCall<number>> = {}): StreamCall<number> =>
      source.call('a', 3, { ...options, open: async function* () { yield* [first, first, first]; } });
    const older = await streams.read(call(1));
    const newer = await streams.read(call(2, { noCache: true }));
    const joined = await streams.read(call(3));
    expect([await all(newer.items), await all(joined.items), joined.origin, await all(older.items)]).toEqual([[2, 2, 2], [2, 2, 2], 'shared', [1, 1, 1]]);
    expect(await all((await streams.read(call(4))).items)).toEqual([2, 2, 2]);
  });

  it('are kept under what the call began with, whatever becomes of it, and without what the cache excludes', async () => {
    const cache = new AsyncMemoCache(new MemoryBackend(), { exclude: ['trace'] });
    const streams = cache.streams<number>({ isCacheable: isWhole });
    const origin = async (ids: number[], trace: string): Promise<string> => {
      const open = async function* (): AsyncGenerator<number> { yield* [0, 1, ids.push(2)]; };
      const reading = await streams.read({ func: 'numbers', inputs: () => ({ ids, trace }), open });
      await all(reading.items);
      return reading.origin;
    };
    expect([await origin([1], 'a'), await origin([1], 'b'), await origin([1, 2], 'a')]).toEqual(['made', 'kept', 'made']);
  });

  it('what was removed while it came does not come back, and nobody joins it any more', async () => {
    const [cache, source] = [new AsyncMemoCache(new MemoryBackend()), new Source()];
    const streams = cache.streams<number>({ isCacheable: isWhole });
    const before = await streams.read(source.call('a'));
    await cache.clear();
    const after = await streams.read(source.call('a', 2));
    expect([await all(before.items), await all(after.items), await cache.size(), source.begun]).toEqual([[0, 1, 2], [0, 1], 0, 2]);
  });

  it('without a key, or with an entry that cannot be read, they are made', async () => {
    const events: string[] = [];
    const [cache, source] = [new AsyncMemoCache(new MemoryBackend(), { onEvent: ({ type }) => events.push(type) }), new Source()];
    const streams = cache.streams<number>({ isCacheable: isWhole, unpack: (output) => (output as { items: number[] }).items.slice() });
    const keyless = source.call('a', 3, { inputs: () => ({ fn: () => 1 }) });
    expect(await all((await streams.read(keyless)).items)).toEqual([0, 1, 2]);
    await all((await streams.read(source.call('a'))).items);
    expect((await streams.read(source.call('a'))).origin).toBe('made');
    expect([events, source.begun, cache.stats.unhashable]).toEqual([['unhashable', 'damaged'], 3, 1]);
  });
});
