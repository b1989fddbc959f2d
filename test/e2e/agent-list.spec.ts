import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { AGENTS, type SeenAgents, faults } from '../support/edited-agent.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

const NAMES = ['A', 'B', 'C', 'D', 'E'];

describe('the list of agents', () => {
  let nooble: TestApp;
  let acme: ApiClient;

  const list = async (query: string): Promise<SeenAgents> => (await acme.get<SeenAgents>(`${AGENTS}?${query}`)).body;

  // A and D are sales, C is off, E is a workflow; a sixth one is deleted.
  beforeAll(async () => {
    nooble = await startTestApp();
    acme = nooble.client('acme');
    const made = new Map<string, string>();
    const overrides: Record<string, object> = { A: { tags: ['sales', 'x'] }, D: { tags: ['sales'] }, E: { type: 'workflow' } };
    for (const name of NAMES) made.set(name, await createAgent(acme, '', { name, ...overrides[name] }));
    await acme.patch(`${AGENTS}/${String(made.get('C'))}`, { isActive: false });
    await acme.delete(`${AGENTS}/${await createAgent(acme, '', { name: 'F', tags: ['sales'], type: 'workflow' })}`);
    await createAgent(nooble.client('other'), '', { tags: ['sales'] });
  });
  afterAll(async () => {
    await nooble.close();
  });

  it.each([
    ['', 'EDCBA'],
    ['tag=sales', 'DA'],
    ['tag=x', 'A'],
    ['tag=sale', ''],
    ['tag=', ''],
    ['tag=%25', ''],
    ['type=workflow', 'E'],
    ['type=conversational', 'DCBA'],
    ['type=rag', ''],
    ['isActive=true', 'EDBA'],
    ['isActive=false', 'C'],
    ['isActive=true&tag=sales&type=conversational', 'DA'],
    ['isActive=false&tag=sales', ''],
  ])('with ?%s is "%s", and counts just these', async (query, names) => {
    const { data, total, nextCursor } = await list(query);
    expect([data.map(({ name }) => name).join(''), total, nextCursor]).toEqual([names, names.length, null]);
  });

  it('comes in pages of what the filter lets through', async () => {
    const first = await list('type=conversational&isActive=true&limit=2');
    const second = await list(`type=conversational&isActive=true&limit=2&cursor=${String(first.nextCursor)}`);
    expect([first, second].map(({ data, total }) => [data.map(({ name }) => name), total])).toEqual([[['D', 'B'], 3], [['A'], 3]]);
    expect(second.nextCursor).toBeNull();
  });

  it.each([
    ['type=oracle', 'type'],
    ['isActive=1', 'isActive'],
    ['isActive=TRUE', 'isActive'],
    ['isActive=', 'isActive'],
    ['isActive=true&isActive=false', 'isActive'],
    [`tag=${'x'.repeat(65)}`, 'tag'],
    ['tag=a&tag=b', 'tag'],
    ['tags=a', 'tags'],
    ['limit=0', 'limit'],
    ['cursor=x', 'cursor'],
  ])('with ?%s is refused by name', async (query, field) => {
    expect(await faults(acme, 'GET', `${AGENTS}?${query}`)).toEqual([400, 'VALIDATION_FAILED', [field]]);
  });
});
