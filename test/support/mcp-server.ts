import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json as readJson } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';

const text = (said: string): { content: [{ type: 'text'; text: string }] } => ({ content: [{ type: 'text', text: said }] });

/** A real MCP server over streamable HTTP, with sessions, and tools that do well, ill, or nothing at all. */
export class TestMcpServer {
  /** Methods that were called, in order. */
  readonly methods: string[] = [];
  /** The header `authorization` of every request. */
  readonly authorizations = new Set<string | undefined>();
  /** Answers every request with this status while it is set. */
  status: number | undefined;
  /** Answers nothing while it is set. */
  isSilent = false;
  private readonly sessions = new Map<string, StreamableHTTPServerTransport>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      this.serve(request, response).catch(() => response.destroy());
    });
  }

  /** @param port of a server that was there before; 0 for any */
  static async start(port = 0): Promise<TestMcpServer> {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new TestMcpServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}/mcp`;
  }

  /** Sessions that nobody has ended. */
  get openSessions(): number {
    return this.sessions.size;
  }

  timesCalled(method: string): number {
    return this.methods.filter((called) => called === method).length;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await this.read(request);
    if (this.isSilent) return;
    if (this.status !== undefined) {
      response.writeHead(this.status).end(`no: ${request.headers.authorization ?? ''}`);
      return;
    }
    const known = this.sessions.get(String(request.headers['mcp-session-id']));
    if (!known && body?.method !== 'initialize') {
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32_000, message: 'no session' } }));
      return;
    }
    const transport = known ?? (await this.openSession());
    await transport.handleRequest(request, response, body);
  }

  private async read(request: IncomingMessage): Promise<{ method?: string } | undefined> {
    this.authorizations.add(request.headers.authorization);
    if (request.method !== 'POST') return undefined;
    const body = (await readJson(request)) as { method?: string };
    if (body.method !== undefined) this.methods.push(body.method);
    return body;
  }

  private async openSession(): Promise<StreamableHTTPServerTransport> {
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void this.sessions.set(id, transport),
      onsessionclosed: (id) => void this.sessions.delete(id),
    });
    await toolServer().connect(transport);
    return transport;
  }
}

function toolServer(): McpServer {
  const server = new McpServer({ name: 'test', version: '1.0.0' });
  server.registerTool('echo', { description: 'Says it again', inputSchema: { text: z.string() } }, async ({ text: said }) => text(said));
  server.registerTool('add', { description: 'Adds', inputSchema: { a: z.number(), b: z.number() }, outputSchema: { sum: z.number() } }, async ({ a, b }) => ({ content: [], structuredContent: { sum: a + b } }));
  server.registerTool('find.order', { description: 'Finds', inputSchema: {} }, async () => text('order 7'));
  server.registerTool('refuse', { description: 'Says no', inputSchema: {} }, async () => ({ ...text('closed on Sundays'), isError: true }));
  server.registerTool('hang', { description: 'Never answers', inputSchema: {} }, () => new Promise<never>(() => undefined));
  server.registerTool('wait', { description: 'Answers late', inputSchema: { ms: z.number() } }, async ({ ms }) => text(`waited ${String(await sleep(ms, ms))}`));
  server.registerTool('who', { description: 'Says what it was sent', inputSchema: {} }, async (_, { requestInfo }) => text(JSON.stringify(requestInfo?.headers ?? {})));
  return server;
}
