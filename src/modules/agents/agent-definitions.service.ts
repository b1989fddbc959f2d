import { Injectable } from '@nestjs/common';
import { ModelSettings } from '../../shared/config/index.js';
import { OutboundHttp } from '../../shared/outbound/index.js';
import { type Principal, TenantLimits } from '../tenancy/index.js';
import type { Agent, AgentDefinition, AgentModel, McpServer } from './agent.js';
import { type AgentEdit, edited, requireMemoTools, requireSupported, restored } from './agent-definition.js';
import { type AgentLimits, requireAllowed } from './agent-limits.js';
import { chooseFallback, chooseModel } from './agent-model.js';
import { namingField } from './agents.errors.js';
import { HeaderSecrets, type McpServerInput } from './header-secrets.service.js';

/** The definition of a new agent, as somebody sends it. */
export type NewAgent = Omit<AgentDefinition, 'description' | 'background' | 'provider' | 'model' | 'fallbackModel' | 'mcpServers' | 'isActive'> &
  Partial<AgentModel> & {
    readonly description?: string;
    readonly background?: string;
    readonly fallbackModel?: Partial<AgentModel>;
    readonly mcpServers: readonly McpServerInput[];
  };

/** An edit, as somebody sends it. */
export type SentEdit = Omit<AgentEdit, 'mcpServers'> & { readonly mcpServers?: readonly McpServerInput[] };

/** On whose behalf. */
export type AgentCaller = Pick<Principal, 'tenantId' | 'tier'>;

/** Makes definitions of agents that can be kept: within the tenant's limits, models chosen, headers sealed. */
@Injectable()
export class AgentDefinitions {
  constructor(
    private readonly models: ModelSettings,
    private readonly secrets: HeaderSecrets,
    private readonly http: OutboundHttp,
    private readonly limits: TenantLimits,
  ) {}

  /** What the methods below hold a definition to; asked before a transaction begins. */
  async limitsOf({ tenantId, tier }: AgentCaller): Promise<AgentLimits> {
    return { ...(await this.limits.of(tenantId, tier)), defaultModel: this.models.defaultModel };
  }

  /** @throws AGENT_TYPE_UNSUPPORTED, MEMO_TOOL_UNKNOWN, MODEL_UNKNOWN, MODEL_PROVIDER_NOT_CONFIGURED, SECRETS_KEY_MISSING, HEADER_SECRET_UNKNOWN, MCP_SERVER_TWICE, OUTBOUND_URL_INVALID (invalid), OUTBOUND_BLOCKED, OUTBOUND_HOST_NOT_ALLOWED, TOOL_NOT_IN_TIER, MODEL_NOT_IN_TIER, TIER_LIMIT_COLLECTIONS (forbidden) */
  first(tenantId: string, fields: NewAgent, limits: AgentLimits): AgentDefinition {
    requireSupported(fields);
    const { description = null, background = null } = fields;
    const fallbackModel = chooseFallback(fields.fallbackModel, this.models);
    const mcpServers = this.servers(tenantId, fields.mcpServers, []);
    const definition = { ...fields, ...chooseModel(fields, this.models), fallbackModel, mcpServers, description, background, isActive: true };
    requireMemoTools(definition);
    requireAllowed(definition, limits);
    return definition;
  }

  /** @throws what {@link first} throws */
  edited(agent: Agent, { mcpServers, ...edit }: SentEdit, limits: AgentLimits): AgentDefinition {
    const sealed = mcpServers && { mcpServers: this.servers(agent.tenantId, mcpServers, agent.mcpServers) };
    const definition = edited(agent, { ...edit, ...sealed }, this.models);
    requireAllowed(definition, limits, agent);
    return definition;
  }

  /** @throws AGENT_TYPE_UNSUPPORTED, MODEL_UNKNOWN, MODEL_PROVIDER_NOT_CONFIGURED (invalid), TOOL_NOT_IN_TIER, MODEL_NOT_IN_TIER, TIER_LIMIT_COLLECTIONS (forbidden) */
  restored(agent: Agent, earlier: AgentDefinition, limits: AgentLimits): AgentDefinition {
    const definition = restored(agent, earlier, this.models);
    requireAllowed(definition, limits, agent);
    return definition;
  }

  private servers(tenantId: string, servers: readonly McpServerInput[], before: readonly McpServer[]): McpServer[] {
    for (const { url } of servers) namingField('mcpServers', () => { this.http.requireUrl(url); });
    return this.secrets.sealed(tenantId, servers, before);
  }
}
