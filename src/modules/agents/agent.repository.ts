import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { ArrayContains, type FindOptionsWhere, LessThan, Repository } from 'typeorm';
import type { Agent, AgentFilter } from './agent.js';
import { AgentEntity } from './agent.entity.js';

type NewAgent = Omit<AgentEntity, 'version' | 'isActive' | 'createdAt' | 'updatedAt'>;

@Injectable()
export class AgentRepository {
  constructor(@InjectRepository(AgentEntity) private readonly agents: Repository<AgentEntity>) {}

  /** @returns null when the tenant has an agent with this slug */
  async insert(agent: NewAgent): Promise<Agent | null> {
    const inserted = await this.agents.createQueryBuilder().insert().values(agent).orIgnore().returning('agent_id').execute();
    return (inserted.raw as unknown[]).length === 0 ? null : this.find(agent.tenantId, agent.agentId);
  }

  async find(tenantId: string, agentId: string): Promise<Agent | null> {
    const row = await this.agents.findOneBy({ tenantId, agentId });
    return row && plain(row);
  }

  /** Newest first; ids are UUIDv7, so the id is the time. @param before the id to go on from, not included */
  async findPage(tenantId: string, filter: AgentFilter, limit: number, before: string | undefined): Promise<Agent[]> {
    const where = { ...matching(tenantId, filter), ...(before !== undefined && { agentId: LessThan(before) }) };
    return (await this.agents.find({ where, order: { agentId: 'DESC' }, take: limit })).map(plain);
  }

  async count(tenantId: string, filter: AgentFilter): Promise<number> {
    return this.agents.countBy(matching(tenantId, filter));
  }
}

function matching(tenantId: string, { tag, type, isActive }: AgentFilter): FindOptionsWhere<AgentEntity> {
  return {
    tenantId,
    ...(tag !== undefined && { tags: ArrayContains([tag]) }),
    ...(type !== undefined && { type }),
    ...(isActive !== undefined && { isActive }),
  };
}

/** Without the class: what is kept elsewhere than in the table must be plain data. */
function plain(row: AgentEntity): Agent {
  return { ...row };
}
