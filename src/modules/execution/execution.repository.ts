import { Injectable } from '@nestjs/common';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import type { ExecutionEvent } from '../../contracts/index.js';
import { Transactions, type Tx } from '../../shared/database/index.js';
import { toPages } from './event-log/stored-events.js';
import { ExecutionEntity } from './execution.entity.js';
import type { Execution, ExecutionFilter, ExecutionRef } from './execution.js';
import type { Spent } from './usage/usage.js';

/** Of the month and of the day that it is in UTC, from the index and the rows that it names. */
const SPENT = `
  SELECT coalesce(sum((usage->>'totalTokens')::bigint), 0) AS "monthTokens", coalesce(sum(cost_micros), 0) AS "monthCost",
    coalesce(sum((usage->>'totalTokens')::bigint) FILTER (WHERE ended_at >= $3), 0) AS "dayTokens", coalesce(sum(cost_micros) FILTER (WHERE ended_at >= $3), 0) AS "dayCost"
  FROM executions WHERE tenant_id = $1 AND ended_at >= $2`;

/** One statement, so both or neither; the columns are the entity's. */
const insertSql = (columns: string): string => `
  WITH ended AS (INSERT INTO executions (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::executions, $1) ON CONFLICT DO NOTHING)
  INSERT INTO execution_events (tenant_id, execution_id, first_seq, events)
  SELECT tenant_id, execution_id, first_seq, events FROM jsonb_populate_recordset(NULL::execution_events, $2) ON CONFLICT DO NOTHING`;

/** The table `executions`: ended ones. */
@Injectable()
export class ExecutionRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Writes ended executions with the events of their logs that are given; what is there already is left as it is. All of it or nothing. */
  async insertOnce(tenantId: string, ended: readonly { readonly execution: Execution; readonly events: readonly ExecutionEvent[] }[], tx?: Tx): Promise<void> {
    await this.transactions.within(tenantId, tx, async (manager) => {
      const { columns } = manager.connection.getMetadata(ExecutionEntity);
      const rows = ended.map(({ execution }) => Object.fromEntries(columns.map((column) => [column.databaseName, column.getEntityValue({ ...execution, tenantId })])));
      const pages = ended.flatMap(({ execution: { executionId }, events }) =>
        toPages(events).map((page) => ({ tenant_id: tenantId, execution_id: executionId, first_seq: page.firstSeq, events: page.events })));
      const sql = insertSql(columns.map(({ databaseName }) => databaseName).join(', '));
      await manager.query(sql, [JSON.stringify(rows), JSON.stringify(pages)]);
    });
  }

  async find({ tenantId, executionId }: ExecutionRef): Promise<Execution | null> {
    return this.transactions.within(tenantId, undefined, (manager) => manager.findOneBy(ExecutionEntity, { tenantId, executionId }));
  }

  /** Newest first, behind a cursor. @param exceptIds not these */
  async findPage(tenantId: string, filter: ExecutionFilter, { limit, cursor }: { readonly limit: number; readonly cursor: string | undefined }, exceptIds: readonly string[]): Promise<Execution[]> {
    return this.transactions.within(tenantId, undefined, (manager) => {
      const query = matching(manager, tenantId, filter, exceptIds).orderBy('e.executionId', 'DESC').limit(limit);
      return (cursor === undefined ? query : query.andWhere('e.executionId < :cursor', { cursor })).getMany();
    });
  }

  async count(tenantId: string, filter: ExecutionFilter, exceptIds: readonly string[]): Promise<number> {
    return this.transactions.within(tenantId, undefined, (manager) => matching(manager, tenantId, filter, exceptIds).getCount());
  }

  /** What ended executions have used, of the day and of the month of UTC. */
  async findSpent(tenantId: string, now: Date): Promise<{ readonly today: Spent; readonly thisMonth: Spent }> {
    const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
    const since = [new Date(Date.UTC(year, month, 1)), new Date(Date.UTC(year, month, day))];
    const [row] = await this.transactions.within(tenantId, undefined, (manager) => manager.query<Record<'monthTokens' | 'monthCost' | 'dayTokens' | 'dayCost', string>[]>(SPENT, [tenantId, ...since]));
    return { today: { tokens: Number(row?.dayTokens), costMicros: Number(row?.dayCost) }, thisMonth: { tokens: Number(row?.monthTokens), costMicros: Number(row?.monthCost) } };
  }
}

function matching(manager: EntityManager, tenantId: string, { conversationId, agentId, status, from, to }: ExecutionFilter, exceptIds: readonly string[]): SelectQueryBuilder<ExecutionEntity> {
  const conditions: readonly [string, Record<string, unknown>][] = [
    ['e.executionId <> ALL(:exceptIds)', { exceptIds: exceptIds.length > 0 ? exceptIds : undefined }],
    ['e.conversationId = :conversationId', { conversationId }],
    ['e.agentId = :agentId', { agentId }],
    ['e.status = :status', { status }],
    ['e.queuedAt >= :from', { from }],
    ['e.queuedAt < :to', { to }],
  ];
  const wanted = conditions.filter(([, values]) => Object.values(values).every((value) => value !== undefined));
  return wanted.reduce((query, [sql, values]) => query.andWhere(sql, values), manager.createQueryBuilder(ExecutionEntity, 'e').where('e.tenantId = :tenantId', { tenantId }));
}
