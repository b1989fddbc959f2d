import { Injectable } from '@nestjs/common';
import { SYSTEM_TENANT } from '../../contracts/index.js';
import { Transactions, type Tx } from '../../shared/database/index.js';
import type { AgentRef } from './agent.js';
import { AgentChangeEntity } from './agent-change.entity.js';

/** A change of an agent that the caches have perhaps not been told of. */
export interface AgentChange extends AgentRef {
  readonly changeId: string;
}

/** The table `agent_changes`. */
@Injectable()
export class AgentChangeRepository {
  constructor(private readonly transactions: Transactions) {}

  async insert({ tenantId, changeId, agentId }: AgentChange, tx: Tx): Promise<void> {
    await this.transactions.within(tenantId, tx, (manager) => manager.insert(AgentChangeEntity, { tenantId, changeId, agentId }));
  }

  async delete({ tenantId, changeId }: AgentChange): Promise<void> {
    await this.transactions.within(tenantId, undefined, (manager) => manager.delete(AgentChangeEntity, { tenantId, changeId }));
  }

  /** Of all tenants, oldest first; ids are UUIDv7. */
  async findOldest(limit: number): Promise<AgentChange[]> {
    const changes = await this.transactions.within(SYSTEM_TENANT, undefined, (manager) => manager.find(AgentChangeEntity, { order: { changeId: 'ASC' }, take: limit }));
    return changes.map(({ tenantId, changeId, agentId }) => ({ tenantId, changeId, agentId }));
  }
}
