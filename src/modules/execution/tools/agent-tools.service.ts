import { Injectable } from '@nestjs/common';
import { CacheAsideService } from '../../../shared/cache/index.js';
import { OutboundHttp } from '../../../shared/outbound/index.js';
import type { AgentTool } from './agent-tool.js';
import { implementationOf, TOOLS_FINGERPRINT, toolsNamed } from './tool-registry.js';

/** What a model is told of a tool. */
type ToolConfig = Omit<AgentTool, 'execute'>;

/**
 * The tools of an agent: their configuration through the cache, by agent and names in any order, void with the agent; their code from the registry.
 *
 * @source seed 000, section 1.2.8
 */
@Injectable()
export class AgentTools {
  constructor(
    private readonly cache: CacheAsideService,
    private readonly outbound: OutboundHttp,
  ) {}

  /** @param names a name without a tool is passed over */
  async load(tenantId: string, agentId: string, names: readonly string[]): Promise<AgentTool[]> {
    if (names.length === 0) return [];
    const sorted = [...new Set(names)].sort();
    const request = { dataType: 'agent_tools', resourceId: [agentId, TOOLS_FINGERPRINT, ...sorted], tenantId, scope: { agent: agentId } } as const;
    const { value } = await this.cache.getWithCacheAside<ToolConfig[]>({ ...request, fetchFromDb: async () => toolsNamed(sorted).map(configOf) });
    return (value ?? []).flatMap((config) => {
      const execute = implementationOf(config.name);
      return execute ? [{ ...config, execute: (input: unknown, signal: AbortSignal) => execute(input, signal, this.outbound.fetch) }] : [];
    });
  }
}

function configOf({ name, description, inputSchema }: AgentTool): ToolConfig {
  return { name, description, inputSchema };
}
