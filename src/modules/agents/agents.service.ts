import { Injectable } from '@nestjs/common';
import { newId, type Tier } from '../../contracts/index.js';
import { ModelSettings } from '../../shared/config/index.js';
import { isAtLeast } from '../tenancy/index.js';
import type { Agent } from './agent.js';
import { chooseModel } from './agent-model.js';
import { AgentRepository } from './agent.repository.js';
import { agentErrors } from './agents.errors.js';
import type { CreateAgentDto } from './dto/create-agent.dto.js';
import { slugOf } from './slug.js';

/** A page of agents, newest first. */
export interface AgentPage {
  readonly data: readonly Agent[];
  readonly nextCursor: string | null;
  readonly total: number;
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

  /** @param cursor `nextCursor` of the page before */
  async list(tenantId: string, limit: number, cursor: string | undefined): Promise<AgentPage> {
    const [agents, total] = await Promise.all([this.agents.findPage(tenantId, limit + 1, cursor), this.agents.count(tenantId)]);
    const data = agents.slice(0, limit);
    return { data, nextCursor: agents.length > limit ? (data.at(-1)?.agentId ?? null) : null, total };
  }
}
