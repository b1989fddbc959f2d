import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import type { TestSocket } from '../support/test-socket.js';
import { waitFor } from '../support/wait-for.js';

interface Started {
  readonly executionId: string;
}

describe('the sockets of a session', () => {
  let nooble: TestApp;
  let other: TestApp;
  let acme: ApiClient;
  let agentId: string;
  let sessionId: string;
  const open: TestSocket[] = [];

  beforeAll(async () => {
    nooble = await startTestApp();
    other = await startTestApp({}, { beside: nooble });
    acme = nooble.client('acme');
    agentId = await createAgent(acme, '@tokens 10\n@delay 10');
  });
  afterEach(() => {
    open.splice(0).forEach((socket) => {
      socket.cut();
    });
  });
  afterAll(async () => {
    await other.close();
    await nooble.close();
  });

  const socket = async (app = nooble, id = sessionId): Promise<TestSocket> => {
    const opened = await app.client('acme').socket(id);
    open.push(opened);
    return opened;
  };
  const newSession = (): void => {
    sessionId = `s-${newId()}`;
  };
  const start = async (message = 'hi', agent = agentId): Promise<string> => (await acme.post<Started>(`/api/v1/agents/${agent}/executions`, { message, sessionId })).body.executionId;
  const seqs = (of: TestSocket, executionId: string): number[] => of.frames.filter((frame) => frame.executionId === executionId).map(({ seq = 0 }) => seq);
  const ended = (of: TestSocket, executionId: string): Promise<true> =>
    waitFor(`the end of ${executionId}; there are ${of.frames.map(({ type }) => type).join(', ')}`, () => of.frames.some((frame) => frame.executionId === executionId && frame.type === 'execution.completed') || undefined);
  /** Everything once, in order, to the end. */
  const whole = async (of: TestSocket, executionId: string): Promise<void> => {
    await ended(of, executionId);
    const count = (await acme.events(executionId)).length;
    expect(seqs(of, executionId)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  };
  /** Some socket of the session has received it. */
  const received = async (executionId: string): Promise<void> => {
    await waitFor('the receipt', async () => Number(await nooble.redis.zscore(keys.sessionRuns('acme', sessionId), executionId)) < 0);
  };
  const backlog = async (): Promise<string[]> => nooble.redis.zrangebyscore(keys.sessionRuns('acme', sessionId), 0, '+inf');
  const left = async (of: TestSocket): Promise<void> => {
    of.socket.close();
    await waitFor('the close', () => of.closed);
  };
  /** The session's next socket has been sent what there was to send when its answer to this comes. */
  const quiet = async (of: TestSocket): Promise<void> => {
    const marker = await start('marker');
    await ended(of, marker);
  };

  it('all receive every event of a run that somebody starts over REST, in any process, once', async () => {
    newSession();
    const sockets = await Promise.all([socket(), socket(), socket(other)]);
    const executionId = await start();
    for (const each of sockets) await whole(each, executionId);
  });

  it('all receive a run that one of them starts', async () => {
    newSession();
    const [first, second] = [await socket(), await socket(other)];
    first.send('execution.start', { agentId, message: 'hi', requestId: 'r1' });
    const { data } = await first.next('execution.accepted');
    expect(data).toMatchObject({ requestId: 'r1', sessionId });
    const executionId = String(data['executionId']);
    for (const each of [first, second]) await whole(each, executionId);
  });

  it('go on receiving when one of them closes (49)', async () => {
    newSession();
    const [leaving, staying] = [await socket(), await socket()];
    const executionId = await start();
    await leaving.next('message.delta');
    await left(leaving);
    await whole(staying, executionId);
  });

  it('receive nothing of another session, nor of another tenant’s session of the same name', async () => {
    newSession();
    const [foreign, mine] = [await nooble.client('other').socket(sessionId), await socket()];
    const elsewhere = await socket(nooble, `s-${newId()}`);
    open.push(foreign);
    await whole(mine, await start());
    for (const each of [foreign, elsewhere]) expect(each.frames.map(({ type }) => type)).toEqual(['connection.ack']);
  });

  it.each([['the same process', 0], ['another process', 1]])('that come back to %s receive once what the session missed, the oldest run first (49)', async (_, which) => {
    newSession();
    const gone = await socket();
    gone.send('execution.start', { agentId: await createAgent(acme, '@tokens 50\n@delay 20'), message: 'hi' });
    const first = (await gone.next('execution.queued')).executionId ?? '';
    await left(gone);
    const second = await start();
    for (const executionId of [first, second]) await acme.events(executionId);
    const app = [nooble, other][which];
    const back = await socket(app);
    for (const executionId of [first, second]) await whole(back, executionId);
    const order = back.frames.flatMap(({ executionId }) => executionId ?? []);
    expect(order).toEqual([...order].sort((a, b) => [first, second].indexOf(a) - [first, second].indexOf(b)));
    for (const executionId of [first, second]) await received(executionId);
    await left(back);
    const later = await socket(app);
    await quiet(later);
    for (const executionId of [first, second]) expect(seqs(later, executionId)).toEqual([]);
  });

  it('that was cut without a word had not received what was sent meanwhile: the next one is sent it', async () => {
    newSession();
    const frozen = await socket();
    frozen.socket.pause();
    const executionId = await start();
    await acme.events(executionId);
    expect(await backlog()).toEqual([executionId]);
    frozen.cut();
    await whole(await socket(), executionId);
    await received(executionId);
  });

  it('receive a run that ended before they were looked at, though another one has received it', async () => {
    newSession();
    const quick = await createAgent(acme);
    const sockets = await Promise.all([socket(), socket(other), socket(), socket(other)]);
    for (let i = 0; i < 10; i++) {
      const executionId = await start('hi', quick);
      for (const each of sockets) await whole(each, executionId);
    }
  });

  it('that say from where they go on are not sent what is before', async () => {
    newSession();
    const cut = await socket();
    cut.send('execution.start', { agentId, message: 'hi' });
    const { executionId = '', seq = 0 } = await cut.next('message.delta');
    cut.cut();
    const resumed = await socket();
    resumed.send('subscribe', { executionId, after: seq });
    await ended(resumed, executionId);
    expect(seqs(resumed, executionId)[0]).toBe(seq + 1);
    expect(seqs(resumed, executionId)).toEqual(seqs(resumed, executionId).map((_, i) => seq + 1 + i));
    await received(executionId);
  });

  it('may follow another session of the tenant, and leave it again', async () => {
    newSession();
    const watcher = await socket(nooble, `s-${newId()}`);
    watcher.send('subscribe', { sessionId });
    const first = await start();
    await whole(watcher, first);
    await received(first);
    const { length } = seqs(watcher, first);
    watcher.send('unsubscribe', { sessionId });
    await watcher.next('unsubscribed');
    const second = await start();
    await acme.events(second);
    expect(seqs(watcher, second)).toEqual([]);
    watcher.send('subscribe', { sessionId });
    await whole(watcher, second);
    expect(seqs(watcher, first)).toHaveLength(length);
  });

  it('that nobody ever opens cost no more than 50 runs and 24 hours', async () => {
    newSession();
    const quick = await createAgent(acme);
    const started: string[] = [];
    for (let i = 0; i < 53; i++) started.push(await start('hi', quick));
    expect(await backlog()).toEqual(started.slice(3));
    expect(await nooble.redis.ttl(keys.sessionRuns('acme', sessionId))).toBeLessThanOrEqual(86_400);
    await nooble.redis.zadd(keys.sessionRuns('acme', sessionId), Date.now() - 86_400_001, started[3]!);
    await acme.events(started.at(-1)!);
    const late = await socket();
    for (const executionId of started.slice(4)) await ended(late, executionId);
    expect(seqs(late, started[3]!)).toEqual([]);
    await waitFor('all receipts', async () => (await backlog()).length <= 1);
  });

  it('drop a run from the backlog that is nowhere any more', async () => {
    newSession();
    await nooble.redis.zadd(keys.sessionRuns('acme', sessionId), Date.now(), newId());
    await quiet(await socket());
    await waitFor('the drop', async () => (await backlog()).length === 0);
  });
});
