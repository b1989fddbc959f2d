import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CacheAsideService } from '../../../shared/cache/index.js';
import { OutboundHttp } from '../../../shared/outbound/index.js';
import { HeaderSecrets, type McpServer } from '../../agents/index.js';
import { McpConnection } from './mcp-connection.js';
import type { McpTool } from './mcp-tools.js';
import { toolErrors } from './tools.errors.js';

/** Less than a cache's loader is given, so that the reason shows. Milliseconds. */
const LIST_MS = 4_000;

/** Whose server it is. */
export interface ServerOwner {
  readonly tenantId: string;
  readonly agentId: string;
}

/** A server whose tools are known; its connection is opened by the first call of one. */
export interface ReachableServer {
  readonly name: string;
  readonly tools: readonly McpTool[];
  readonly connection: McpConnection;
}

/** MCP servers of agents. What they offer comes through the cache, void with the agent: a new tool shows within an hour, or after an edit or an invalidation. */
@Injectable()
export class McpServers {
  constructor(
    private readonly cache: CacheAsideService,
    private readonly secrets: HeaderSecrets,
    private readonly http: OutboundHttp,
  ) {}

  /** @throws MCP_SERVER_FAILED, LOADER_TIMED_OUT (unavailable), HEADER_SECRET_UNREADABLE (invalid) */
  async reach(owner: ServerOwner, server: McpServer): Promise<ReachableServer> {
    const headers = this.secrets.opened(owner.tenantId, server);
    // Its time is that of the tool that calls: a stream of events may be silent for long.
    const fetch = this.http.withBounds({ timeoutMs: 0, maxRedirects: 0 });
    const connect = (): McpConnection => new McpConnection({ name: server.name, url: server.url, headers }, fetch);
    const { tenantId, agentId } = owner;
    const resourceId = [agentId, 'mcp', fingerprintOf(server)];
    const { value } = await this.cache.getWithCacheAside<McpTool[]>({ dataType: 'agent_tools', resourceId, tenantId, scope: { agent: agentId }, fetchFromDb: () => listed(server.name, connect()) });
    const tools = (value ?? []).filter(({ name }) => server.tools?.includes(name) ?? true);
    return { name: server.name, tools, connection: connect() };
  }
}

/** In a session of its own: those who wait for the same list do not depend on one run. */
async function listed(name: string, connection: McpConnection): Promise<McpTool[]> {
  const signal = AbortSignal.timeout(LIST_MS);
  try {
    return await connection.list(signal);
  } catch (error) {
    throw signal.aborted ? toolErrors.mcpFailed(name, `no answer after ${String(LIST_MS / 1_000)} s`) : error;
  } finally {
    await connection.close();
  }
}

/** Which tools are allowed is asked after the list is there. */
function fingerprintOf({ name, url, headers }: McpServer): string {
  return createHash('sha256').update(JSON.stringify([name, url, headers])).digest('base64url');
}
