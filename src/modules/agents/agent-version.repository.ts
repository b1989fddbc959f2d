import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Repository } from 'typeorm';
import { type Tx, managerOf } from '../../shared/database/index.js';
import type { AgentRef, AgentVersion } from './agent.js';
import { AgentVersionEntity } from './agent-version.entity.js';

/** The table `agent_versions`: rows are added, never changed. */
@Injectable()
export class AgentVersionRepository {
  constructor(@InjectRepository(AgentVersionEntity) private readonly versions: Repository<AgentVersionEntity>) {}

  async insert({ tenantId, agentId, version, definition, editId, createdAt }: AgentVersion, tx: Tx): Promise<void> {
    await managerOf(tx, this.versions.manager).insert(AgentVersionEntity, { tenantId, agentId, version, definition, editId, createdAt });
  }

  async find({ tenantId, agentId }: AgentRef, version: number, tx: Tx): Promise<AgentVersion | null> {
    const row = await managerOf(tx, this.versions.manager).findOneBy(AgentVersionEntity, { tenantId, agentId, version });
    return row && { ...row };
  }

  /** Whether an edit has made a version. */
  async hasEdit({ tenantId, agentId }: AgentRef, editId: string, tx: Tx): Promise<boolean> {
    return managerOf(tx, this.versions.manager).existsBy(AgentVersionEntity, { tenantId, agentId, editId });
  }

  /** Newest first. @param before the version to go on from, not included */
  async findPage({ tenantId, agentId }: AgentRef, limit: number, before: number | undefined): Promise<AgentVersion[]> {
    const where = { tenantId, agentId, ...(before !== undefined && { version: LessThan(before) }) };
    return (await this.versions.find({ where, order: { version: 'DESC' }, take: limit })).map((row) => ({ ...row }));
  }

  async count({ tenantId, agentId }: AgentRef): Promise<number> {
    return this.versions.countBy({ tenantId, agentId });
  }
}
