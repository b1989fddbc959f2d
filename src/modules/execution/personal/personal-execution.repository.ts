import { Injectable } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import { Transactions } from '../../../shared/database/index.js';
import { CommandEntity } from '../commands/command.entity.js';
import { ExecutionEntity } from '../execution.entity.js';
import type { Execution } from '../execution.js';

/** Whose executions: a user's, or those of a conversation. */
export type ExecutionsOf = { readonly userId: string } | { readonly conversationId: string };

/** Executions by their ids, and all of these conversations. */
export interface ExecutionSet {
  readonly executionIds: readonly string[];
  readonly conversationIds: readonly string[];
  /** {@link sessionOf} of these conversations, as far as they are known: actions may name the session alone. */
  readonly sessions?: ReadonlySet<string> | undefined;
}

/** Rows of a set that were changed. */
export interface ErasedRows {
  readonly executions: number;
  /** Pages of events. */
  readonly events: number;
  readonly webhookDeliveries: number;
}

const OF_SET = '(execution_id = ANY ($2::uuid[]) OR conversation_id = ANY ($3::uuid[]))';

/** What is left of an execution: that there was one, how it ended, and what it has used. So nothing late begins it again, and what was counted stays so. */
const ERASE = `
  UPDATE executions SET user_id = NULL, session_id = '', command_id = NULL, webhook_url = NULL, result = NULL, error = NULL
  WHERE tenant_id = $1 AND ${OF_SET} AND (session_id <> '' OR num_nonnulls(user_id, command_id, webhook_url, result, error) > 0) RETURNING execution_id`;
const ERASE_EVENTS = `
  DELETE FROM execution_events WHERE tenant_id = $1 AND execution_id IN (
    SELECT unnest($2::uuid[]) UNION ALL SELECT execution_id FROM executions WHERE tenant_id = $1 AND conversation_id = ANY ($3::uuid[])) RETURNING 1 AS one`;
const ERASE_DELIVERIES = `
  DELETE FROM webhook_deliveries WHERE tenant_id = $1 AND delivery_id IN (
    SELECT unnest($2::uuid[]) UNION ALL SELECT execution_id FROM executions WHERE tenant_id = $1 AND conversation_id = ANY ($3::uuid[])) RETURNING 1 AS one`;
const COMMANDS_OF = `
  SELECT command_id AS "commandId" FROM commands WHERE tenant_id = $1 AND ${OF_SET}
  UNION SELECT command_id FROM commands WHERE tenant_id = $1 AND user_id = $4 AND created_at < $5`;

/** Executions and commands as rows, one after the other. */
@Injectable()
export class PersonalExecutionRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Oldest first. @param after executionId of the last one known; '' from the first on */
  async findExecutions(tenantId: string, of: ExecutionsOf, after: string, limit: number): Promise<Execution[]> {
    const where = { tenantId, ...of, ...(after !== '' && { executionId: MoreThan(after) }) };
    return this.transactions.within(tenantId, undefined, (manager) => manager.find(ExecutionEntity, { where, order: { executionId: 'ASC' }, take: limit }));
  }

  async find(tenantId: string, executionId: string): Promise<Execution | null> {
    return this.transactions.within(tenantId, undefined, (manager) => manager.findOneBy(ExecutionEntity, { tenantId, executionId }));
  }

  /** Ids of a user's commands, oldest first. @param after the last one known; '' from the first on */
  async findCommandIds(tenantId: string, userId: string, after: string, limit: number): Promise<string[]> {
    const where = { tenantId, userId, ...(after !== '' && { commandId: MoreThan(after) }) };
    const rows = await this.transactions.within(tenantId, undefined, (manager) => manager.find(CommandEntity, { where, select: { commandId: true }, order: { commandId: 'ASC' }, take: limit }));
    return rows.map(({ commandId }) => commandId);
  }

  /** Takes out what was said in executions, and by whom; again changes nothing. */
  async erase(tenantId: string, { executionIds, conversationIds }: ExecutionSet): Promise<ErasedRows> {
    return this.transactions.within(tenantId, undefined, async (manager) => {
      const count = async (sql: string): Promise<number> => (await manager.query<[unknown[], number]>(sql, [tenantId, executionIds, conversationIds]))[0].length;
      return { executions: await count(ERASE), events: await count(ERASE_EVENTS), webhookDeliveries: await count(ERASE_DELIVERIES) };
    });
  }

  /** Ids of the commands whose runs these are, and of those that a user has sent before a time. */
  async findCommands(tenantId: string, { executionIds, conversationIds }: ExecutionSet, by: { readonly userId: string; readonly until: Date } | null): Promise<string[]> {
    const values = [tenantId, executionIds, conversationIds, by?.userId ?? null, by?.until ?? new Date(0)];
    const rows = await this.transactions.within(tenantId, undefined, (manager) => manager.query<{ commandId: string }[]>(COMMANDS_OF, values));
    return rows.map(({ commandId }) => commandId);
  }
}
