import { Injectable } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import { Transactions } from '../../../shared/database/index.js';
import { CommandEntity } from '../commands/command.entity.js';
import { ExecutionEntity } from '../execution.entity.js';
import type { Execution } from '../execution.js';

/** Whose executions: a user's, or those of a conversation. */
export type ExecutionsOf = { readonly userId: string } | { readonly conversationId: string };

/** Executions and commands as rows, one after the other. */
@Injectable()
export class PersonalExecutionRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Oldest first. @param after executionId of the last one known; '' from the first on */
  async findExecutions(tenantId: string, of: ExecutionsOf, after: string, limit: number): Promise<Execution[]> {
    const where = { tenantId, ...of, ...(after !== '' && { executionId: MoreThan(after) }) };
    return this.transactions.within(tenantId, undefined, (manager) => manager.find(ExecutionEntity, { where, order: { executionId: 'ASC' }, take: limit }));
  }

  /** Ids of a user's commands, oldest first. @param after the last one known; '' from the first on */
  async findCommandIds(tenantId: string, userId: string, after: string, limit: number): Promise<string[]> {
    const where = { tenantId, userId, ...(after !== '' && { commandId: MoreThan(after) }) };
    const rows = await this.transactions.within(tenantId, undefined, (manager) => manager.find(CommandEntity, { where, select: { commandId: true }, order: { commandId: 'ASC' }, take: limit }));
    return rows.map(({ commandId }) => commandId);
  }
}
