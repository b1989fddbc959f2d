import { Injectable } from '@nestjs/common';
import { newId } from '../../contracts/index.js';
import { AgentCacheInvalidator, CacheAsideService, type InvalidationReport } from '../../shared/cache/index.js';
import type { Agent, AgentDefinition, AgentFilter } from './agent.js';
import { AgentChanges } from './agent-changes.service.js';
import { isEmpty } from './agent-definition.js';
import { type AgentCaller, AgentDefinitions, type NewAgent, type SentEdit } from './agent-definitions.service.js';
import { AgentRepository } from './agent.repository.js';
import { AgentVersions } from './agent-versions.service.js';
import { agentErrors } from './agents.errors.js';
import { type Page, pageOf } from '../../shared/http/index.js';
import { slugOf } from './slug.js';

/** Which part of a list. */
export interface AgentListing extends AgentFilter {
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** Definitions of agents. Every write of them goes through this class. */
@Injectable()
export class AgentsService {
  constructor(
    private readonly agents: AgentRepository,
    private readonly versions: AgentVersions,
    private readonly changes: AgentChanges,
    private readonly definitions: AgentDefinitions,
    private readonly cache: CacheAsideService,
    private readonly invalidator: AgentCacheInvalidator,
  ) {}

  /**
   * @param agentId of a request that may come twice: if there is such an agent already, it is that one
   * @throws AGENT_SLUG_TAKEN (conflict), AGENT_NOT_FOUND (notFound) if it was deleted since, AGENT_TYPE_UNSUPPORTED, MODEL_UNKNOWN,
   * MODEL_PROVIDER_NOT_CONFIGURED, SECRETS_KEY_MISSING, HEADER_SECRET_UNKNOWN, MCP_SERVER_TWICE (invalid), TIER_LIMIT_AGENTS, TOOL_NOT_IN_TIER,
   * MODEL_NOT_IN_TIER, TIER_LIMIT_COLLECTIONS (forbidden)
   */
  async create(caller: AgentCaller, fields: Omit<NewAgent, 'slug'> & { readonly slug?: string }, agentId = newId()): Promise<Agent> {
    // A slug that nobody asked for must not stand in the way of a second agent of the same name.
    const slug = fields.slug ?? `${slugOf(fields.name)}-${agentId.slice(-6)}`;
    const { tenantId } = caller;
    const limits = await this.definitions.limitsOf(caller);
    return this.versions.writeFirst({ ...this.definitions.first(tenantId, { ...fields, slug }, limits), tenantId, agentId }, limits.maxAgents);
  }

  /**
   * Changes the fields that are named, in a new version.
   *
   * @throws AGENT_NOT_FOUND (notFound), AGENT_SLUG_TAKEN (conflict), AGENT_EDIT_EMPTY, AGENT_TYPE_UNSUPPORTED, MODEL_UNKNOWN,
   * MODEL_PROVIDER_NOT_CONFIGURED, SECRETS_KEY_MISSING, HEADER_SECRET_UNKNOWN, MCP_SERVER_TWICE (invalid), TOOL_NOT_IN_TIER,
   * MODEL_NOT_IN_TIER, TIER_LIMIT_COLLECTIONS (forbidden)
   */
  async update(caller: AgentCaller, agentId: string, edit: SentEdit): Promise<Agent> {
    if (isEmpty(edit)) throw agentErrors.editEmpty();
    const ref = { tenantId: caller.tenantId, agentId };
    const limits = await this.definitions.limitsOf(caller);
    return this.changes.write(ref, (tx) => this.versions.writeNext(ref, { define: (agent) => this.definitions.edited(agent, edit, limits) }, tx));
  }

  /**
   * Goes back to an earlier definition, in a new version; whether the agent is switched on stays.
   *
   * @param editId of a request that may come twice: it makes one version
   * @throws AGENT_NOT_FOUND, AGENT_VERSION_NOT_FOUND (notFound), AGENT_SLUG_TAKEN (conflict), AGENT_TYPE_UNSUPPORTED, MODEL_UNKNOWN,
   * MODEL_PROVIDER_NOT_CONFIGURED (invalid), TOOL_NOT_IN_TIER, MODEL_NOT_IN_TIER, TIER_LIMIT_COLLECTIONS (forbidden)
   */
  async activateVersion(caller: AgentCaller, agentId: string, version: number, editId = newId()): Promise<Agent> {
    const ref = { tenantId: caller.tenantId, agentId };
    const limits = await this.definitions.limitsOf(caller);
    return this.changes.write(ref, (tx) => {
      const define = async (agent: Agent): Promise<AgentDefinition> => this.definitions.restored(agent, (await this.versions.get(ref, version, tx)).definition, limits);
      return this.versions.writeNext(ref, { define, editId }, tx);
    });
  }

  /** Nobody finds the agent any more, and its slug is free; its conversations and executions stay. @throws AGENT_NOT_FOUND (notFound) */
  async remove(tenantId: string, agentId: string): Promise<void> {
    const ref = { tenantId, agentId };
    await this.changes.write(ref, async (tx) => {
      if (!(await this.agents.delete(ref, tx))) throw agentErrors.notFound(agentId);
    });
    await this.invalidator.agent(tenantId, agentId, { withConversations: true });
  }

  /**
   * Makes the caches forget an agent, in every process.
   *
   * @returns how much they had of it
   * @throws AGENT_NOT_FOUND (notFound)
   */
  async invalidate(tenantId: string, agentId: string, withConversations: boolean): Promise<InvalidationReport> {
    const report = await this.invalidator.agent(tenantId, agentId, { withConversations });
    // What somebody has deleted by hand is forgotten, too, before he is told that it is not there.
    await this.load(tenantId, agentId);
    return report;
  }

  /**
   * @param isReload past the caches
   * @throws AGENT_NOT_FOUND (notFound), also for another tenant's agent
   */
  async get(tenantId: string, agentId: string, isReload = false): Promise<Agent> {
    const request = { dataType: 'agent_config', resourceId: agentId, tenantId, scope: { agent: agentId }, isReload } as const;
    const { value } = await this.cache.getWithCacheAside({ ...request, fetchFromDb: () => this.agents.find({ tenantId, agentId }) });
    if (!value) throw agentErrors.notFound(agentId);
    return value;
  }

  /** The agent as the database has it now, for whoever caches it himself. @throws AGENT_NOT_FOUND (notFound) */
  async load(tenantId: string, agentId: string): Promise<Agent> {
    const agent = await this.agents.find({ tenantId, agentId });
    if (!agent) throw agentErrors.notFound(agentId);
    return agent;
  }

  /** `total` counts what the filter lets through. */
  async list(tenantId: string, { limit, cursor, ...filter }: AgentListing): Promise<Page<Agent>> {
    const [agents, total] = await Promise.all([this.agents.findPage(tenantId, filter, limit + 1, cursor), this.agents.count(tenantId, filter)]);
    return pageOf(agents, { limit, total }, ({ agentId }) => agentId);
  }
}
