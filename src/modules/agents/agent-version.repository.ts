import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { Transactions, type Tx } from '../../shared/database/index.js';
import type { AgentRef, AgentVersion } from './agent.js';
import { AgentVersionEntity } from './agent-version.entity.js';

/** The table `agent_versions`: rows are added, never changed. */
@Injectable()
export class AgentVersionRepository {
  constructor(private readonly transactions: Transactions) {}

  async insert({ tenantId, agentId, version, definition, editId, createdAt }: AgentVersion, tx: Tx): Promise<void> {
    await this.transactions.within(tenantId, tx, (manager) => manager.insert(AgentVersionEntity, { tenantId, agentId, version, definition, editId, createdAt }));
  }

  async find({ tenantId, agentId }: AgentRef, version: number, tx: Tx): Promise<AgentVersion | null> {
    const row = await this.transactions.within(tenantId, tx, (manager) => manager.findOneBy(AgentVersionEntity, { tenantId, agentId, version }));
    return row && { ...row };
  }

  /** Whether an edit has made a version. */
  async hasEdit({ tenantId, agentId }: AgentRef, editId: string, tx: Tx): Promise<boolean> {
    return this.transactions.within(tenantId, tx, (manager) => manager.existsBy(AgentVersionEntity, { tenantId, agentId, editId }));
  }

  /** Newest first. @param before the version to go on from, not included */
  async findPage({ tenantId, agentId }: AgentRef, limit: number, before: number | undefined): Promise<AgentVersion[]> {
    const where = { tenantId, agentId, ...(before !== undefined && { version: LessThan(before) }) };
    const versions = await this.transactions.within(tenantId, undefined, (manager) => manager.find(AgentVersionEntity, { where, order: { version: 'DESC' }, take: limit }));
    return versions.map((row) => ({ ...row }));
  }

  async count({ tenantId, agentId }: AgentRef): Promise<number> {
    return this.transactions.within(tenantId, undefined, (manager) => manager.countBy(AgentVersionEntity, { tenantId, agentId }));
  }
}
