import { Injectable } from '@nestjs/common';
import { Transactions } from '../../shared/database/index.js';

/** Executions accepted from ≤ time < to, of one agent or of all. */
export interface ExecutionSpan {
  readonly agentId?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** Numbers of the ended executions of one agent, or of all: then `agentId` is null. */
export interface AgentNumbers {
  readonly agentId: string | null;
  readonly executions: number;
  readonly completed: number;
  /** Of the completed ones, from acceptance to the end; 0 without any. Milliseconds. */
  readonly averageMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Millionths of a US dollar, of the models that have prices. */
  readonly costMicros: number;
}

const WHICH = 'tenant_id = $1 AND ($2::uuid IS NULL OR agent_id = $2) AND ($3::timestamptz IS NULL OR queued_at >= $3) AND ($4::timestamptz IS NULL OR queued_at < $4)';

/** One row more than there are agents: that of all. */
const NUMBERS = `
  SELECT agent_id AS "agentId", count(*)::float8 AS executions, count(ms)::float8 AS completed, coalesce(avg(ms), 0)::float8 AS "averageMs",
    coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms), 0) AS "p50Ms", coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY ms), 0) AS "p95Ms",
    coalesce(sum(input_tokens), 0)::float8 AS "inputTokens", coalesce(sum(output_tokens), 0)::float8 AS "outputTokens",
    coalesce(sum(cost_micros), 0)::float8 AS "costMicros"
  FROM (
    SELECT agent_id, CASE WHEN status = 'completed' THEN extract(epoch FROM ended_at - queued_at)::float8 * 1000 END AS ms,
      (usage->>'inputTokens')::bigint AS input_tokens, (usage->>'outputTokens')::bigint AS output_tokens, cost_micros
    FROM executions WHERE ${WHICH}) AS ended
  GROUP BY GROUPING SETS ((), (agent_id))`;

const HOURS = `SELECT extract(hour FROM queued_at AT TIME ZONE 'UTC')::integer AS hour, count(*)::float8 AS executions FROM executions WHERE ${WHICH} GROUP BY 1`;

/** Statistics over the table `executions`, counted when they are asked for. */
@Injectable()
export class ExecutionStatisticsRepository {
  constructor(private readonly transactions: Transactions) {}

  async findNumbers(tenantId: string, span: ExecutionSpan): Promise<AgentNumbers[]> {
    return this.transactions.within(tenantId, undefined, (manager) => manager.query<AgentNumbers[]>(NUMBERS, valuesOf(tenantId, span)));
  }

  /** By the hour of the day (UTC) in which they were accepted; hours without any are left out. */
  async findHours(tenantId: string, span: ExecutionSpan): Promise<{ readonly hour: number; readonly executions: number }[]> {
    return this.transactions.within(tenantId, undefined, (manager) => manager.query<{ hour: number; executions: number }[]>(HOURS, valuesOf(tenantId, span)));
  }
}

function valuesOf(tenantId: string, { agentId, from, to }: ExecutionSpan): unknown[] {
  return [tenantId, agentId ?? null, from ?? null, to ?? null];
}
