import { Injectable } from '@nestjs/common';
import { ArrayContains, type FindOptionsWhere, IsNull, LessThan, Not, type Repository } from 'typeorm';
import { Transactions, type Tx } from '../../shared/database/index.js';
import type { Agent, AgentDefinition, AgentFilter, AgentRef } from './agent.js';
import { AgentEntity } from './agent.entity.js';

/** The table `agents`. What is deleted is in it and never found. */
@Injectable()
export class AgentRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Version 1. @returns null when the tenant has an agent with this slug, or had one with this id */
  async insert(agent: AgentRef & AgentDefinition, tx: Tx): Promise<Agent | null> {
    const inserted = await this.entities(agent.tenantId, tx, (agents) => agents.createQueryBuilder().insert().values(agent).orIgnore().returning('agent_id').execute());
    return (inserted.raw as unknown[]).length === 0 ? null : this.find(agent, tx);
  }

  /**
   * Writes the next version over a locked agent.
   *
   * @returns null when the tenant has another agent with this slug; the transaction is broken then and must not commit
   */
  async update({ tenantId, agentId, version }: Agent, definition: AgentDefinition, tx: Tx): Promise<Agent | null> {
    try {
      // now() is when the transaction began, which may have been before the version before.
      await this.entities(tenantId, tx, (agents) => agents.update({ tenantId, agentId }, { ...definition, version: version + 1, updatedAt: () => 'clock_timestamp()' }));
    } catch (error) {
      if ((error as { constraint?: unknown }).constraint === 'agents_slug_unique') return null;
      throw error;
    }
    return this.find({ tenantId, agentId }, tx);
  }

  /** The row and its versions stay. @returns false when there is no such agent */
  async delete({ tenantId, agentId }: AgentRef, tx: Tx): Promise<boolean> {
    const { affected } = await this.entities(tenantId, tx, (agents) => agents.update({ tenantId, agentId, deletedAt: IsNull() }, { deletedAt: () => 'now()' }));
    return affected === 1;
  }

  async find({ tenantId, agentId }: AgentRef, tx?: Tx): Promise<Agent | null> {
    return agentOf(await this.entities(tenantId, tx, (agents) => agents.findOneBy({ tenantId, agentId, deletedAt: IsNull() })));
  }

  async wasDeleted({ tenantId, agentId }: AgentRef, tx: Tx): Promise<boolean> {
    return this.entities(tenantId, tx, (agents) => agents.existsBy({ tenantId, agentId, deletedAt: Not(IsNull()) }));
  }

  /** Nobody else writes the agent until the transaction ends. */
  async lock({ tenantId, agentId }: AgentRef, tx: Tx): Promise<Agent | null> {
    return agentOf(await this.entities(tenantId, tx, (agents) => agents.findOne({ where: { tenantId, agentId, deletedAt: IsNull() }, lock: { mode: 'pessimistic_write' } })));
  }

  /** Nobody else who asks for this makes an agent of the tenant until the transaction ends. */
  async lockAll(tenantId: string, tx: Tx): Promise<void> {
    await this.entities(tenantId, tx, (agents) => agents.query("SELECT pg_advisory_xact_lock(hashtextextended('agents ' || $1, 0))", [tenantId]));
  }

  /** Newest first; ids are UUIDv7, so the id is the time. @param before the id to go on from, not included */
  async findPage(tenantId: string, filter: AgentFilter, limit: number, before: string | undefined): Promise<Agent[]> {
    const where = { ...matching(tenantId, filter), ...(before !== undefined && { agentId: LessThan(before) }) };
    return (await this.entities(tenantId, undefined, (agents) => agents.find({ where, order: { agentId: 'DESC' }, take: limit }))).map(plain);
  }

  async count(tenantId: string, filter: AgentFilter, tx?: Tx): Promise<number> {
    return this.entities(tenantId, tx, (agents) => agents.countBy(matching(tenantId, filter)));
  }

  private async entities<T>(tenantId: string, tx: Tx | undefined, work: (agents: Repository<AgentEntity>) => Promise<T>): Promise<T> {
    return this.transactions.within(tenantId, tx, (manager) => work(manager.getRepository(AgentEntity)));
  }
}

function matching(tenantId: string, { tag, type, isActive }: AgentFilter): FindOptionsWhere<AgentEntity> {
  return {
    tenantId,
    deletedAt: IsNull(),
    ...(tag !== undefined && { tags: ArrayContains([tag]) }),
    ...(type !== undefined && { type }),
    ...(isActive !== undefined && { isActive }),
  };
}

function agentOf(row: AgentEntity | null): Agent | null {
  return row && plain(row);
}

/** Without the class: what is kept elsewhere than in the table must be plain data. */
function plain({ deletedAt: _, ...agent }: AgentEntity): Agent {
  return agent;
}
