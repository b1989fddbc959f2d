import { Injectable } from '@nestjs/common';
import { ModelSettings } from '../../shared/config/index.js';
import { OutboundHttp } from '../../shared/outbound/index.js';
import type { Agent, AgentDefinition, AgentModel, McpServer } from './agent.js';
import { type AgentEdit, edited, requireSupported, restored } from './agent-definition.js';
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

/** Makes definitions of agents that can be kept: models chosen, headers sealed. */
@Injectable()
export class AgentDefinitions {
  constructor(
    private readonly models: ModelSettings,
    private readonly secrets: HeaderSecrets,
    private readonly http: OutboundHttp,
  ) {}

  /** @throws AGENT_TYPE_UNSUPPORTED, MODEL_UNKNOWN, MODEL_PROVIDER_NOT_CONFIGURED, SECRETS_KEY_MISSING, HEADER_SECRET_UNKNOWN, MCP_SERVER_TWICE, OUTBOUND_URL_INVALID (invalid), OUTBOUND_BLOCKED, OUTBOUND_HOST_NOT_ALLOWED (forbidden) */
  first(tenantId: string, fields: NewAgent): AgentDefinition {
    requireSupported(fields);
    const { description = null, background = null } = fields;
    const fallbackModel = chooseFallback(fields.fallbackModel, this.models);
    const mcpServers = this.servers(tenantId, fields.mcpServers, []);
    return { ...fields, ...chooseModel(fields, this.models), fallbackModel, mcpServers, description, background, isActive: true };
  }

  /** @throws what {@link first} throws */
  edited(agent: Agent, { mcpServers, ...edit }: SentEdit): AgentDefinition {
    const sealed = mcpServers && { mcpServers: this.servers(agent.tenantId, mcpServers, agent.mcpServers) };
    return edited(agent, { ...edit, ...sealed }, this.models);
  }

  /** @throws AGENT_TYPE_UNSUPPORTED, MODEL_UNKNOWN, MODEL_PROVIDER_NOT_CONFIGURED (invalid) */
  restored(agent: Agent, earlier: AgentDefinition): AgentDefinition {
    return restored(agent, earlier, this.models);
  }

  private servers(tenantId: string, servers: readonly McpServerInput[], before: readonly McpServer[]): McpServer[] {
    for (const { url } of servers) namingField('mcpServers', () => { this.http.requireUrl(url); });
    return this.secrets.sealed(tenantId, servers, before);
  }
}
