import { Injectable } from '@nestjs/common';
import type { Progress } from '../../../contracts/index.js';
import { CacheAsideService } from '../../../shared/cache/index.js';
import { ExecutionSettings } from '../../../shared/config/index.js';
import { toAppError } from '../../../shared/errors/index.js';
import { OutboundHttp } from '../../../shared/outbound/index.js';
import type { AgentSnapshot } from '../context/execution-context.js';
import type { AgentTool } from './agent-tool.js';
import { boundedTool, whenAborted } from './bounded-tool.js';
import { McpServers, type ReachableServer } from './mcp-servers.service.js';
import { offeredName } from './mcp-tools.js';
import { implementationOf, TOOLS_FINGERPRINT, toolsNamed } from './tool-registry.js';
import { Toolbox } from './toolbox.js';

/** What a model is told of a tool. */
type ToolConfig = Omit<AgentTool, 'execute'>;

/** Whose tools, and which. */
export type Equipped = Pick<AgentSnapshot, 'tenantId' | 'agentId' | 'tools' | 'mcpServers'>;

/**
 * The tools of an agent: their configuration through the cache, by agent and names in any order, void with the agent; the code of ours from the
 * registry, that of others behind a connection to their MCP server.
 *
 * @source seed 000, section 1.2.8; the number of tools: `originals.md` section 1.4
 */
@Injectable()
export class AgentTools {
  constructor(
    private readonly cache: CacheAsideService,
    private readonly mcp: McpServers,
    private readonly settings: ExecutionSettings,
    private readonly outbound: OutboundHttp,
  ) {}

  /**
   * The tools of one run, to be disposed of at its end. A server that is away is no reason not to answer: the run goes on without its tools and says so.
   *
   * @param maxTools the first so many, ours before those of servers, each in the agent's order; null for all
   * @param signal   of the run: when it fires, no server is waited for
   */
  async open(agent: Equipped, maxTools: number | null, signal: AbortSignal): Promise<Toolbox> {
    const [own, found] = await Promise.all([this.load(agent.tenantId, agent.agentId, agent.tools), this.reach(agent, signal)]);
    const servers = found.flatMap((server) => ('stage' in server ? [] : [server]));
    const notes: Progress[] = found.flatMap((server) => ('stage' in server ? [server] : []));
    const all = [...own, ...remoteTools(servers, own)];
    const tools = all.slice(0, maxTools ?? all.length).map((tool) => boundedTool(tool, this.settings.toolTimeoutSeconds * 1_000));
    const leftOut = all.slice(tools.length).map(({ name }) => name);
    if (leftOut.length > 0) notes.push({ stage: 'tools', leftOut, reason: `The tier allows ${String(maxTools)} tools in one run; the agent has ${String(all.length)}.` });
    return new Toolbox(tools, notes, servers.map(({ connection }) => connection));
  }

  /** Ours, in the order of the names. @param names a name without a tool is passed over */
  async load(tenantId: string, agentId: string, names: readonly string[]): Promise<AgentTool[]> {
    if (names.length === 0) return [];
    const sorted = [...new Set(names)].sort();
    const request = { dataType: 'agent_tools', resourceId: [agentId, TOOLS_FINGERPRINT, ...sorted], tenantId, scope: { agent: agentId } } as const;
    const { value } = await this.cache.getWithCacheAside<ToolConfig[]>({ ...request, fetchFromDb: async () => toolsNamed(sorted).map(configOf) });
    const tools = (value ?? []).flatMap((config) => {
      const execute = implementationOf(config.name);
      return execute ? [{ ...config, execute: (input: unknown, signal: AbortSignal) => execute(input, signal, this.outbound.fetch) }] : [];
    });
    return tools.sort((one, other) => names.indexOf(one.name) - names.indexOf(other.name));
  }

  private async reach(agent: Equipped, signal: AbortSignal): Promise<(ReachableServer | Extract<Progress, { server: string }>)[]> {
    // What a version before this one has cached of an agent has no servers.
    const { mcpServers = [] }: Partial<Equipped> = agent;
    return Promise.all(
      mcpServers.map((server) =>
        Promise.race([this.mcp.reach(agent, server), whenAborted(signal)]).catch((error: unknown) => ({ stage: 'tools' as const, server: server.name, error: toAppError(error).message })),
      ),
    );
  }
}

function configOf({ name, description, inputSchema }: AgentTool): ToolConfig {
  return { name, description, inputSchema };
}

function remoteTools(servers: readonly ReachableServer[], own: readonly AgentTool[]): AgentTool[] {
  const taken = new Set(own.map(({ name }) => name));
  return servers.flatMap(({ name: server, tools, connection }) =>
    tools.map(({ name: tool, description, inputSchema }) => {
      const name = offeredName(server, tool, taken);
      taken.add(name);
      return { name, description, inputSchema, execute: (input: unknown, signal: AbortSignal) => connection.call(tool, input, signal) };
    }),
  );
}
