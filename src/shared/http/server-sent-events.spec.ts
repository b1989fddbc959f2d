import { describe, expect, it } from '@jest/globals';
import { AppError } from '../errors/index.js';
import { eventStream, type ServerSentEvent } from './server-sent-events.js';

async function* events(count: number, pauseAt = 0, failure?: Error): AsyncGenerator<ServerSentEvent> {
  for (let id = 1; id <= count; id++) {
    if (id === pauseAt) await new Promise((resolve) => setTimeout(resolve, 5));
    yield { id, event: 'message.delta', data: { seq: id } };
  }
  if (!failure) return;
  await new Promise((resolve) => setTimeout(resolve, 20));
  throw failure;
}

async function chunksOf(of: AsyncIterable<ServerSentEvent>): Promise<string[]> {
  const chunks: string[] = [];
  for await (const chunk of eventStream(of)) chunks.push(String(chunk));
  return chunks;
}

const ids = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe('an event stream', () => {
  it('says when to connect again, then every event once and in order, however they fall together', async () => {
    for (const [count, pauseAt] of [[0, 0], [1, 0], [1_000, 0], [1_000, 500], [3, 2]] as const) {
      const text = (await chunksOf(events(count, pauseAt))).join('');
      expect(text.startsWith('retry: 1000\n\n')).toBe(true);
      expect(ids(text)).toEqual(upTo(count));
    }
    expect((await chunksOf(events(1))).join('')).toBe('retry: 1000\n\nid: 1\nevent: message.delta\ndata: {"seq":1}\n\n');
  });

  it('does not wait for the next event with one that is there', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    async function* slow(): AsyncGenerator<ServerSentEvent> {
      yield { id: 1, event: 'a', data: {} };
      await held;
      yield { id: 2, event: 'b', data: {} };
    }
    const stream = eventStream(slow());
    let text = '';
    for await (const chunk of stream) {
      text += String(chunk);
      if (ids(text).length === 1) release();
    }
    expect(ids(text)).toEqual([1, 2]);
  });

  it('gives events that are there already in few pieces', async () => {
    expect((await chunksOf(events(500))).length).toBeLessThan(10);
  });

  it('that fails later has given everything before', async () => {
    const failure = new AppError({ kind: 'unavailable', code: 'X', message: 'x' });
    let text = '';
    const read = async (): Promise<void> => {
      for await (const chunk of eventStream(events(3, 0, failure))) text += String(chunk);
    };
    await expect(read()).rejects.toThrow(failure);
    expect(ids(text)).toEqual([1, 2, 3]);
  });
});
