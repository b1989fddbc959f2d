import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { keys } from '../../src/shared/redis/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

describe('one turn', () => {
  let nooble: TestApp;
  let acme: ApiClient;

  beforeAll(async () => {
    nooble = await startTestApp();
    acme = nooble.client('acme');
  });
  afterAll(async () => {
    await nooble.close();
  });

  it('is accepted at once, then runs to its end, and can be asked for', async () => {
    const agentId = await createAgent(acme);
    const accepted = await acme.post<{ executionId: string; conversationId: string; status: string; eventsUrl: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello' });
    expect(accepted).toMatchObject({ status: 202, body: { status: 'queued', eventsUrl: `/api/v1/executions/${accepted.body.executionId}/events` } });
    const events = await acme.events(accepted.body.executionId);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect(events.at(-1)?.type).toBe('execution.completed');
    const { body } = await acme.get(`/api/v1/executions/${accepted.body.executionId}`);
    expect(body).toMatchObject({ status: 'completed', attempt: 1, result: { seq: 2, content: 'Turn 1. You said: "hello". I have 1 messages (1 tokens) in my window.' } });
  });

  it('is shown alike when PostgreSQL alone has it', async () => {
    const { body } = await acme.post<{ executionId: string }>(`/api/v1/agents/${await createAgent(acme)}/executions`, { message: 'hello' });
    await acme.events(body.executionId);
    const path = `/api/v1/executions/${body.executionId}`;
    const live = await acme.get(path);
    await waitFor('the record', async () => (await nooble.database.query('SELECT 1 FROM executions WHERE execution_id = $1', [body.executionId])).length === 1);
    await nooble.redis.del(keys.execution('acme', body.executionId));
    expect((await acme.get(path)).body).toEqual(live.body);
  });
});
