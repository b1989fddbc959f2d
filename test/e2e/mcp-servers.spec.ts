import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { AGENTS, faults, refusal, type SeenAgent } from '../support/edited-agent.js';
import { TestMcpServer } from '../support/mcp-server.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { runAgent, runNewAgent } from '../support/turns.js';
import { waitFor } from '../support/wait-for.js';

const SECRET = 'Bearer s3cret-of-acme';
const MASKED = { Authorization: '********' };
const SETTINGS = { OUTBOUND_ALLOWED_PRIVATE: '127.0.0.1', NOOBLE_SECRETS_KEY: 'k'.repeat(32), EXECUTION_TOOL_TIMEOUT_SECONDS: '2' };

describe('tools of MCP servers', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  let server: TestMcpServer;
  const serverNamed = (name = 'shop', more: Record<string, unknown> = {}): Record<string, unknown> => ({ name, url: server.url, headers: { Authorization: SECRET }, ...more });

  beforeAll(async () => {
    nooble = await startTestApp(SETTINGS);
    acme = nooble.client('acme');
  });
  afterAll(async () => {
    await nooble.close();
  });
  beforeEach(async () => {
    server = await TestMcpServer.start();
  });
  afterEach(async () => {
    await server.close();
  });

  describe('in a run', () => {
    it('are called with the server’s headers, and the session ends with the run', async () => {
      const turn = await runNewAgent(acme, '@tool shop_echo {"text":"hi"}\n@tool shop_add {"a":1,"b":2}\n@tool shop_find_order {}', { mcpServers: [serverNamed()] });
      expect(turn.of('tool.completed')).toEqual(expect.arrayContaining([
        expect.objectContaining({ name: 'shop_echo', output: 'hi' }),
        expect.objectContaining({ name: 'shop_add', output: { sum: 3 } }),
        expect.objectContaining({ name: 'shop_find_order', output: 'order 7' }),
      ]));
      expect(turn.execution).toMatchObject({ status: 'completed', error: null });
      expect([...server.authorizations]).toEqual([SECRET]);
      await waitFor('the end of every session', () => server.openSessions === 0);
    });

    it('are listed once for many runs, until the agent is edited', async () => {
      const agentId = await createAgent(acme, '', { mcpServers: [serverNamed()] });
      for (let i = 0; i < 3; i++) expect((await runAgent(acme, agentId)).execution.status).toBe('completed');
      expect([server.timesCalled('tools/list'), server.timesCalled('initialize')]).toEqual([1, 1]);
      await acme.patch(`${AGENTS}/${agentId}`, { description: 'edited' });
      await runAgent(acme, agentId);
      expect(server.timesCalled('tools/list')).toBe(2);
    });

    it('are only those that the agent names', async () => {
      const turn = await runNewAgent(acme, '@tool shop_add {"a":1,"b":2}\n@tool shop_echo {"text":"hi"}', { mcpServers: [serverNamed('shop', { tools: ['add'] })] });
      expect(turn.of('tool.completed')).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'shop_add', output: { sum: 3 } }), expect.objectContaining({ name: 'shop_echo', error: expect.stringContaining('shop_echo') })]));
      expect(server.timesCalled('tools/call')).toBe(1);
    });

    it.each([
      ['that refuses', 'shop_refuse {}', 'MCP_TOOL_FAILED: refuse: closed on Sundays'],
      ['that does not like its input', 'shop_echo {"text":7}', expect.stringMatching(/MCP_(TOOL|SERVER)_FAILED.*text/s)],
      ['that never answers', 'shop_hang {}', expect.stringContaining('TOOL_TIMED_OUT')],
    ])('%s fail the call, and the run goes on', async (_, call, error) => {
      const turn = await runNewAgent(acme, `@tool ${call}`, { mcpServers: [serverNamed()] });
      expect(turn.of('tool.completed')).toEqual([expect.objectContaining({ error })]);
      expect(turn.execution.status).toBe('completed');
    });

    it('are given up at once when the run’s time is over', async () => {
      const turn = await runNewAgent(acme, '@tool shop_hang {}', { mcpServers: [serverNamed()] }, { timeoutMs: 500 });
      expect(turn.execution).toMatchObject({ status: 'timedOut', error: { code: 'EXECUTION_TIMED_OUT' } });
    });

    it('do without a server that is away, and say so', async () => {
      const away = await TestMcpServer.start();
      const url = away.url;
      await away.close();
      const turn = await runNewAgent(acme, '@tool shop_echo {"text":"hi"}', { mcpServers: [{ name: 'gone', url }, serverNamed()] });
      expect(turn.of('progress')).toEqual([{ stage: 'tools', server: 'gone', error: expect.stringMatching(/^MCP_SERVER_FAILED: gone.*127\.0\.0\.1/) }]);
      expect(turn.of('tool.completed')).toEqual([expect.objectContaining({ name: 'shop_echo', output: 'hi' })]);
      expect(turn.execution.status).toBe('completed');
    });

    it('do without a server that has not answered when the run’s time is over', async () => {
      server.isSilent = true;
      const turn = await runNewAgent(acme, '', { mcpServers: [serverNamed()] }, { timeoutMs: 300 });
      expect(turn.execution).toMatchObject({ status: 'timedOut', error: { code: 'EXECUTION_TIMED_OUT' } });
    });

    it('do not reach a private address, whoever has put it into the agent', async () => {
      const agentId = await createAgent(acme, '', { mcpServers: [{ name: 'shop', url: server.url }] });
      await nooble.database.query(`UPDATE agents SET mcp_servers = '[{"name":"inside","url":"http://127.0.0.2:1/mcp","headers":{},"tools":null}]' WHERE agent_id = $1`, [agentId]);
      const turn = await runAgent(acme, agentId);
      expect(turn.of('progress')).toEqual([{ stage: 'tools', server: 'inside', error: expect.stringContaining('127.0.0.2 is not at a public address') }]);
    });

    it('fail the call when the server goes after they were listed', async () => {
      const agentId = await createAgent(acme, '', { mcpServers: [serverNamed()] });
      await runAgent(acme, agentId);
      server.status = 500;
      const turn = await runAgent(acme, agentId, { message: '@tool shop_echo {"text":"hi"}' });
      expect(turn.of('progress')).toEqual([]);
      expect(turn.of('tool.completed')).toEqual([expect.objectContaining({ error: expect.stringContaining('MCP_SERVER_FAILED: shop') })]);
      expect(turn.execution.status).toBe('completed');
    });

    it('count among the tier’s tools, after ours', async () => {
      const turn = await runNewAgent(nooble.client('frugal', 'free'), '@tool datetime {}\n@tool shop_add {"a":1,"b":2}\n@tool shop_echo {"text":"hi"}', { tools: ['datetime'], mcpServers: [serverNamed('shop', { tools: ['add', 'echo'] })] });
      expect(turn.of('progress')).toEqual([{ stage: 'tools', leftOut: [expect.stringMatching(/^shop_/)], reason: expect.stringContaining('2 tools') }]);
      expect(turn.of('tool.completed').filter(({ error }) => error === undefined)).toHaveLength(2);
    });

    it('never show the secret, though the server sends it back', async () => {
      const agentId = await createAgent(acme, '@tool shop_who {}', { mcpServers: [serverNamed()] });
      const turn = await runAgent(acme, agentId);
      expect(turn.of('tool.completed')).toEqual([expect.objectContaining({ output: expect.stringContaining('[secret]') })]);
      server.status = 401;
      await acme.post(`${AGENTS}/${agentId}/invalidate`);
      const refused = await runAgent(acme, agentId);
      expect(refused.of('progress')).toEqual([{ stage: 'tools', server: 'shop', error: expect.stringContaining('[secret]') }]);
      expect(JSON.stringify([turn, refused])).not.toContain('s3cret');
    });
  });

  describe('and their secrets', () => {
    it('are shown nowhere, and kept sealed in PostgreSQL and Redis', async () => {
      const agentId = await createAgent(acme, '', { mcpServers: [serverNamed()] });
      await runAgent(acme, agentId);
      const path = `${AGENTS}/${agentId}`;
      const shown = [await acme.get(path), await acme.get(`${path}/versions`), await acme.get(AGENTS), await acme.patch(path, { description: 'x' }), await acme.post(`${path}/versions/1/activate`)];
      expect(shown.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect(shown[0]!.body).toMatchObject({ mcpServers: [{ name: 'shop', url: server.url, headers: MASKED, tools: null }] });
      expect(shown[1]!.body).toMatchObject({ data: [{ mcpServers: [{ headers: MASKED }] }] });
      const rows = await nooble.database.query('SELECT a.*, v.* FROM agents a JOIN agent_versions v USING (tenant_id, agent_id)');
      const cached = await Promise.all((await nooble.redis.keys('*')).map((key) => nooble.redis.dump(key).then(String)));
      expect(JSON.stringify([shown, rows, cached])).not.toContain('s3cret');
      for (const kept of [rows, cached]) expect(JSON.stringify(kept)).toContain('sealed1.');
    });

    it('stay when the answer is sent back, and do not follow the mask to another URL', async () => {
      const agentId = await createAgent(acme, '@tool shop_echo {"text":"hi"}', { mcpServers: [serverNamed()] });
      const path = `${AGENTS}/${agentId}`;
      const { mcpServers } = (await acme.get<SeenAgent>(path)).body as { mcpServers?: unknown };
      expect((await acme.patch(path, { mcpServers })).status).toBe(200);
      expect((await runAgent(acme, agentId)).of('tool.completed')).toEqual([expect.objectContaining({ output: 'hi' })]);
      expect([...server.authorizations]).toEqual([SECRET]);
      expect(await refusal(acme, 'PATCH', path, { mcpServers: [{ name: 'shop', url: `${server.url}?evil`, headers: MASKED }] })).toEqual([400, 'HEADER_SECRET_UNKNOWN']);
    });

    it('are no other tenant’s', async () => {
      const agentId = await createAgent(acme, '', { mcpServers: [serverNamed()] });
      const evil = nooble.client('evil');
      expect(await refusal(evil, 'POST', `${AGENTS}/${agentId}/executions`, { message: 'hi' })).toEqual([404, 'AGENT_NOT_FOUND']);
      expect(await refusal(evil, 'GET', `${AGENTS}/${agentId}`)).toEqual([404, 'AGENT_NOT_FOUND']);
      // What is sealed for one tenant is of no use in another's row.
      const theirs = await createAgent(evil, '', { mcpServers: [{ name: 'shop', url: server.url }] });
      await nooble.database.query('UPDATE agents SET mcp_servers = (SELECT mcp_servers FROM agents WHERE agent_id = $1) WHERE agent_id = $2', [agentId, theirs]);
      const turn = await runAgent(evil, theirs);
      expect(turn.of('progress')).toEqual([{ stage: 'tools', server: 'shop', error: expect.stringContaining('sealed with another NOOBLE_SECRETS_KEY') }]);
      expect(server.methods).toEqual([]);
    });
  });

  describe('that are refused', () => {
    it.each([
      ['no URL', { url: 'mcp.example' }, 'mcpServers.0.url'],
      ['another protocol', { url: 'file:///etc/passwd' }, 'mcpServers.0.url'],
      ['a password in the URL', { url: 'https://a:b@mcp.example/' }, 'mcpServers.0.url'],
      ['no name', { name: '' }, 'mcpServers.0.name'],
      ['a name with a blank', { name: 'my shop' }, 'mcpServers.0.name'],
      ['headers that are a text', { headers: 'x' }, 'mcpServers.0.headers'],
      ['a header with a line break', { headers: { 'X-A': 'a\r\nX-B: b' } }, 'mcpServers.0.headers'],
      ['a header of the transport', { headers: { 'Mcp-Session-Id': 'x' } }, 'mcpServers.0.headers'],
      ['a host header', { headers: { Host: 'internal' } }, 'mcpServers.0.headers'],
      ['a command', { command: 'sh' }, 'mcpServers.0.command'],
      ['tools that are no texts', { tools: [1] }, 'mcpServers.0.tools'],
    ])('for %s name the field', async (_, change, field) => {
      const body = { name: 'A', mcpServers: [{ name: 'shop', url: 'https://mcp.example/', ...change }] };
      expect(await faults(acme, 'POST', AGENTS, body)).toEqual([400, 'VALIDATION_FAILED', [field]]);
    });

    it('are more than five, or two of one name', async () => {
      const six = Array.from({ length: 6 }, (_, index) => ({ name: `s${String(index)}`, url: server.url }));
      expect(await faults(acme, 'POST', AGENTS, { name: 'A', mcpServers: six })).toEqual([400, 'VALIDATION_FAILED', ['mcpServers']]);
      expect(await refusal(acme, 'POST', AGENTS, { name: 'A', mcpServers: [serverNamed('a'), serverNamed('A')] })).toEqual([400, 'MCP_SERVER_TWICE']);
    });

    it.each(['http://127.0.0.2/', 'http://10.0.0.1/', 'http://169.254.169.254/latest/', 'http://[::1]/'])('lead to a private address: %s', async (url) => {
      expect(await acme.post(AGENTS, { name: 'A', mcpServers: [{ name: 'shop', url }] })).toMatchObject({ status: 403, body: { code: 'OUTBOUND_BLOCKED', details: { field: 'mcpServers' } } });
    });
  });
});

describe('an installation without NOOBLE_SECRETS_KEY', () => {
  let nooble: TestApp;
  beforeAll(async () => {
    nooble = await startTestApp();
  });
  afterAll(async () => {
    await nooble.close();
  });

  it('takes MCP servers without headers, and refuses headers', async () => {
    const acme = nooble.client('acme');
    const server = { name: 'shop', url: 'https://mcp.example/' };
    expect((await acme.post(AGENTS, { name: 'A', mcpServers: [server] })).status).toBe(201);
    expect(await acme.post(AGENTS, { name: 'A', mcpServers: [{ ...server, headers: { Authorization: SECRET } }] })).toMatchObject({ status: 400, body: { code: 'SECRETS_KEY_MISSING', message: expect.stringContaining('NOOBLE_SECRETS_KEY'), details: { field: 'mcpServers' } } });
  });
});
