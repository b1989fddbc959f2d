import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { RunStore } from '../../src/modules/execution/runs/run.store.js';
import { SilentRuns } from '../../src/modules/execution/runs/silent-runs.service.js';
import { keys } from '../../src/shared/redis/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { EmbeddingServer, answering, failing } from '../support/embedding-server.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

interface Standing {
  readonly used: number;
  readonly reserved: number;
  readonly left: number | null;
}

let server: EmbeddingServer;
let nooble: TestApp;
beforeAll(async () => {
  server = await EmbeddingServer.start();
  nooble = await startTestApp({ OPENAI_BASE_URL: server.url, NOOBLE_EMBEDDING_MODEL: 'tiny', MODEL_PRICES: 'tiny=2/0' });
});
beforeEach(() => {
  server.takeInputs();
});
afterAll(async () => {
  await nooble.close();
  await server.close();
});

/** A tenant of its own. */
async function limited(limits: object): Promise<ApiClient & { readonly tenantId: string }> {
  const tenantId = newId();
  const client = nooble.client(tenantId, 'enterprise');
  await client.post('/api/v1/admin/tenants', { tenantId, name: 'Limited', tier: 'enterprise' });
  await client.call('PUT', `/api/v1/admin/tenants/${tenantId}/limits`, limits);
  return Object.assign(client, { tenantId });
}
const embed = async (client: ApiClient, ...texts: string[]): Promise<{ status: number; headers: Headers; body: ErrorAnswer & { readonly cachedTexts?: number } }> => client.post('/api/v1/embeddings', { texts });
const standing = async (client: ApiClient, name = 'tokensPerDay'): Promise<Standing> => (await client.get<{ standings: Record<string, Standing> }>('/api/v1/usage')).body.standings[name]!;
const written = async (tenantId: string): Promise<unknown> => nooble.database.query('SELECT tokens::int, cost_micros::int FROM embedding_usage WHERE tenant_id = $1', [tenantId]);

describe('embeddings', () => {
  it('count what their provider says, in Redis and in PostgreSQL; what was kept counts nothing', async () => {
    const client = await limited({ tokensPerDay: 1_000 });
    for (let again = 0; again < 2; again++) expect((await embed(client, 'one', 'three')).status).toBe(200);
    expect(await standing(client)).toMatchObject({ used: 8, reserved: 0, left: 992 });
    expect(await standing(client, 'costMicrosPerMonth')).toMatchObject({ used: 16, reserved: 0 });
    await waitFor('the row', async () => JSON.stringify(await written(client.tenantId)) === '[{"tokens":8,"cost_micros":16}]');
    await nooble.redis.del(keys.usage(client.tenantId), keys.reservations(client.tenantId));
    expect(await standing(client)).toMatchObject({ used: 8, left: 992 });
    await nooble.redis.del(keys.usage(client.tenantId));
    expect((await embed(client, 'four')).status).toBe(200);
    expect(await standing(client)).toMatchObject({ used: 12, reserved: 0 });
  });

  it('are refused as turns are when their budget has too little left, and nobody is asked; what is kept is given all the same', async () => {
    const client = await limited({ tokensPerDay: 20 });
    expect((await embed(client, 'x'.repeat(16))).status).toBe(200);
    server.takeInputs();
    const { status, headers, body } = await embed(client, 'y');
    expect([status, Number(headers.get('retry-after'))]).toEqual([429, Math.ceil(Number(body.details?.['retryAfterMs']) / 1_000)]);
    expect(body).toMatchObject({ code: 'BUDGET_EXHAUSTED', details: { limit: 'tokensPerDay', used: 16, reserved: 0, left: 4, needed: 5 } });
    expect(body.message).toMatch(/has 4 left, and these texts may use 5: it is renewed at .*\. Fewer or shorter texts need less; for a larger budget ask an administrator\.$/);
    const action = { actionType: 'embedding.generate', data: { texts: ['y'] } };
    expect(await client.post('/api/v1/actions?wait=true', action)).toMatchObject({ status: 429, body: { code: 'BUDGET_EXHAUSTED' } });
    expect(await client.post(`/api/v1/agents/${await createAgent(client)}/executions`, { message: 'hello' })).toMatchObject({ status: 429, body: { details: { used: 16 } } });
    expect(await embed(client, 'x'.repeat(16))).toMatchObject({ status: 200, body: { cachedTexts: 1 } });
    expect(server.takeInputs()).toEqual([]);
  });

  it('never use more than there is, however many there are at once', async () => {
    const client = await limited({ costMicrosPerDay: 100 });
    const answers = await Promise.all(Array.from({ length: 40 }, async (_, i) => embed(client, `text ${String(i).padStart(2, '0')}`)));
    const accepted = answers.filter(({ status }) => status === 200).length;
    expect([accepted > 0, answers.filter(({ body }) => body.code === 'BUDGET_EXHAUSTED').length]).toEqual([true, 40 - accepted]);
    const { used, reserved } = await standing(client, 'costMicrosPerDay');
    expect([used, reserved]).toEqual([accepted * 14, 0]);
    expect(used).toBeLessThanOrEqual(100);
  });

  it('give back what they have reserved when their provider fails, and what was lost with their process when the sweep looks', async () => {
    const client = await limited({ tokensPerDay: 100 });
    server.reactions.push(failing(500, 'broken'), failing(500, 'broken'), failing(500, 'broken'));
    expect((await embed(client, 'unlucky')).status).toBe(503);
    expect(await standing(client)).toMatchObject({ used: 0, reserved: 0, left: 100 });
    const runs = nooble.app.get(RunStore, { strict: false });
    expect(await runs.reserve(client.tenantId, newId(), { limits: { tokensPerDay: 100 }, tokens: 90, costMicros: 0 }, -1)).toEqual({ outcome: 'reserved' });
    expect((await embed(client, 'no room for this')).body).toMatchObject({ code: 'BUDGET_EXHAUSTED', details: { reserved: 90, retryAfterMs: 1_000 } });
    await nooble.app.get(SilentRuns, { strict: false }).lookAfter(new AbortController().signal);
    expect(await standing(client)).toMatchObject({ used: 0, reserved: 0, left: 100 });
  });

  it('of a provider that does not say how many tokens they had count the most that they can have had', async () => {
    const client = await limited({ tokensPerDay: 100 });
    server.reactions.push(answering(undefined, false));
    expect((await embed(client, 'aé')).status).toBe(200);
    expect(await standing(client)).toMatchObject({ used: 7, reserved: 0 });
  });

  it('of a tenant without budgets are counted, too', async () => {
    const client = nooble.client(newId(), 'enterprise');
    await standing(client);
    expect((await embed(client, 'seven c')).status).toBe(200);
    await waitFor('the count', async () => (await standing(client)).used === 7);
  });
});
