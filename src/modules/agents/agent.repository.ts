import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Repository } from 'typeorm';
import { AgentEntity } from './agent.entity.js';

type NewAgent = Omit<AgentEntity, 'version' | 'isActive' | 'createdAt' | 'updatedAt'>;

@Injectable()
export class AgentRepository {
  constructor(@InjectRepository(AgentEntity) private readonly agents: Repository<AgentEntity>) {}

  /** @returns null when the tenant has an agent with this slug */
  async insert(agent: NewAgent): Promise<AgentEntity | null> {
    const inserted = await this.agents.createQueryBuilder().insert().values(agent).orIgnore().returning('agent_id').execute();
    return (inserted.raw as unknown[]).length === 0 ? null : this.find(agent.tenantId, agent.agentId);
  }

  async find(tenantId: string, agentId: string): Promise<AgentEntity | null> {
    return this.agents.findOneBy({ tenantId, agentId });
  }

  /** Newest first; ids are UUIDv7, so the id is the time. @param before the id to go on from, not included */
  async findPage(tenantId: string, limit: number, before: string | undefined): Promise<AgentEntity[]> {
    return this.agents.find({ where: { tenantId, ...(before !== undefined && { agentId: LessThan(before) }) }, order: { agentId: 'DESC' }, take: limit });
  }

  async count(tenantId: string): Promise<number> {
    return this.agents.countBy({ tenantId });
  }
}
