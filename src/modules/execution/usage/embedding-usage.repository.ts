import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../shared/database/index.js';
import { dayOf, monthOf, type Spent } from './usage.js';

const ADD = `
  INSERT INTO embedding_usage (tenant_id, day, tokens, cost_micros) VALUES ($1, $2, $3, $4)
  ON CONFLICT (tenant_id, day) DO UPDATE SET tokens = embedding_usage.tokens + excluded.tokens, cost_micros = embedding_usage.cost_micros + excluded.cost_micros`;

const SPENT = `
  SELECT coalesce(sum(tokens), 0) AS "monthTokens", coalesce(sum(cost_micros), 0) AS "monthCost",
    coalesce(sum(tokens) FILTER (WHERE day >= $3), 0) AS "dayTokens", coalesce(sum(cost_micros) FILTER (WHERE day >= $3), 0) AS "dayCost"
  FROM embedding_usage WHERE tenant_id = $1 AND day >= $2`;

/** The table `embedding_usage`: a row for each day on which a tenant has had texts embedded. */
@Injectable()
export class EmbeddingUsageRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Adds to a day. Twice is not once. @param day of UTC, such as 2026-11-27 */
  async add(tenantId: string, day: string, { tokens, costMicros }: Spent): Promise<void> {
    await this.transactions.within(tenantId, undefined, (manager) => manager.query(ADD, [tenantId, day, tokens, costMicros]));
  }

  /** Of the day and of the month of UTC. */
  async findSpent(tenantId: string, now: Date): Promise<{ readonly today: Spent; readonly thisMonth: Spent }> {
    const days = [`${monthOf(now)}-01`, dayOf(now)];
    const [row] = await this.transactions.within(tenantId, undefined, (manager) => manager.query<Record<'monthTokens' | 'monthCost' | 'dayTokens' | 'dayCost', string>[]>(SPENT, [tenantId, ...days]));
    return { today: { tokens: Number(row?.dayTokens), costMicros: Number(row?.dayCost) }, thisMonth: { tokens: Number(row?.monthTokens), costMicros: Number(row?.monthCost) } };
  }
}
