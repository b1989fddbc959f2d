import { Injectable } from '@nestjs/common';
import { type Tx, Transactions } from '../../shared/database/index.js';
import type { Agent, AgentDefinition, AgentRef, AgentVersion } from './agent.js';
import { definitionOf } from './agent-definition.js';
import { AgentRepository } from './agent.repository.js';
import { AgentVersionRepository } from './agent-version.repository.js';
import { agentErrors } from './agents.errors.js';
import { type Page, pageOf } from '../../shared/http/index.js';

/** How an agent is to become. */
export interface Edit {
  /** The next definition, from the agent as it is now. */
  readonly define: (agent: Agent) => AgentDefinition | Promise<AgentDefinition>;
  /** Of an edit that may come twice: if it has made a version already, it makes no other one. */
  readonly editId?: string;
}

/** The history of agents: an agent and its newest version are written together, and no version ever changes. */
@Injectable()
export class AgentVersions {
  constructor(
    private readonly agents: AgentRepository,
    private readonly versions: AgentVersionRepository,
    private readonly transactions: Transactions,
  ) {}

  /** A new agent, in its version 1; the one with this id if there is one. @throws AGENT_SLUG_TAKEN (conflict), AGENT_NOT_FOUND (notFound) if it was deleted, TIER_LIMIT_AGENTS (forbidden) */
  async writeFirst(agent: AgentRef & AgentDefinition, maxAgents: number | null): Promise<Agent> {
    return this.transactions.run(agent.tenantId, async (tx) => {
      // One after the other, so that none counts past another that is being made.
      if (maxAgents !== null) await this.agents.lockAll(agent.tenantId, tx);
      const created = await this.agents.insert(agent, tx);
      if (!created) return this.earlier(agent, tx);
      if (maxAgents !== null && (await this.agents.count(agent.tenantId, {}, tx)) > maxAgents) throw agentErrors.tooManyAgents(maxAgents);
      return this.keep(created, null, tx);
    });
  }

  /**
   * The agent in its next version; as it is now, if this edit was made before. Edits of one agent wait for each other, so each builds on the one before.
   *
   * @throws AGENT_NOT_FOUND (notFound), AGENT_SLUG_TAKEN (conflict)
   */
  async writeNext(ref: AgentRef, { define, editId }: Edit, tx: Tx): Promise<Agent> {
    const agent = await this.agents.lock(ref, tx);
    if (!agent) throw agentErrors.notFound(ref.agentId);
    if (editId !== undefined && (await this.versions.hasEdit(ref, editId, tx))) return agent;
    const definition = await define(agent);
    const written = await this.agents.update(agent, definition, tx);
    if (!written) throw agentErrors.slugTaken(definition.slug);
    return this.keep(written, editId ?? null, tx);
  }

  /** @throws AGENT_VERSION_NOT_FOUND (notFound) */
  async get(ref: AgentRef, version: number, tx: Tx): Promise<AgentVersion> {
    const found = await this.versions.find(ref, version, tx);
    if (!found) throw agentErrors.versionNotFound(ref.agentId, version);
    return found;
  }

  /**
   * @param cursor `nextCursor` of the page before
   * @throws AGENT_NOT_FOUND (notFound)
   */
  async list(ref: AgentRef, limit: number, cursor: number | undefined): Promise<Page<AgentVersion>> {
    if (!(await this.agents.find(ref))) throw agentErrors.notFound(ref.agentId);
    const [versions, total] = await Promise.all([this.versions.findPage(ref, limit + 1, cursor), this.versions.count(ref)]);
    return pageOf(versions, { limit, total }, ({ version }) => String(version));
  }

  /** Somebody has made an agent with this id or slug before. */
  private async earlier(agent: AgentRef & AgentDefinition, tx: Tx): Promise<Agent> {
    const found = await this.agents.find(agent, tx);
    if (found) return found;
    throw (await this.agents.wasDeleted(agent, tx)) ? agentErrors.notFound(agent.agentId) : agentErrors.slugTaken(agent.slug);
  }

  private async keep(agent: Agent, editId: string | null, tx: Tx): Promise<Agent> {
    const { tenantId, agentId, version, updatedAt } = agent;
    await this.versions.insert({ tenantId, agentId, version, definition: definitionOf(agent), editId, createdAt: updatedAt }, tx);
    return agent;
  }
}
