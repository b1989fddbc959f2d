import { Injectable } from '@nestjs/common';
import { newId, type Tier } from '../../contracts/index.js';
import { ModelSettings } from '../../shared/config/index.js';
import { isAtLeast } from '../tenancy/index.js';
import type { Agent, AgentFilter } from './agent.js';
import { chooseModel } from './agent-model.js';
import { AgentRepository } from './agent.repository.js';
import { agentErrors } from './agents.errors.js';
import type { CreateAgentDto } from './dto/create-agent.dto.js';
import { type Page, pageOf } from './page.js';
import { slugOf } from './slug.js';

/** Which part of a list. */
export interface AgentListing extends AgentFilter {
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** Definitions of agents. */
@Injectable()
export class AgentsService {
  constructor(
    private readonly agents: AgentRepository,
    private readonly models: ModelSettings,
  ) {}

  /** @throws AGENT_SLUG_TAKEN (conflict), AGENT_TYPE_UNSUPPORTED, MODEL_UNKNOWN, MODEL_PROVIDER_NOT_CONFIGURED (invalid) */
  async create(tenantId: string, definition: CreateAgentDto): Promise<Agent> {
    if (definition.type === 'rag' || definition.collections.length > 0) throw agentErrors.ragUnavailable();
    const agentId = newId();
    // A slug that nobody asked for must not stand in the way of a second agent of the same name.
    const slug = definition.slug ?? `${slugOf(definition.name)}-${agentId.slice(-6)}`;
    const { description = null, background = null } = definition;
    const created = await this.agents.insert({ ...definition, ...chooseModel(definition, this.models), tenantId, agentId, slug, description, background });
    if (!created) throw agentErrors.slugTaken(slug);
    return created;
  }

  /** @throws AGENT_NOT_FOUND (notFound), also for another tenant's agent */
  async get(tenantId: string, agentId: string): Promise<Agent> {
    const agent = await this.agents.find(tenantId, agentId);
    if (!agent) throw agentErrors.notFound(agentId);
    return agent;
  }

  /**
   * The agent, if this tenant may run it now.
   *
   * @throws AGENT_NOT_FOUND (notFound), AGENT_INACTIVE, AGENT_TIER_TOO_LOW (forbidden)
   */
  async getRunnable(tenantId: string, agentId: string, tier: Tier): Promise<Agent> {
    const agent = await this.get(tenantId, agentId);
    if (!agent.isActive) throw agentErrors.inactive(agentId);
    if (!isAtLeast(tier, agent.minimumTier)) throw agentErrors.tierTooLow(tier, agent.minimumTier);
    return agent;
  }

  /** `total` counts what the filter lets through. */
  async list(tenantId: string, { limit, cursor, ...filter }: AgentListing): Promise<Page<Agent>> {
    const [agents, total] = await Promise.all([this.agents.findPage(tenantId, filter, limit + 1, cursor), this.agents.count(tenantId, filter)]);
    return pageOf(agents, { limit, total }, ({ agentId }) => agentId);
  }
}
