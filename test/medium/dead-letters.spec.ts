import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { newId } from '../../src/contracts/index.js';
import { DeadLetters, type StoredDeadLetter } from '../../src/shared/actions/index.js';
import { DeadLettersStore } from '../../src/shared/actions/dead-letters.store.js';
import { AppError } from '../../src/shared/errors/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { ActionProcess, MoveScript, agentRunEnvelope, move, moveEnvelope } from '../support/scripted-actions.js';
import { emptyRedis } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const MOVE = 'migration.move';
const KEY = keys.deadLetters();
const ANSWER = { archivedSeq: 1 };
const CONFLICT = new AppError({ kind: 'conflict', code: 'NO_WAY', message: 'It cannot be.' });

let redis: Redis;
let worker: ActionProcess;
let letters: DeadLetters;
let moves: InstanceType<typeof MoveScript>;

beforeEach(async () => {
  redis = await emptyRedis();
  worker = await ActionProcess.start();
  letters = worker.get(DeadLetters);
  moves = worker.script(MoveScript);
  moves.script = () => Promise.resolve(ANSWER);
});
afterEach(async () => {
  await worker.close();
  redis.disconnect();
});

const all = async (): Promise<StoredDeadLetter[]> => (await letters.page(200)).data;
const one = async (): Promise<StoredDeadLetter> => waitFor('the dead letter', async () => (await all())[0]);
const isDone = (): Promise<boolean> => waitFor('the queue to be empty', async () => (await worker.left(MOVE)) === 0);
const stored = (overrides: Partial<StoredDeadLetter> = {}): Parameters<DeadLettersStore['keep']>[0] =>
  ({ type: MOVE, tenantId: 'acme', action: moveEnvelope(), code: 'X', message: 'x', attempt: 1, failedAt: new Date().toISOString(), ...overrides });

describe('a job that fails for good', () => {
  it('after its last try is kept with its action and its reason, and Bull keeps nothing', async () => {
    moves.script = () => Promise.reject(new AppError({ kind: 'unavailable', code: 'AWAY', message: 'Not now.' }));
    const action = moveEnvelope();
    await worker.queue(MOVE).add(action, { attempts: 3, backoff: { type: 'capped', options: { firstMs: 10 } } });
    const { deadLetterId, failedAt, ...letter } = await one();
    expect(letter).toEqual({ type: MOVE, tenantId: 'acme', action, code: 'AWAY', message: 'Not now.', attempt: 3 });
    expect([deadLetterId, failedAt]).toEqual([expect.stringMatching(/^\d+-\d+$/), expect.stringMatching(/^\d{4}-.*Z$/)]);
    await isDone();
    expect((await all()).length).toBe(1);
  });

  it('because a store is away is not kept if it comes again by itself; by a mistake of ours it is', async () => {
    let failure: Error = new AppError({ kind: 'unavailable', code: 'AWAY', message: 'Not now.' });
    moves.script = () => Promise.reject(failure);
    await worker.queue(MOVE).add(moveEnvelope(), { attempts: 2, backoff: { type: 'capped', options: { firstMs: 10 } }, repeat: { every: 100 } });
    await waitFor('three times', () => moves.runs.length >= 6);
    failure = new TypeError('x is not a function');
    expect(await one()).toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('x is not a function') });
    expect((await all()).map(({ code }) => code)).not.toContain('AWAY');
    await worker.queue(MOVE).removeRepeatable({ every: 100 });
  });

  it('because no other try can mend it is kept after the first', async () => {
    moves.script = () => Promise.reject(CONFLICT);
    await worker.bus.send(MOVE, move());
    expect(await one()).toMatchObject({ code: 'NO_WAY', message: 'It cannot be.', attempt: 1 });
  });

  it('by a mistake of ours is kept with what was thrown', async () => {
    moves.script = () => Promise.reject(new TypeError('x is not a function'));
    await worker.queue(MOVE).add(moveEnvelope(), { attempts: 2, backoff: { type: 'capped', options: { firstMs: 10 } } });
    expect(await one()).toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('x is not a function'), attempt: 2 });
  });

  it.each<[string, unknown, string, string]>([
    ['its data is not of its type', moveEnvelope({ data: { conversationId: 'x' } }), 'VALIDATION_FAILED', 'acme'],
    ['it is of another type', agentRunEnvelope(), 'ACTION_MISPLACED', 'acme'],
    ['nobody knows its type', moveEnvelope({ actionType: 'conversation.nonsense' }), 'VALIDATION_FAILED', 'acme'],
    ['it holds what no store can keep', moveEnvelope({ metadata: { note: 'a\u0000b' } }), 'VALIDATION_FAILED', 'acme'],
    ['it is nothing', {}, 'VALIDATION_FAILED', ''],
    ['it is a list', [1, 2], 'VALIDATION_FAILED', ''],
    ['its tenant is no text', { tenantId: 7 }, 'VALIDATION_FAILED', ''],
  ])('because %s is kept as it was, after the first try', async (_, action, code, tenantId) => {
    await worker.queue(MOVE).add(action);
    expect(await one()).toMatchObject({ type: MOVE, tenantId, action, code, attempt: 1 });
    expect(moves.runs).toHaveLength(0);
  });

  it('because only the system may send it is kept, too', async () => {
    const action = moveEnvelope({ actionType: 'migration.sweep', data: {} });
    await worker.queue('migration.sweep').add(action);
    expect(await one()).toMatchObject({ type: 'migration.sweep', action, code: 'ACTION_SYSTEM_ONLY' });
  });

  it('is counted by type and code, and the letters there are are counted', async () => {
    moves.script = () => Promise.reject(CONFLICT);
    await worker.bus.send(MOVE, move());
    await worker.bus.send(MOVE, move());
    await waitFor('both', async () => (await all()).length === 2);
    expect(await worker.metric(`nooble_dead_letters_total{type="${MOVE}",code="NO_WAY"}`)).toBe(2);
    expect(await worker.metric('nooble_dead_letters')).toBe(2);
  });

  it('stays in its queue until its letter could be written', async () => {
    moves.script = () => Promise.reject(CONFLICT);
    await redis.set(KEY, 'no stream');
    await worker.queue(MOVE).add(moveEnvelope(), { attempts: 2, backoff: { type: 'capped', options: { firstMs: 50 } } });
    await waitFor('the third try', () => moves.runs.length >= 3);
    await redis.del(KEY);
    expect(await one()).toMatchObject({ code: 'NO_WAY' });
    await isDone();
    expect((await all()).length).toBe(1);
  });

  it('is none when its process stops in the last try: another process takes it', async () => {
    moves.script = ({ signal }) => new Promise((_, reject) => { signal.addEventListener('abort', () => { reject(signal.reason as Error); }); });
    await worker.queue(MOVE).add(moveEnvelope(), { attempts: 2, backoff: { type: 'capped', options: { firstMs: 10 } } });
    moves.script = ((before) => (run, action) => (run.attempt === 1 ? Promise.reject(new Error('once')) : before(run, action)))(moves.script);
    await waitFor('the last try', () => moves.runs.some(({ run }) => run.attempt === 2));
    await worker.close();
    worker = await ActionProcess.start();
    moves = worker.script(MoveScript);
    letters = worker.get(DeadLetters);
    await waitFor('the try elsewhere', () => moves.runs.length === 1);
    expect(await all()).toEqual([]);
  });
});

describe('the dead letters', () => {
  it('are told newest first, page by page, each once', async () => {
    const store = worker.get(DeadLettersStore);
    for (let index = 0; index < 5; index += 1) await store.keep(stored({ message: String(index) }));
    const first = await letters.page(2);
    const second = await letters.page(2, first.nextCursor ?? '');
    const third = await letters.page(2, second.nextCursor ?? '');
    expect([first, second, third].map(({ data }) => data.map(({ message }) => message))).toEqual([['4', '3'], ['2', '1'], ['0']]);
    expect([third.nextCursor, first.total]).toEqual([null, 5]);
    expect((await letters.page(5)).nextCursor).toBeNull();
  });

  it('are read right also when a tenant has the name of a field', async () => {
    await worker.get(DeadLettersStore).keep(stored({ tenantId: 'code', code: 'message', message: 'type' }));
    expect(await one()).toMatchObject({ tenantId: 'code', code: 'message', message: 'type', type: MOVE });
  });

  it('are ten thousand or a little more: the oldest go', async () => {
    const store = worker.get(DeadLettersStore);
    for (let round = 0; round < 21; round += 1) await Promise.all(Array.from({ length: 500 }, () => store.keep(stored())));
    const total = await redis.xlen(KEY);
    expect(total >= 10_000 && total < 10_300).toBe(true);
  });

  it('can be deleted, once', async () => {
    await worker.get(DeadLettersStore).keep(stored());
    const { deadLetterId } = await one();
    await letters.remove(deadLetterId);
    expect(await all()).toEqual([]);
    await expect(letters.remove(deadLetterId)).rejects.toMatchObject({ kind: 'notFound', code: 'DEAD_LETTER_NOT_FOUND' });
  });
});

describe('a dead letter that is retried', () => {
  it('is sent again with its own ids, and is gone', async () => {
    const action = moveEnvelope({ traceId: 't' });
    await worker.get(DeadLettersStore).keep(stored({ action }));
    const { deadLetterId } = await one();
    expect(await letters.retry(deadLetterId)).toEqual({ actionId: action['actionId'], actionType: MOVE });
    await waitFor('the run', () => moves.runs.length === 1);
    expect(moves.runs[0]?.action).toMatchObject(action);
    expect(await all()).toEqual([]);
    await expect(letters.retry(deadLetterId)).rejects.toMatchObject({ code: 'DEAD_LETTER_NOT_FOUND' });
  });

  it('and fails again is a new one', async () => {
    moves.script = () => Promise.reject(CONFLICT);
    await worker.bus.send(MOVE, move());
    const { deadLetterId } = await one();
    await letters.retry(deadLetterId);
    const again = await waitFor('the new one', async () => (await all()).find((letter) => letter.deadLetterId !== deadLetterId));
    expect([again.code, (await all()).length]).toEqual(['NO_WAY', 1]);
  });

  it('goes to the queue of its own type, if it lay in another', async () => {
    const action = moveEnvelope();
    await worker.get(DeadLettersStore).keep(stored({ type: 'execution.persist', action }));
    await letters.retry((await one()).deadLetterId);
    await waitFor('the run', () => moves.runs.length === 1);
  });

  it.each<[string, unknown, string]>([
    ['invalid', moveEnvelope({ data: {} }), 'VALIDATION_FAILED'],
    ['of an unknown type', moveEnvelope({ actionType: 'x' }), 'VALIDATION_FAILED'],
    ['no object', [newId()], 'DEAD_LETTER_NO_ACTION'],
  ])('and is %s is refused and stays', async (_, action, code) => {
    await worker.get(DeadLettersStore).keep(stored({ action }));
    await expect(letters.retry((await one()).deadLetterId)).rejects.toMatchObject({ kind: 'invalid', code });
    expect((await all()).length).toBe(1);
  });

  it('twice at once adds one job', async () => {
    await worker.queue(MOVE).pause();
    await worker.get(DeadLettersStore).keep(stored());
    const { deadLetterId } = await one();
    await Promise.allSettled([letters.retry(deadLetterId), letters.retry(deadLetterId)]);
    expect(await worker.left(MOVE)).toBe(1);
  });
});
