import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { ExecutionEntity } from './execution.entity.js';
import type { Execution, ExecutionRef } from './execution.js';

/** The table `executions`: ended ones. */
@Injectable()
export class ExecutionRepository {
  constructor(@InjectRepository(ExecutionEntity) private readonly executions: Repository<ExecutionEntity>) {}

  /** Writes an ended execution; one that is there already is left as it is. */
  async insertOnce(tenantId: string, execution: Execution): Promise<void> {
    await this.executions.createQueryBuilder().insert().values({ ...execution, tenantId }).orIgnore().updateEntity(false).execute();
  }

  async find({ tenantId, executionId }: ExecutionRef): Promise<Execution | null> {
    return this.executions.findOneBy({ tenantId, executionId });
  }

  /** Oldest first. */
  async findByConversation(tenantId: string, conversationId: string): Promise<Execution[]> {
    return this.executions.find({ where: { tenantId, conversationId }, order: { executionId: 'ASC' } });
  }
}
