import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CONFLICT_POLICIES } from '../../src/contracts/index.js';
import { MAX_WAITING_RUNS, type NewRun, tokenOf } from '../../src/modules/execution/runs/run.store.js';
import { type Redis, keys } from '../../src/shared/redis/index.js';
import { HotStores, numbers, snapshotOf } from '../support/hot-store.js';
import { MAX_LOST, RunLine } from '../support/run-line.js';
import { emptyRedis } from '../support/services.js';

const WEEK_SECONDS = 7 * 86_400;
const REQUEST = { reason: 'enough' };
const stores = new HotStores();
let redis: Redis;
let line: RunLine;

beforeAll(async () => {
  (await emptyRedis()).disconnect();
  redis = stores.connect();
});
afterAll(() => {
  stores.close();
});
beforeEach(() => {
  line = new RunLine(redis);
});

const everything = async (): Promise<unknown> => snapshotOf(redis, line.tenantId);
const ids = (runs: readonly NewRun[]): string[] => runs.map(({ executionId }) => executionId);
const acceptMany = async (count: number): Promise<NewRun[]> => {
  const runs: NewRun[] = [];
  for (let i = 0; i < count; i++) runs.push(await line.accept());
  return runs;
};

describe('a run that is accepted', () => {
  it('has a free conversation at once, its state, its first event, and a place among those that are looked after', async () => {
    const { executionId, sessionId, agentId, acceptance } = await line.accept();
    expect(acceptance).toEqual({ outcome: 'claimed' });
    expect(await line.lease()).toEqual({ executionId, token: '' });
    const ref = { tenantId: line.tenantId, executionId };
    expect(await line.log.find(ref)).toMatchObject({ status: 'queued', attempt: 0, lastEventSeq: 1, startedAt: null, endedAt: null });
    expect((await line.log.read(ref, 0, 10)).map(({ seq, type, data }) => [seq, type, data])).toEqual([[1, 'execution.queued', { agentId }]]);
    expect(await redis.zrange(keys.sessionRuns(line.tenantId, sessionId), 0, -1)).toEqual([executionId]);
    const ttls = await Promise.all([keys.execution, keys.events].map((key) => redis.ttl(key(line.tenantId, executionId))));
    expect(Math.min(...ttls)).toBeGreaterThan(WEEK_SECONDS - 60);
    expect(await line.runs.takeSilent(line.tenantId, 10)).toEqual([]);
    expect(await line.runs.findUnpersisted(line.tenantId)).toEqual([executionId]);
  });

  it.each(CONFLICT_POLICIES)('again changes nothing, nor with another conversation (%s)', async (onConflict) => {
    const run = await line.accept();
    await line.accept();
    const before = await everything();
    expect(await line.runs.accept({ ...run, onConflict })).toEqual({ outcome: 'known' });
    expect(await line.runs.accept({ ...line.newRun(onConflict), executionId: run.executionId })).toEqual({ outcome: 'known' });
    expect(await everything()).toEqual(before);
  });

  it('waits for the one that has the conversation, behind those that came before', async () => {
    const [first, ...others] = await acceptMany(4);
    expect(await line.waiting()).toEqual(ids(others));
    expect((await line.accept()).acceptance).toEqual({ outcome: 'waiting', activeId: first!.executionId, position: 4 });
    expect(await Promise.all([first!, ...others].map((run) => line.runs.findPosition(run)))).toEqual([0, 1, 2, 3]);
    expect(await Promise.all([first!, ...others].map((run) => line.runs.isInLine(run)))).toEqual([false, true, true, true]);
    expect(await line.request()).toBeNull();
  });

  it('is refused with reject, and nothing is left of it', async () => {
    const first = await line.accept();
    const before = await everything();
    expect((await line.accept('reject')).acceptance).toEqual({ outcome: 'busy', activeId: first.executionId });
    expect(await everything()).toEqual(before);
  });

  it.each(['enqueue', 'interrupt', 'rollback'] as const)(`is refused when ${String(MAX_WAITING_RUNS)} wait already, and nothing is left of it (%s)`, async (onConflict) => {
    const [first] = await acceptMany(MAX_WAITING_RUNS + 1);
    const before = await everything();
    expect((await line.accept(onConflict)).acceptance).toEqual({ outcome: 'full', activeId: first!.executionId });
    expect(await everything()).toEqual(before);
  });

  it.each([['interrupt', {}], ['rollback', { isRollback: true }]] as const)('goes before all that wait with %s, and the other one is asked to make way', async (onConflict, request) => {
    const [first, second] = await acceptMany(2);
    const run = await line.accept(onConflict);
    expect(run.acceptance).toEqual({ outcome: 'waiting', activeId: first!.executionId, position: 1 });
    expect(await line.waiting()).toEqual(ids([run, second!]));
    expect(await line.request()).toEqual({ reason: expect.stringContaining(run.executionId), ...request });
  });

  it('does not change a request that is there already', async () => {
    const first = await line.accept();
    await line.runs.askCancel(first, REQUEST);
    await line.accept('rollback');
    expect(await line.request()).toEqual(REQUEST);
  });

  it('has the conversation when Redis has lost whose it was', async () => {
    await acceptMany(2);
    await line.loseLease();
    expect((await line.accept('reject')).acceptance).toEqual({ outcome: 'claimed' });
  });
});

describe('a run that begins', () => {
  it('has a new fencing token with each beginning, and says so in its log', async () => {
    const run = await line.accept();
    expect(await line.begin(run)).toEqual({ outcome: 'begun', attempt: 1 });
    expect(await line.lease()).toEqual({ executionId: run.executionId, token: tokenOf(run, 1) });
    expect(await line.begin(run)).toEqual({ outcome: 'begun', attempt: 2 });
    expect(await line.lease()).toEqual({ executionId: run.executionId, token: tokenOf(run, 2) });
    expect(await line.log.find(run)).toMatchObject({ status: 'running', attempt: 2, lastEventSeq: 3 });
    expect(await line.events(run)).toEqual([[1, 'execution.queued'], [2, 'execution.started'], [3, 'execution.started']]);
  });

  it('has a whole log, which lives as long as its state, when that was lost before', async () => {
    const run = await line.accept();
    await redis.del(keys.events(line.tenantId, run.executionId));
    await line.begin(run);
    expect((await line.log.readAll(run)).map(({ seq, type, data }) => [seq, type, data])).toEqual([[1, 'execution.queued', { agentId: run.agentId }], [2, 'execution.started', { attempt: 1 }]]);
    expect(await redis.ttl(keys.events(line.tenantId, run.executionId))).toBeGreaterThan(WEEK_SECONDS - 60);
  });

  it('is unknown, or has ended', async () => {
    expect(await line.begin(line.newRun())).toEqual({ outcome: 'unknown' });
    const run = await line.accept();
    await line.end(run);
    const before = await everything();
    expect(await line.begin(run)).toEqual({ outcome: 'ended' });
    expect(await everything()).toEqual(before);
  });

  it('waits while another one has the conversation, and is put into the line again if it is lost from it', async () => {
    const [, second] = await acceptMany(2);
    expect(await line.begin(second!)).toEqual({ outcome: 'waiting' });
    expect(await line.waiting()).toEqual(ids([second!]));
    await redis.del(keys.waitingRuns(line.tenantId, line.conversationId));
    expect(await line.begin(second!)).toEqual({ outcome: 'waiting' });
    expect(await line.waiting()).toEqual(ids([second!]));
  });

  it('takes a conversation of which Redis has lost whose it was, and leaves the line', async () => {
    const [, second, third] = await acceptMany(3);
    await line.loseLease();
    expect(await line.begin(second!)).toEqual({ outcome: 'begun', attempt: 1 });
    expect(await line.waiting()).toEqual(ids([third!]));
  });

  it('is not begun if it is to stop, and whoever works on it is fenced', async () => {
    const run = await line.accept();
    await line.begin(run);
    await line.runs.askCancel(run, REQUEST);
    expect(await line.begin(run)).toEqual({ outcome: 'cancelled', request: REQUEST });
    expect(await line.end(run, { token: tokenOf(run, 1) })).toEqual({ outcome: 'fenced' });
    expect((await line.log.find(run))?.attempt).toBe(1);
  });

  it('is not begun again when its workers were lost too often; a beginning that was given back is none of them', async () => {
    const run = await line.accept();
    for (const attempt of numbers(1, MAX_LOST)) expect(await line.begin(run)).toEqual({ outcome: 'begun', attempt });
    expect(await line.begin(run)).toEqual({ outcome: 'exhausted' });
    await line.runs.giveBack(run, tokenOf(run, MAX_LOST));
    expect(await line.begin(run)).toEqual({ outcome: 'begun', attempt: MAX_LOST + 1 });
    await line.runs.giveBack(run, tokenOf(run, 1));
    expect(await line.begin(run)).toEqual({ outcome: 'exhausted' });
    expect((await line.events(run)).length).toBe(MAX_LOST + 2);
  });

  it('is silent for as long as nobody says that it is alive', async () => {
    const run = await line.accept();
    await redis.zadd(keys.runs(line.tenantId), 1, run.executionId);
    expect(await line.runs.takeSilent(line.tenantId, 10)).toEqual([run.executionId]);
    expect(await line.runs.takeSilent(line.tenantId, 10)).toEqual([]);
    await redis.zadd(keys.runs(line.tenantId), 1, run.executionId);
    expect(await line.runs.stillRunning([run, await line.accept()])).toEqual([null, null]);
    expect(await line.runs.takeSilent(line.tenantId, 10)).toEqual([]);
    await line.runs.forget(line.tenantId, run.executionId);
    await line.runs.stillRunning([run]);
    expect(await line.runs.findUnpersisted(line.tenantId)).not.toContain(run.executionId);
  });
});

describe('a run that ends', () => {
  it('passes the conversation on to the next one, without a request that was for itself', async () => {
    const [first, second, third] = await acceptMany(3);
    await line.runs.askCancel(first!, REQUEST);
    expect(await line.end(first!)).toEqual({ outcome: 'ended', nextId: second!.executionId });
    expect(await line.lease()).toEqual({ executionId: second!.executionId, token: '' });
    expect(await line.end(second!)).toEqual({ outcome: 'ended', nextId: third!.executionId });
    expect(await line.end(third!)).toEqual({ outcome: 'ended', nextId: null });
    expect([await line.lease(), await line.waiting()]).toEqual([{}, []]);
  });

  it('while it waits leaves the line, and nobody takes the conversation from the other one', async () => {
    const [first, second, third] = await acceptMany(3);
    expect(await line.end(second!, { status: 'queued' })).toEqual({ outcome: 'ended', nextId: null });
    expect([(await line.lease())['executionId'], await line.waiting()]).toEqual([first!.executionId, ids([third!])]);
    expect(await line.end(first!)).toEqual({ outcome: 'ended', nextId: third!.executionId });
  });

  it('changes nothing unless it can: over, fenced, another status, unknown', async () => {
    const run = await line.accept();
    await line.begin(run);
    const before = await everything();
    expect(await line.end(run, { token: tokenOf(run, 2) })).toEqual({ outcome: 'fenced' });
    expect(await line.end(run, { status: 'queued' })).toEqual({ outcome: 'status' });
    expect(await line.end(line.newRun())).toEqual({ outcome: 'unknown' });
    expect(await everything()).toEqual(before);
    expect(await line.end(run, { token: tokenOf(run, 1) })).toEqual({ outcome: 'ended', nextId: null });
    const after = await everything();
    expect(await line.end(run)).toEqual({ outcome: 'over' });
    expect(await everything()).toEqual(after);
  });

  it('is fenced when Redis has lost whose the conversation was; without a token it ends', async () => {
    const run = await line.accept();
    await line.begin(run);
    await line.loseLease();
    expect(await line.end(run, { token: tokenOf(run, 1) })).toEqual({ outcome: 'fenced' });
    expect(await line.end(run)).toEqual({ outcome: 'ended', nextId: null });
  });

  it('does not take the conversation from one that has it meanwhile', async () => {
    const run = await line.accept();
    await line.begin(run);
    await line.loseLease();
    const other = await line.accept();
    expect(await line.end(run)).toEqual({ outcome: 'ended', nextId: null });
    expect((await line.lease())['executionId']).toBe(other.executionId);
  });

  it('says that its log is lost, or begins another one that lives as long', async () => {
    const run = await line.accept();
    await line.loseLog(run);
    expect(await line.end(run, { restores: true })).toEqual({ outcome: 'lost', lastEventSeq: 1 });
    expect(await line.end(run)).toEqual({ outcome: 'ended', nextId: null });
    expect(await line.events(run)).toEqual([[2, 'execution.completed']]);
    expect(await redis.ttl(keys.events(line.tenantId, run.executionId))).toBeGreaterThan(WEEK_SECONDS - 60);
  });

  it('forgets what the worker was sent', async () => {
    const run = await line.accept();
    expect(await line.runs.findAction(run)).toEqual(run.action);
    await line.end(run);
    expect(await line.runs.findAction(run)).toBeNull();
  });
});

describe('a request to cancel', () => {
  it('is taken by the run that has the conversation, the first one alone', async () => {
    const [first, second] = await acceptMany(2);
    expect(await line.runs.askCancel(second!, REQUEST)).toBe(false);
    expect(await line.runs.askCancel(line.newRun(), REQUEST)).toBe(false);
    expect(await line.request()).toBeNull();
    expect(await line.runs.askCancel(first!, REQUEST)).toBe(true);
    expect(await line.runs.askCancel(first!, { reason: 'later', isRollback: true })).toBe(true);
    expect(await line.request()).toEqual(REQUEST);
    expect(await line.runs.stillRunning([first!, second!])).toEqual([REQUEST, null]);
    await line.loseLease();
    expect(await line.runs.askCancel(first!, REQUEST)).toBe(false);
    expect(await line.lease()).toEqual({});
  });

  it('lets the worker go on to write, and be told, until it is fenced', async () => {
    const run = await line.accept();
    await line.begin(run);
    const batch = { events: [{ type: 'message.delta', data: { text: 'x' } }] as const, change: {}, token: tokenOf(run, 1) };
    expect(await line.log.append(run, batch)).toEqual({ outcome: 'appended', seq: 3, request: null });
    await line.runs.askCancel(run, REQUEST);
    expect(await line.log.append(run, batch)).toEqual({ outcome: 'appended', seq: 4, request: REQUEST });
    await line.runs.askCancel(run, REQUEST, true);
    expect(await line.log.append(run, batch)).toEqual({ outcome: 'fenced' });
    expect(await line.end(run, { token: batch.token })).toEqual({ outcome: 'fenced' });
    expect(await line.end(run)).toEqual({ outcome: 'ended', nextId: null });
    expect(await line.log.append(run, batch)).toEqual({ outcome: 'over' });
  });
});
