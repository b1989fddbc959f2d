import { createMCPClient, type MCPClient } from '@ai-sdk/mcp';
import { toStorableText } from '../../../contracts/index.js';
import { AppError } from '../../../shared/errors/index.js';
import { redactionOf } from '../../../shared/models/index.js';
import type { Fetch } from './agent-tool.js';
import { acceptedTool, type McpTool, outputOf } from './mcp-tools.js';
import { toolErrors } from './tools.errors.js';

/** Where an MCP server is. */
export interface McpTarget {
  readonly name: string;
  readonly url: string;
  /** In plain text. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Of one server at the most: a guess. */
const MAX_TOOLS = 128;
/** How long the end of a session may hold up the end of a run. Milliseconds. */
const CLOSE_MS = 1_000;

/** A session with an MCP server (streamable HTTP): opened by the first call, and to be closed. What it says of failures holds no header's value. */
export class McpConnection {
  private client: Promise<MCPClient> | undefined;
  /** Signals of what is under way. */
  private readonly underWay = new Set<{ readonly signal: AbortSignal }>();
  private isLeft = false;
  private readonly redact;

  constructor(
    private readonly target: McpTarget,
    private readonly fetch: Fetch,
  ) {
    this.redact = redactionOf(Object.values(target.headers));
  }

  /** @throws MCP_SERVER_FAILED (unavailable), the signal's reason */
  async list(signal: AbortSignal): Promise<McpTool[]> {
    return this.asking(signal, async (client) => {
      const tools: McpTool[] = [];
      let cursor: string | undefined;
      do {
        const page = await client.listTools({ ...(cursor !== undefined && { params: { cursor } }), options: { signal } });
        tools.push(...page.tools.flatMap(({ name, description, inputSchema }) => acceptedTool(name, description, inputSchema) ?? []));
        cursor = page.nextCursor;
      } while (cursor !== undefined && tools.length < MAX_TOOLS);
      return this.redact.json(tools.slice(0, MAX_TOOLS)) as McpTool[];
    });
  }

  /**
   * @param tool its name at the server, which checks the input itself
   * @throws MCP_TOOL_FAILED (invalid) when the server says so, MCP_SERVER_FAILED (unavailable), the signal's reason
   */
  async call(tool: string, input: unknown, signal: AbortSignal): Promise<unknown> {
    const answer = await this.asking(signal, (client) => client.callTool({ name: tool, arguments: (input ?? {}) as Record<string, unknown>, options: { signal } }));
    const output = this.redact.json(outputOf(answer));
    if (answer.isError === true) throw toolErrors.mcpToolFailed(tool, typeof output === 'string' ? output : JSON.stringify(output));
    return output;
  }

  /** Ends the session, if there is one. A call that was not aborted has somebody else waiting for its answer: then the last such call ends it. Never fails. */
  async close(): Promise<void> {
    this.isLeft = true;
    if ([...this.underWay].every(({ signal }) => signal.aborted)) await this.end();
  }

  private async end(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    if (!client) return;
    const closed = client.then((open) => open.close()).catch(() => undefined);
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSE_MS);
    await Promise.race([closed, late]);
    clearTimeout(timer);
  }

  private async asking<T>(signal: AbortSignal, ask: (client: MCPClient) => Promise<T>): Promise<T> {
    const asked = { signal };
    this.underWay.add(asked);
    try {
      return await ask(await this.connected(signal));
    } catch (error) {
      signal.throwIfAborted();
      throw toolErrors.mcpFailed(this.target.name, this.redact.text(reasonOf(error)));
    } finally {
      this.underWay.delete(asked);
      if (this.isLeft) void this.close();
    }
  }

  /** Calls at the same time share one session; one that could not be opened is tried again by the next call. */
  private async connected(signal: AbortSignal): Promise<MCPClient> {
    this.client ??= createMCPClient({
      clientName: 'nooble',
      transport: { type: 'http', url: this.target.url, headers: { ...this.target.headers }, fetch: this.fetch },
      initializationOptions: { signal },
      // Of the server's own stream of events nothing is needed.
      onUncaughtError: () => undefined,
    });
    const opening = this.client;
    try {
      return await opening;
    } catch (error) {
      if (this.client === opening) this.client = undefined;
      throw error;
    }
  }
}

/** The refusal of ours, if it is one, however deep the library has wrapped it. */
function reasonOf(error: unknown): string {
  let current = error;
  while (current instanceof Error && !(current instanceof AppError) && current.cause !== undefined) current = current.cause;
  return toStorableText(current instanceof Error ? current.message : String(current)).slice(0, 1_000);
}
