import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Redis, keys } from '../../src/shared/redis/index.js';
import { tokenOf } from '../../src/modules/execution/runs/run.store.js';
import { numbers } from '../support/hot-store.js';
import { OwnCluster } from '../support/own-cluster.js';
import { RunLine } from '../support/run-line.js';

let cluster: OwnCluster;
/** One tenant of each node. */
const tenants: string[] = [];

beforeAll(async () => {
  cluster = await OwnCluster.start();
  for (let i = 0; tenants.filter(Boolean).length < 3; i++) {
    const tenantId = `tenant-${String(i)}`;
    tenants[await cluster.nodeOf(keys.runs(tenantId))] ??= tenantId;
  }
});
afterAll(async () => {
  await cluster.remove();
});

const open = (node: number): RunLine => new RunLine(cluster.connect() as unknown as Redis, tenants[node]);

describe.each([0, 1, 2])('on a Redis Cluster, the runs of a tenant of node %i', (node) => {
  it('have everything there, a whole life long', async () => {
    const line = open(node);
    const [first, second] = [await line.accept(), await line.accept()];
    expect(await line.begin(first)).toEqual({ outcome: 'begun', attempt: 1 });
    const third = await line.accept('interrupt');
    expect([first, second, third].map(({ acceptance }) => acceptance.outcome)).toEqual(['claimed', 'waiting', 'waiting']);
    const batch = { events: [{ type: 'message.delta', data: { text: 'x' } }] as const, change: {}, token: tokenOf(first, 1), restores: true };
    expect(await line.log.append(first, batch)).toMatchObject({ outcome: 'appended', seq: 3, request: expect.anything() });
    const known = await line.log.read(first, 0, 10);
    await line.loseLog(first);
    expect(await line.log.append(first, batch)).toEqual({ outcome: 'lost', lastEventSeq: 3 });
    await line.log.restore(first, known);
    expect(await line.log.append(first, batch)).toMatchObject({ seq: 4 });
    await line.runs.giveBack(first, tokenOf(first, 1));
    expect(await line.runs.askCancel(first, { reason: 'again' }, true)).toBe(true);
    expect((await cluster.nodes[node]!.redis.keys(`nb:{${line.tenantId}}:*`)).length).toBeGreaterThan(9);
    for (const other of [0, 1, 2].filter((i) => i !== node)) expect(await cluster.nodes[other]!.redis.keys(`nb:{${line.tenantId}}:*`)).toEqual([]);
    expect(await line.end(first)).toEqual({ outcome: 'ended', nextId: third.executionId });
    expect(await line.events(first)).toEqual([[1, 'execution.queued'], [2, 'execution.started'], [3, 'message.delta'], [4, 'message.delta'], [5, 'execution.completed']]);
    expect(await line.end(third, { status: 'queued' })).toEqual({ outcome: 'ended', nextId: second.executionId });
    expect(await line.runs.takeSilent(line.tenantId, 10)).toEqual([]);
  });
});

describe('on a Redis Cluster, all three nodes', () => {
  it('are told in one go that the runs of a worker are alive', async () => {
    const client = cluster.connect() as unknown as Redis;
    const runs = await Promise.all(numbers(0, 11).map(async (i) => new RunLine(client, tenants[i % 3]).accept()));
    const { runs: store } = new RunLine(client);
    await store.askCancel(runs[4]!, { reason: 'enough' });
    expect(await store.stillRunning(runs)).toEqual(runs.map((_, i) => (i === 4 ? { reason: 'enough' } : null)));
  });
});
