import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { type Tx, managerOf } from '../../shared/database/index.js';
import type { AgentRef } from './agent.js';
import { AgentChangeEntity } from './agent-change.entity.js';

/** A change of an agent that the caches have perhaps not been told of. */
export interface AgentChange extends AgentRef {
  readonly changeId: string;
}

/** The table `agent_changes`. */
@Injectable()
export class AgentChangeRepository {
  constructor(@InjectRepository(AgentChangeEntity) private readonly changes: Repository<AgentChangeEntity>) {}

  async insert({ tenantId, changeId, agentId }: AgentChange, tx: Tx): Promise<void> {
    await managerOf(tx, this.changes.manager).insert(AgentChangeEntity, { tenantId, changeId, agentId });
  }

  async delete({ tenantId, changeId }: AgentChange): Promise<void> {
    await this.changes.delete({ tenantId, changeId });
  }

  /** Of all tenants, oldest first; ids are UUIDv7. */
  async findOldest(limit: number): Promise<AgentChange[]> {
    return (await this.changes.find({ order: { changeId: 'ASC' }, take: limit })).map(({ tenantId, changeId, agentId }) => ({ tenantId, changeId, agentId }));
  }
}
