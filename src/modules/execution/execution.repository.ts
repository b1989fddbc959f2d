import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { type Tx, managerOf } from '../../shared/database/index.js';
import { ExecutionEntity } from './execution.entity.js';
import type { Execution, ExecutionRef } from './execution.js';

/** How long an agent's answers took. */
export interface ResponseTimes {
  readonly agentId: string;
  readonly executions: number;
  readonly averageMs: number;
}

const RESPONSE_TIMES = `
  SELECT agent_id AS "agentId", count(*) AS executions, avg(extract(epoch FROM ended_at - queued_at) * 1000) AS "averageMs"
  FROM executions WHERE tenant_id = $1 AND status = 'completed' GROUP BY agent_id`;

/** The table `executions`: ended ones. */
@Injectable()
export class ExecutionRepository {
  constructor(@InjectRepository(ExecutionEntity) private readonly executions: Repository<ExecutionEntity>) {}

  /** Writes an ended execution; one that is there already is left as it is. */
  async insertOnce(tenantId: string, execution: Execution, tx: Tx): Promise<void> {
    await managerOf(tx, this.executions.manager).createQueryBuilder().insert().into(ExecutionEntity).values({ ...execution, tenantId }).orIgnore().updateEntity(false).execute();
  }

  async find({ tenantId, executionId }: ExecutionRef): Promise<Execution | null> {
    return this.executions.findOneBy({ tenantId, executionId });
  }

  /** Oldest first. */
  async findByConversation(tenantId: string, conversationId: string): Promise<Execution[]> {
    return this.executions.find({ where: { tenantId, conversationId }, order: { executionId: 'ASC' } });
  }

  /** From acceptance to the end, on average, of each agent's completed executions: milliseconds. */
  async findResponseTimes(tenantId: string): Promise<ResponseTimes[]> {
    const rows = await this.executions.query<ResponseTimes[]>(RESPONSE_TIMES, [tenantId]);
    return rows.map((row) => ({ ...row, executions: Number(row.executions), averageMs: Number(row.averageMs) }));
  }
}
