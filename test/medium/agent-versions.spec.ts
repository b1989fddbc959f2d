import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import type { Agent, AgentRef } from '../../src/modules/agents/agent.js';
import { definitionOf } from '../../src/modules/agents/agent-definition.js';
import { AgentVersions } from '../../src/modules/agents/agent-versions.service.js';
import { AgentsService } from '../../src/modules/agents/index.js';
import { DatabaseSettings } from '../../src/shared/config/index.js';
import { Transactions, migrateSchema } from '../../src/shared/database/index.js';
import { EditedAgent } from '../support/edited-agent.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const ROWS = 'SELECT version, definition, created_at FROM agent_versions WHERE agent_id = $1 ORDER BY version';
const OURS = 'agent-versions20261121010000';

describe('versions of agents in PostgreSQL', () => {
  let nooble: TestApp;
  let ref: AgentRef;
  let agents: AgentsService;
  let versions: AgentVersions;
  let transactions: Transactions;
  let edited: EditedAgent;

  beforeAll(async () => {
    nooble = await startTestApp({ NOOBLE_ROLE: 'api' });
    agents = nooble.app.get(AgentsService, { strict: false });
    versions = nooble.app.get(AgentVersions, { strict: false });
    transactions = nooble.app.get(Transactions, { strict: false });
  });
  afterAll(async () => {
    await nooble.close();
  });
  beforeEach(async () => {
    const tenantId = newId();
    edited = await EditedAgent.create(nooble.client(tenantId));
    ref = { tenantId, agentId: edited.agentId };
  });

  it('are given out as plain data, as agents are', async () => {
    const shown = [await agents.get(ref.tenantId, ref.agentId), ...(await agents.list(ref.tenantId, { limit: 1 })).data, ...(await versions.list(ref, 1, undefined)).data];
    expect(shown).toHaveLength(3);
    for (const one of shown) {
      expect(Object.getPrototypeOf(one)).toBe(Object.prototype);
      expect(one).not.toHaveProperty('deletedAt');
    }
  });

  it('are written one after the other: an edit waits for the one that has begun, and builds on it', async () => {
    let goOn = (): void => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const seen: number[] = [];
    const edit = (change: object, until: Promise<void>): Promise<Agent> =>
      transactions.run(ref.tenantId, (tx) =>
        versions.writeNext(ref, {
          define: async (agent) => {
            seen.push(agent.version);
            await until;
            return { ...definitionOf(agent), ...change };
          },
        }, tx),
      );
    const first = edit({ name: 'first' }, gate);
    await waitFor('the first edit to hold the agent', () => seen.length === 1);
    const second = edit({ systemPrompt: 'second' }, Promise.resolve());
    try {
      await waitFor('the second one to wait for it', async () => (await nooble.database.query("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")).length === 1);
    } finally {
      goOn();
    }
    expect([(await first).version, (await second).version, seen]).toEqual([2, 3, [1, 2]]);
    expect(await agents.get(ref.tenantId, ref.agentId)).toMatchObject({ version: 3, name: 'first', systemPrompt: 'second' });
  });

  it('are not written when the agent is not, and the other way round', async () => {
    await nooble.database.query("INSERT INTO agent_versions SELECT tenant_id, agent_id, 2, definition, created_at FROM agent_versions WHERE agent_id = $1", [ref.agentId]);
    await expect(agents.update({ tenantId: ref.tenantId, tier: 'enterprise' }, ref.agentId, { name: 'Scout' })).rejects.toThrow(/agent_versions_pk/);
    expect(await agents.get(ref.tenantId, ref.agentId)).toMatchObject({ version: 1, name: 'Guide' });
  });

  it('are made by the schema migration for the agents that there are, as the application makes them', async () => {
    const before = await nooble.database.query<{ definition: object }>(ROWS, [ref.agentId]);
    expect(before).toMatchObject([{ version: 1, definition: definitionOf(await agents.get(ref.tenantId, ref.agentId)) }]);
    const deleted = await EditedAgent.create(nooble.client(newId()));
    await deleted.client.delete(deleted.path);
    const settings = Object.assign(new DatabaseSettings(), { url: nooble.database.url });
    for (let undone = ''; undone !== OURS; ) undone = (await migrateSchema(settings, 'down'))[0] ?? OURS;
    expect(await nooble.database.query('SELECT 1 FROM agents WHERE agent_id = ANY($1)', [[ref.agentId, deleted.agentId]])).toHaveLength(1);
    await migrateSchema(settings);
    const after = await nooble.database.query<{ created_at: Date }>(ROWS, [ref.agentId]);
    // What later schema migrations have added is at its default then.
    expect(after).toEqual(before.map((row) => ({ ...row, definition: { ...row.definition, onConflict: 'enqueue', memo: null }, created_at: after[0]!.created_at })));
  });
});
