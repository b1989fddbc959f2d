import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { ServerProcess } from '../support/server-process.js';
import { redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

interface LogLine {
  readonly msg: string;
  readonly requestId?: string;
  readonly tenantId?: string;
  readonly url?: string;
}

describe('operations', () => {
  let nooble: TestApp;
  let acme: ApiClient;

  beforeAll(async () => {
    nooble = await startTestApp();
    acme = nooble.client('acme');
  });
  afterAll(async () => {
    await nooble.close();
  });

  it('health asks every dependency', async () => {
    expect(await acme.get('/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await acme.get('/health/ready')).toMatchObject({ status: 200, body: { details: { process: { status: 'up' }, redis: { status: 'up' }, postgresql: { status: 'up' } } } });
  });

  it('the status asks them, too, and says which one is gone', async () => {
    expect(await acme.get('/internal/status')).toMatchObject({ status: 200, body: { status: 'operational', dependencies: { redis: 'connected', postgresql: 'connected' } } });
    const proxy = await TcpProxy.inFrontOf(Number(new URL(nooble.database.url).port));
    const other = await startTestApp({ NOOBLE_ROLE: 'api' }, { databasePort: proxy.port, beside: nooble });
    proxy.refuse();
    await waitFor('the loss', async () => {
      const { status, body } = await other.client('acme').get<{ status: string; dependencies: object }>('/internal/status');
      return status === 200 && body.status === 'degraded' && JSON.stringify(body.dependencies) === '{"redis":"connected","postgresql":"disconnected"}';
    });
    proxy.pass();
    await other.close();
    await proxy.close();
  });

  it('metrics count jobs and moved messages', async () => {
    const agentId = await createAgent(acme);
    const { body } = await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hi', sessionId: 'm' });
    await acme.events(body.executionId);
    await acme.post('/api/v1/sessions/m/close');
    const text = await waitFor('the move', async () => {
      const metrics = await (await fetch(`${nooble.url}/metrics`)).text();
      return /nooble_migration_messages_total 2\n/.test(metrics) && metrics;
    });
    expect(text).toMatch(/nooble_jobs_total\{type="execution.agent_run",outcome="completed"\} 1\n/);
    expect(text).toContain('process_cpu_seconds_total');
  });

  it('the compiled server describes its API, and logs requests as JSON with request id and tenant, but no secret', async () => {
    const server = await ServerProcess.start({ DATABASE_URL: nooble.database.url, REDIS_URL: redisUrl, NOOBLE_ROLE: 'api' });
    const client = await server.client('acme');
    const { body } = await client.get<{ paths: Record<string, unknown>; components: { schemas: Record<string, { required?: string[]; properties: Record<string, object> }> } }>('/docs-json');
    expect(Object.keys(body.paths)).toEqual(expect.arrayContaining(['/api/v1/agents', '/api/v1/agents/{agentId}/executions', '/api/v1/executions/{executionId}/events', '/api/v1/crm/conversations/{conversationId}']));
    expect(body.components.schemas['StartExecutionDto']?.properties['message']).toMatchObject({ type: 'string', minLength: 1, maxLength: 32_000 });
    const { schemas } = body.components;
    expect(schemas['MemoDirectiveDto']?.properties).toMatchObject(Object.fromEntries(['noCache', 'noStore'].map((name) => [name, { type: 'boolean', description: expect.any(String) }])));
    expect(schemas['MemoDirectiveDto']?.properties).toMatchObject(Object.fromEntries(['ttlSeconds', 'maxAgeSeconds'].map((name) => [name, { minimum: 1, maximum: 86_400, description: expect.any(String) }])));
    // What has a default may be left out.
    expect(['CreateAgentDto', 'AgentMemoDto', 'MemoAnswersDto', 'MemoToolDto'].map((name) => schemas[name]?.required)).toEqual([['name'], undefined, undefined, ['name', 'ttlSeconds']]);
    for (const name of ['StartExecutionDto', 'SendChatDto', 'SubmitCommandDto']) expect(schemas[name]?.properties['memo']).toMatchObject({ description: expect.stringContaining('docs/agents.md') });
    expect(body.paths['/internal/save-message']).toMatchObject({ post: { deprecated: true } });
    expect(body.components).toMatchObject({ securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } });
    expect(JSON.stringify(body)).not.toContain('JWT');
    expect((await fetch(`${client.url}/docs`)).status).toBe(200);
    await fetch(`${client.url}/api/v1/agents?ticket=s3cret`, { headers: { authorization: 'Bearer nk_s3cret', 'x-request-id': 'req-1' } });
    const line = await waitFor('the log line', () => server.output.split('\n').map(parsed).find((entry) => entry?.requestId === 'req-1'));
    expect(line).toMatchObject({ msg: 'request', url: '/api/v1/agents?ticket=[secret]' });
    expect(server.output.split('\n').map(parsed).some((entry) => entry?.tenantId === 'acme' && entry.url === '/docs-json')).toBe(false);
    await client.get('/api/v1/agents');
    await waitFor('a line with the tenant', () => server.output.split('\n').map(parsed).find((entry) => entry?.tenantId === 'acme'));
    expect(server.output).not.toContain('s3cret');
    expect(server.output.split('\n').filter((text) => text.split('"requestId"').length > 2)).toEqual([]);
    expect(await server.end('SIGTERM')).toBe(0);
  });
});

function parsed(text: string): LogLine | undefined {
  return text.startsWith('{') ? (JSON.parse(text) as LogLine) : undefined;
}
