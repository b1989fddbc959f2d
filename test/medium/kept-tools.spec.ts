import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AsyncMemoCache, MemoryBackend } from '../../src/shared/memo/index.js';
import { keptTool } from '../../src/modules/execution/memo/kept-tool.js';
import { McpConnection } from '../../src/modules/execution/tools/mcp-connection.js';
import { Toolbox } from '../../src/modules/execution/tools/toolbox.js';
import { TestMcpServer } from '../support/mcp-server.js';
import { waitFor } from '../support/wait-for.js';

describe('a tool of an MCP server whose results are kept', () => {
  let server: TestMcpServer;

  beforeAll(async () => {
    server = await TestMcpServer.start();
  });
  afterAll(async () => {
    await server.close();
  });

  it('answers those who share its call when the run that has made it is cancelled and has ended its session', async () => {
    const results = new AsyncMemoCache(new MemoryBackend()).streams<unknown>({ isCacheable: () => true });
    const origins: string[] = [];
    const run = (): { readonly toolbox: Toolbox; readonly stop: AbortController; readonly result: Promise<unknown> } => {
      const connection = new McpConnection({ name: 'docs', url: server.url, headers: {} }, fetch);
      const tool = { name: 'docs_wait', description: '', inputSchema: {}, execute: (input: unknown, signal: AbortSignal) => connection.call('wait', input, signal) };
      const kept = keptTool(tool, results, { agentId: 'a', agentVersion: 1, ttl: 60, metadata: {}, answered: (origin) => origins.push(origin) });
      const stop = new AbortController();
      return { toolbox: new Toolbox([kept], [], [connection]), stop, result: kept.execute({ ms: 300 }, stop.signal) };
    };
    const [first, second] = [run(), run()];
    await waitFor('the call', () => server.timesCalled('tools/call') === 1);
    first.stop.abort(new Error('cancelled'));
    await expect(first.result).rejects.toThrow('cancelled');
    await first.toolbox[Symbol.asyncDispose]();
    expect(await second.result).toBe('waited 300');
    await second.toolbox[Symbol.asyncDispose]();
    await waitFor('the end of the session', () => server.openSessions === 0);
    expect([origins, server.timesCalled('tools/call')]).toEqual([['shared'], 1]);
  });
});
