import { describe, expect, it } from '@jest/globals';
import { AppError } from '../errors/index.js';
import { eventStream, type ServerSentEvent } from './server-sent-events.js';

const delta = (id: number): ServerSentEvent => ({ id, event: 'message.delta', data: { seq: id } });

/** `count` events, `pageSize` at once, and an empty page behind them. */
async function* events(count: number, pageSize = 1, failure?: Error): AsyncGenerator<ServerSentEvent[]> {
  for (let from = 1; from <= count; from += pageSize) {
    if (from % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    yield upTo(Math.min(pageSize, count - from + 1)).map((i) => delta(from + i - 1));
  }
  yield [];
  if (!failure) return;
  await new Promise((resolve) => setTimeout(resolve, 20));
  throw failure;
}

async function chunksOf(of: AsyncIterable<readonly ServerSentEvent[]>): Promise<string[]> {
  const chunks: string[] = [];
  for await (const chunk of eventStream(of)) chunks.push(String(chunk));
  return chunks;
}

const ids = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe('an event stream', () => {
  it('says when to connect again, then every event once and in order, however they fall together', async () => {
    for (const [count, pageSize] of [[0, 1], [1, 1], [1_000, 500], [1_000, 7], [3, 1]] as const) {
      const text = (await chunksOf(events(count, pageSize))).join('');
      expect(text.startsWith('retry: 1000\n\n')).toBe(true);
      expect(ids(text)).toEqual(upTo(count));
    }
    expect((await chunksOf(events(1))).join('')).toBe('retry: 1000\n\nid: 1\nevent: message.delta\ndata: {"seq":1}\n\n');
  });

  it('does not wait for the next page with one that is there', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    async function* slow(): AsyncGenerator<ServerSentEvent[]> {
      yield [delta(1)];
      await held;
      yield [delta(2)];
    }
    const stream = eventStream(slow());
    let text = '';
    for await (const chunk of stream) {
      text += String(chunk);
      if (ids(text).length === 1) release();
    }
    expect(ids(text)).toEqual([1, 2]);
  });

  it('gives the events of a page in one piece, unless they are large', async () => {
    expect((await chunksOf(events(500, 500))).length).toBeLessThan(3);
    const large = { id: 1, event: 'message.delta', data: 'x'.repeat(40_000) };
    async function* page(): AsyncGenerator<ServerSentEvent[]> {
      yield [large, large, large, large];
    }
    const sizes = (await chunksOf(page())).map((chunk) => chunk.length);
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThan(131_072);
  });

  it('that fails later has given everything before', async () => {
    const failure = new AppError({ kind: 'unavailable', code: 'X', message: 'x' });
    let text = '';
    const read = async (): Promise<void> => {
      for await (const chunk of eventStream(events(3, 1, failure))) text += String(chunk);
    };
    await expect(read()).rejects.toThrow(failure);
    expect(ids(text)).toEqual([1, 2, 3]);
  });
});
