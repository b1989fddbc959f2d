import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Bull, { type Queue } from 'bull';
import type { Redis } from 'ioredis';
import { type ActionType, type CallbackAction, newId } from '../../src/contracts/index.js';
import type { ActionRun } from '../../src/shared/actions/index.js';
import { AppError } from '../../src/shared/errors/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { ActionProcess, MoveScript, PersistScript, RunScript, agentRunEnvelope, move, moveEnvelope } from '../support/scripted-actions.js';
import { emptyRedis, redisUrl } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const MOVE = 'migration.move';
const ANSWER = { archivedSeq: 7 };
type Answered = CallbackAction<'action.answered'>;

let redis: Redis;
let worker: ActionProcess;
let api: ActionProcess;
let moves: InstanceType<typeof MoveScript>;

beforeEach(async () => {
  redis = await emptyRedis();
  [worker, api] = await Promise.all([ActionProcess.start({ NOOBLE_ROLE: 'worker' }), ActionProcess.start({ NOOBLE_ROLE: 'api' })]);
  moves = worker.script(MoveScript);
  moves.script = () => Promise.resolve(ANSWER);
});
afterEach(async () => {
  await Promise.all([worker.close(), api.close()]);
  redis.disconnect();
});

/** A handler that goes on until its process stops. */
const untilStopped = ({ signal }: ActionRun): Promise<never> => new Promise((_, reject) => { signal.addEventListener('abort', () => { reject(signal.reason as Error); }); });
const outcome = (name: string, type: ActionType = MOVE): Promise<number> => api.metric(`nooble_action_answers_total{type="${type}",outcome="${name}"}`);
const answerLists = (): Promise<string[]> => redis.keys('nb:answers:*');

describe('a request', () => {
  it('is answered with what the handler in another process returns', async () => {
    expect(await api.bus.request(MOVE, move())).toEqual(ANSWER);
    expect(await outcome('answered')).toBe(1);
  });

  it('is answered without data for a type that has none', async () => {
    expect(await api.bus.request('execution.persist', { tenantId: 'acme', tenantTier: 'free', data: { executionId: newId() } })).toBeUndefined();
    expect(worker.script(PersistScript).runs).toHaveLength(1);
  });

  it('gets its own answer, among many that come in any order', async () => {
    moves.script = async (_, { data }) => {
      const seq = Number.parseInt(data.conversationId.slice(-2), 16);
      await new Promise((resolve) => setTimeout(resolve, seq % 7));
      return { archivedSeq: seq };
    };
    const asked = Array.from({ length: 40 }, move);
    const answers = await Promise.all(asked.map((action, index) => (index % 2 === 0 ? api : worker).bus.request(MOVE, action)));
    expect(answers.map((answer) => answer.archivedSeq)).toEqual(asked.map(({ data }) => Number.parseInt(data.conversationId.slice(-2), 16)));
  });

  it.each([
    ['forbidden', 'NOT_YOURS', { conversationId: 'c' }],
    ['notFound', 'CONVERSATION_NOT_FOUND', undefined],
  ] as const)('fails as its action fails: %s, by code, message and details', async (kind, code, details) => {
    moves.script = () => Promise.reject(new AppError({ kind, code, message: 'Because.', ...(details && { details }) }));
    await expect(api.bus.request(MOVE, move())).rejects.toMatchObject({ name: 'AppError', kind, code, message: 'Because.', details });
    expect(await outcome('failed')).toBe(1);
  });

  it('that is no valid action is refused before it is sent', async () => {
    await expect(api.bus.request(MOVE, { ...move(), data: { conversationId: 'x' } })).rejects.toMatchObject({ code: 'VALIDATION_FAILED', details: { fields: [{ field: 'data.conversationId' }] } });
    expect(await api.left(MOVE)).toBe(0);
  });

  it('waits over the tries of its action, and is told of the end only', async () => {
    moves.script = ({ attempt }) => (attempt === 1 ? Promise.reject(new Error('once')) : Promise.resolve(ANSWER));
    expect(await api.bus.request(MOVE, move())).toEqual(ANSWER);
    expect(moves.runs).toHaveLength(2);
  });

  it('that is not answered in time says how to go on; the late answer is dropped and counted', async () => {
    const release = Promise.withResolvers<typeof ANSWER>();
    moves.script = () => release.promise;
    const asked = api.bus.request(MOVE, move(), { timeoutMs: 100 });
    await expect(asked).rejects.toMatchObject({ kind: 'unavailable', code: 'ACTION_TIMEOUT', message: expect.stringContaining('same actionId'), details: { actionType: MOVE, actionId: expect.any(String), timeoutMs: 100 } });
    release.resolve(ANSWER);
    await waitFor('the late answer', async () => (await outcome('late')) === 1);
    expect(await outcome('given_up')).toBe(1);
    expect(await api.bus.request(MOVE, move())).toEqual(ANSWER);
    expect(await answerLists()).toEqual([]);
  });

  it('is given up when its caller gives up, with the reason of the caller', async () => {
    moves.script = untilStopped;
    const caller = new AbortController();
    const asked = api.bus.request(MOVE, move(), { signal: caller.signal });
    caller.abort(new AppError({ kind: 'conflict', code: 'CHANGED_MY_MIND', message: 'x' }));
    await expect(asked).rejects.toMatchObject({ code: 'CHANGED_MY_MIND' });
    await expect(api.bus.request(MOVE, move(), { signal: caller.signal })).rejects.toMatchObject({ code: 'CHANGED_MY_MIND' });
  });

  it('that is open when its process stops is cut off, and so is every later one', async () => {
    moves.script = untilStopped;
    const stopping = await ActionProcess.start({ NOOBLE_ROLE: 'api' });
    const asked = stopping.bus.request(MOVE, move());
    const cutOff = expect(asked).rejects.toMatchObject({ kind: 'unavailable', code: 'SHUTTING_DOWN' });
    await waitFor('the run', () => moves.runs.length === 1);
    await stopping.close();
    await cutOff;
    await expect(stopping.bus.request(MOVE, move())).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });

  it('gets its answer if that comes within the grace time of the shutdown', async () => {
    const stopping = await ActionProcess.start({ NOOBLE_ROLE: 'api', SHUTDOWN_GRACE_SECONDS: '10' });
    const release = Promise.withResolvers<typeof ANSWER>();
    moves.script = () => release.promise;
    const asked = stopping.bus.request(MOVE, move());
    await waitFor('the run', () => moves.runs.length === 1);
    const closed = stopping.close();
    release.resolve(ANSWER);
    expect(await asked).toEqual(ANSWER);
    await closed;
  });

  it('of a process that died leaves an answer which expires', async () => {
    const dead = `replies.${newId()}`;
    await api.bus.send(MOVE, { ...move(), callbackQueueName: dead, correlationId: newId() });
    await waitFor('the answer', async () => (await redis.llen(keys.answers(dead))) === 1);
    const ttl = await redis.ttl(keys.answers(dead));
    expect(ttl > 3_500 && ttl <= 3_600).toBe(true);
    expect((await redis.keys('*')).filter((key) => key.includes(dead))).toEqual([keys.answers(dead)]);
  });

  it('is answered also after something that is no answer', async () => {
    await api.bus.request(MOVE, move());
    const callbackQueueName = String(moves.runs[0]?.action.callbackQueueName);
    await redis.rpush(keys.answers(callbackQueueName), 'no JSON', '{}');
    expect(await api.bus.request(MOVE, move())).toEqual(ANSWER);
  });

  it('needs no connection before the first', async () => {
    // Other test files wait for answers, too, in other databases.
    const own = new RegExp(` db=${String(redis.options.db)} .* cmd=blpop`);
    const clients = async (): Promise<number> => String(await redis.client('LIST')).split('\n').filter((line) => own.test(line)).length;
    expect(await clients()).toBe(0);
    await api.bus.request(MOVE, move());
    await waitFor('the one that listens', async () => (await clients()) === 1);
    await api.bus.request(MOVE, move());
    expect(await clients()).toBe(1);
  });
});

describe('an action that names a queue for its answer', () => {
  let answers: Queue<Answered>;
  let heard: Answered[];
  beforeEach(() => {
    heard = [];
    answers = new Bull(`billing.${newId()}`, redisUrl, { prefix: keys.queues() });
  });
  afterEach(() => answers.close());

  const listen = (): void => {
    void answers.process((job) => Promise.resolve(void heard.push(job.data)));
  };
  const addressed = (): Record<string, unknown> => ({ callbackQueueName: answers.name, correlationId: newId(), taskId: newId(), traceId: 't', sessionId: 's' });
  const first = (): Promise<Answered> => waitFor('the answer', () => heard[0]);

  it('is answered there when it is done, with its own ids', async () => {
    listen();
    const address = addressed();
    const actionId = await api.bus.send(MOVE, { ...move(), ...address });
    const { callbackQueueName, ...ids } = address;
    expect(await first()).toMatchObject({ ...ids, actionType: 'action.answered', tenantId: 'acme', data: { answered: MOVE, actionId, success: true, data: ANSWER, error: null, executionTimeMs: expect.any(Number) } });
    expect(await first()).not.toHaveProperty('callbackQueueName');
    expect(callbackQueueName).toBe(answers.name);
  });

  it('is told of the failure after the last try, once', async () => {
    listen();
    moves.script = () => Promise.reject(new AppError({ kind: 'unavailable', code: 'AWAY', message: 'x', details: { retryAfterMs: 1 } }));
    const address = addressed();
    await api.queue(MOVE).add(moveEnvelope(address), { attempts: 2, backoff: { type: 'capped', options: { firstMs: 10 } } });
    expect(await first()).toMatchObject({ correlationId: address['correlationId'], data: { success: false, data: null, error: { kind: 'unavailable', code: 'AWAY', message: 'x', details: { retryAfterMs: 1 } } } });
    expect([moves.runs.length, heard.length]).toEqual([2, 1]);
  });

  it('is told of the failure even if the handler fails at the end', async () => {
    listen();
    moves.script = () => Promise.reject(new AppError({ kind: 'conflict', code: 'NO_WAY', message: 'x' }));
    moves.atTheEnd = () => Promise.reject(new Error('twice'));
    await api.bus.send(MOVE, { ...move(), ...addressed() });
    expect((await first()).data.error?.code).toBe('NO_WAY');
  });

  it.each([
    ['data that is not of its type', { data: { conversationId: 'x' } }, 'VALIDATION_FAILED'],
    ['the type of another queue', { actionType: 'execution.persist', data: { executionId: newId() } }, 'ACTION_MISPLACED'],
  ])('and has %s is told so', async (_, fault, code) => {
    listen();
    const address = addressed();
    await api.queue(MOVE).add(moveEnvelope({ ...address, ...fault }));
    expect(await first()).toMatchObject({ taskId: address['taskId'], data: { answered: MOVE, success: false, error: { kind: 'invalid', code } } });
    expect(moves.runs).toHaveLength(0);
  });

  it('and answers for itself is not answered by the worker, done or failed, unless no handler has seen it', async () => {
    listen();
    const runs = worker.script(RunScript);
    await api.queue('execution.agent_run').add(agentRunEnvelope(addressed()));
    runs.script = () => Promise.reject(new AppError({ kind: 'conflict', code: 'NO_WAY', message: 'x' }));
    await api.queue('execution.agent_run').add(agentRunEnvelope(addressed()));
    await waitFor('both', () => runs.runs.length === 2);
    await waitFor('the end', async () => (await api.left('execution.agent_run')) === 0);
    await api.queue('execution.agent_run').add(agentRunEnvelope({ ...addressed(), data: {} }));
    expect((await first()).data).toMatchObject({ answered: 'execution.agent_run', error: { code: 'VALIDATION_FAILED' } });
    expect(heard).toHaveLength(1);
  });

  it('and is delivered twice is answered once while the first answer waits', async () => {
    const envelope = moveEnvelope(addressed());
    for (const count of [1, 2]) {
      await api.queue(MOVE).add(envelope);
      await waitFor('the run', () => moves.runs.length === count);
      await waitFor('the end', async () => (await api.left(MOVE)) === 0);
    }
    expect(await answers.getWaitingCount()).toBe(1);
  });
});
