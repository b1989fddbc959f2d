import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RunRef } from '../../src/modules/execution/execution.js';
import { keys } from '../../src/shared/redis/index.js';
import { COMPLETED, EventLogs, delta } from '../support/event-logs.js';
import { numbers } from '../support/hot-store.js';

const UNPERSISTED_SECONDS = 7 * 86_400;
const RETENTION_SECONDS = 120;

let logs: EventLogs;
let ref: RunRef;

beforeAll(async () => {
  logs = await EventLogs.start({ EXECUTION_RETENTION_SECONDS: String(RETENTION_SECONDS) });
});
beforeEach(async () => {
  ref = await logs.begin();
});
afterAll(async () => {
  await logs.nooble.close();
});

const ttls = async (): Promise<number[]> => Promise.all([keys.execution('acme', ref.executionId), keys.events('acme', ref.executionId)].map((key) => logs.nooble.redis.ttl(key)));
const all = async (): ReturnType<EventLogs['store']['read']> => logs.store.read(ref, 0, 10_000);
const rows = async (): Promise<Record<string, unknown>[]> => logs.nooble.database.query('SELECT * FROM executions WHERE execution_id = $1', [ref.executionId]);

describe('the event log', () => {
  it('gives each event its seq, dense from 1, its type, its data and its time', async () => {
    expect(await logs.append(ref, [delta(1), delta(2)])).toBe(3);
    expect(await logs.append(ref, [delta(3)])).toBe(4);
    const events = await all();
    expect(events.map(({ seq, type }) => [seq, type])).toEqual([[1, 'execution.queued'], [2, 'message.delta'], [3, 'message.delta'], [4, 'message.delta']]);
    expect(events.slice(1).map(({ data }) => data)).toEqual([{ text: '1' }, { text: '2' }, { text: '3' }]);
    expect(events.every(({ at }) => new Date(at).toISOString() === at)).toBe(true);
  });

  it('has dense seqs when many append at once, each batch in one piece', async () => {
    await Promise.all(numbers(1, 100).map((i) => logs.append(ref, [delta(i), delta(i)])));
    const events = await all();
    expect(events.map(({ seq }) => seq)).toEqual(numbers(1, 201));
    const texts = events.slice(1).map(({ data }) => (data as { text: string }).text);
    for (let i = 0; i < 200; i += 2) expect(texts[i]).toBe(texts[i + 1]);
  });

  it('is read from behind any cursor, as many as wanted', async () => {
    await logs.append(ref, numbers(2, 5).map(delta));
    const from = async (after: number, limit: number): Promise<number[]> => (await logs.store.read(ref, after, limit)).map(({ seq }) => seq);
    expect([await from(0, 2), await from(2, 10), await from(4, 1), await from(5, 10), await from(99, 10)]).toEqual([[1, 2], [3, 4, 5], [5], [], []]);
  });

  it.each(['', '\u0000 \ud83d 😀 \u2028', '{"text":"x"}', 'x'.repeat(1_048_576)])('keeps every text exactly (case %#)', async (text) => {
    await logs.append(ref, [{ type: 'message.delta', data: { text } }]);
    expect((await all()).at(-1)?.data).toEqual({ text });
  });

  it('changes the state together with the events, and leaves what is not named', async () => {
    const before = await logs.store.find(ref);
    await logs.append(ref, [delta(1)], { status: 'running', attempt: 1, startedAt: new Date(5) });
    expect(await logs.store.find(ref)).toEqual({ ...before, status: 'running', attempt: 1, startedAt: new Date(5), lastEventSeq: 2 });
  });

  it('takes nothing more once the execution has ended: neither event nor state nor time to live', async () => {
    await logs.end(ref);
    await logs.store.expire(ref);
    const before = [await all(), await logs.store.find(ref)];
    expect(await logs.append(ref, [delta(1)], { status: 'running' })).toBeNull();
    expect(await logs.end(ref, { status: 'failed' })).toBeNull();
    expect([await all(), await logs.store.find(ref)]).toEqual(before);
    expect(Math.max(...(await ttls()))).toBeLessThanOrEqual(RETENTION_SECONDS);
  });

  it('has one terminal event, though many want to end the execution at once', async () => {
    const answers = await Promise.all(numbers(1, 20).map(() => logs.end(ref)));
    expect(answers.filter((seq) => seq !== null)).toEqual([2]);
    expect((await all()).map(({ type }) => type)).toEqual(['execution.queued', COMPLETED.type]);
  });

  it('lives a week from its first event, until it is persisted', async () => {
    await logs.append(ref, [delta(1)]);
    expect(Math.min(...(await ttls()))).toBeGreaterThan(UNPERSISTED_SECONDS - 60);
    expect(Math.max(...(await ttls()))).toBeLessThanOrEqual(UNPERSISTED_SECONDS);
  });

  it('of another execution, or of another tenant, is another one', async () => {
    const other = await logs.begin();
    await logs.append(other, [delta(1)]);
    expect((await all()).length).toBe(1);
    expect(await logs.store.read({ ...ref, tenantId: 'other' }, 0, 10)).toEqual([]);
    expect(await logs.store.find({ ...ref, tenantId: 'other' })).toBeNull();
  });
});

describe('persisting', () => {
  it('does nothing to an execution that has not ended', async () => {
    await logs.persistence.persistNow(ref);
    expect(await rows()).toEqual([]);
    expect(Math.min(...(await ttls()))).toBeGreaterThan(RETENTION_SECONDS);
  });

  it('writes an ended execution once, whole, and leaves Redis its retention', async () => {
    await logs.end(ref, { attempt: 2, agentVersion: 3, startedAt: new Date(1_700_000_000_001), firstTokenAt: new Date(1_700_000_000_002), result: { messageId: 'm', seq: 2, content: 'hi', provider: 'builtin', model: 'builtin/chat' }, usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 }, contextSource: 'database', userId: 'u' });
    const live = await logs.executions.get(ref);
    await logs.persistence.persistNow(ref);
    expect(Math.max(...(await ttls()))).toBeLessThanOrEqual(RETENTION_SECONDS);
    expect(Math.min(...(await ttls()))).toBeGreaterThan(0);
    await logs.nooble.redis.del(keys.execution('acme', ref.executionId));
    expect(await logs.executions.get(ref)).toMatchObject({ ...live });
  });

  it('again leaves the first record as it is', async () => {
    await logs.end(ref);
    await logs.persistence.persistNow(ref);
    const before = await rows();
    await logs.nooble.redis.hset(keys.execution('acme', ref.executionId), 'status', 'failed');
    await Promise.all([logs.persistence.persistNow(ref), logs.persistence.persistNow(ref)]);
    expect(before).toHaveLength(1);
    expect(await rows()).toEqual(before);
  });

  // A run mends its texts (`toStorableText`); this is what would happen behind it.
  it.each([
    ['a NUL', 'a\u0000b'],
    ['half a surrogate pair', 'a\ud83d'],
  ])('fails for an answer with %s that nobody has mended, and the execution stays in Redis', async (_, content) => {
    await logs.end(ref, { result: { messageId: 'm', seq: 2, content } });
    await expect(logs.persistence.persistNow(ref)).rejects.toThrow(/Unicode|json/);
    expect(await rows()).toEqual([]);
    expect(Math.min(...(await ttls()))).toBeGreaterThan(RETENTION_SECONDS);
  });

  it('of an execution that is nowhere does nothing', async () => {
    ref = { ...ref, executionId: '01a1fd7d-0000-7000-8000-000000000000' };
    await logs.persistence.persistNow(ref);
    expect(await rows()).toEqual([]);
    await expect(logs.executions.get(ref)).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' });
  });

  it('makes events that are past their retention EVENTS_EXPIRED, while those of nothing are not found', async () => {
    await logs.end(ref);
    await logs.persistence.persistNow(ref);
    await logs.nooble.redis.del(keys.execution('acme', ref.executionId), keys.events('acme', ref.executionId));
    expect((await logs.executions.getFollowable(ref)).executionId).toBe(ref.executionId);
    await logs.nooble.database.query('DELETE FROM execution_events');
    await expect(logs.executions.getFollowable(ref)).rejects.toMatchObject({ kind: 'notFound', code: 'EVENTS_EXPIRED' });
    await expect(logs.executions.getFollowable({ ...ref, tenantId: 'other' })).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' });
  });
});

describe('an ended log', () => {
  const count = 2_500;
  const forget = async (): Promise<void> => {
    await logs.nooble.redis.del(keys.execution('acme', ref.executionId), keys.events('acme', ref.executionId));
  };
  beforeEach(async () => {
    for (let from = 1; from < count; from += 500) await logs.append(ref, numbers(from, from + 499).map(delta));
    await logs.end(ref);
  });

  it.each([0, 1, 999, 1_000, 1_001, count, count + 1, count + 2, 99_999])('is read from PostgreSQL as it was in Redis, from behind the cursor %i', async (after) => {
    const live = await logs.follow(ref, after);
    await logs.persistence.persistNow(ref);
    await forget();
    expect(await logs.follow(ref, after)).toEqual(live);
    expect(live.length).toBe(Math.max(0, count + 2 - after));
  });

  it('is read to its end by a reader who was in the middle of it when it left Redis', async () => {
    await logs.persistence.persistNow(ref);
    let isGone: Promise<void> | undefined;
    const events = await logs.follow(ref, 0, undefined, ({ seq }) => {
      if (seq === 700) isGone = forget();
    });
    await isGone;
    expect(events.map(({ seq }) => seq)).toEqual(numbers(1, count + 2));
  });
});

describe('a cursor', () => {
  it.each([1e10, 1e15, 1e20, 1e21])('of %d, beyond every end, is refused or answered with nothing, wherever the log is, and is no fault of ours', async (after) => {
    await logs.end(ref);
    const outcome = async (): Promise<string> => logs.nooble.client('acme').events(ref.executionId, after).then((events) => `events: ${String(events.length)}`, String);
    expect(await outcome()).toMatch(/^events: 0$|SSE answered 400/);
    await logs.persistence.persistNow(ref);
    await logs.nooble.redis.del(keys.execution('acme', ref.executionId), keys.events('acme', ref.executionId));
    expect(await outcome()).toMatch(/^events: 0$|SSE answered 400/);
  });
});
