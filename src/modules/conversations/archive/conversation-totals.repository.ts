import { Injectable } from '@nestjs/common';
import { SYSTEM_TENANT } from '../../../contracts/index.js';
import { Transactions } from '../../../shared/database/index.js';
import type { ConversationFilter, ConversationStatus } from '../conversation.js';
import { wholeDays } from './whole-days.js';

/** Numbers of one agent's conversations of one status. */
export interface ConversationTotals {
  readonly agentId: string;
  readonly status: ConversationStatus;
  readonly conversations: number;
  readonly messages: number;
  readonly tokens: number;
  /** Conversations with a satisfaction. */
  readonly ratings: number;
  readonly ratingSum: number;
  /** Conversations with a satisfaction of 4 or 5. */
  readonly satisfied: number;
}

/** What the totals are kept by. */
export type TotalsFilter = Pick<ConversationFilter, 'agentId' | 'status' | 'from' | 'to'>;

const NUMBERS = ['conversations', 'messages', 'tokens', 'ratings', 'rating_sum', 'satisfied'];
const columns = (sign: string): string => NUMBERS.map((name) => `${sign}${name}`).join(', ');
const OF_ROW = ['1', 'message_count', 'token_count', '(customer_satisfaction IS NOT NULL)::integer', 'coalesce(customer_satisfaction, 0)', '(coalesce(customer_satisfaction, 0) >= 4)::integer'];
const ofRow = (sign: string): string => OF_ROW.map((sql) => `${sign}(${sql})`).join(', ');

/** Whole days as they were counted, the parts of days at both ends counted now, less what is in Redis: one statement, so of one moment. */
const TOTALS = `
  SELECT agent_id AS "agentId", status, ${NUMBERS.map((name) => `sum(${name})::float8 AS ${name === 'rating_sum' ? '"ratingSum"' : name}`).join(', ')}
  FROM (
    SELECT agent_id, status, ${columns('')} FROM conversation_totals WHERE tenant_id = $1 AND ($2::date IS NULL OR day >= $2) AND ($3::date IS NULL OR day < $3)
    UNION ALL
    SELECT agent_id, status, ${columns('')} FROM conversation_total_changes WHERE tenant_id = $1 AND ($2::date IS NULL OR day >= $2) AND ($3::date IS NULL OR day < $3)
    UNION ALL
    SELECT agent_id, status, ${ofRow('')} FROM unnest($4::timestamptz[], $5::timestamptz[]) AS edge (first_at, last_at)
      JOIN conversations c ON c.tenant_id = $1 AND c.created_at >= edge.first_at AND c.created_at < edge.last_at
    UNION ALL
    SELECT agent_id, status, ${ofRow('-')} FROM unnest($6::uuid[]) AS hot (id) JOIN conversations c ON c.tenant_id = $1 AND c.conversation_id = hot.id
      WHERE ($7::timestamptz IS NULL OR created_at >= $7) AND ($8::timestamptz IS NULL OR created_at < $8)) AS part
  WHERE status <> 'deleted' AND ($9::uuid IS NULL OR agent_id = $9) AND ($10::text IS NULL OR status = $10)
  GROUP BY agent_id, status`;

/** Whoever folds takes what nobody else is folding, so that nothing counts twice; in one order, so that nobody waits in a circle. */
const FOLD = `
  WITH waiting AS (SELECT tenant_id, change_id FROM conversation_total_changes LIMIT $1 FOR UPDATE SKIP LOCKED),
  folded AS (DELETE FROM conversation_total_changes c USING waiting w WHERE c.tenant_id = w.tenant_id AND c.change_id = w.change_id RETURNING c.*),
  added AS (
    INSERT INTO conversation_totals AS t (tenant_id, day, agent_id, status, ${columns('')})
    SELECT tenant_id, day, agent_id, status, ${NUMBERS.map((name) => `sum(${name})`).join(', ')} FROM folded GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT ON CONSTRAINT conversation_totals_pk DO UPDATE SET (${columns('')}) = (${NUMBERS.map((name) => `t.${name} + excluded.${name}`).join(', ')}))
  SELECT count(*)::integer AS count FROM folded`;

/** Changes that one statement folds at the most. A guess: some milliseconds. */
const FOLDED_AT_ONCE = 10_000;

/** The tables `conversation_totals` and `conversation_total_changes`, which a trigger of `conversations` fills. */
@Injectable()
export class ConversationTotalsRepository {
  constructor(private readonly transactions: Transactions) {}

  /** By agent and status, deleted ones left out. @param hotIds to be left out: what their rows say is not the newest */
  async find(tenantId: string, { agentId, status, from, to }: TotalsFilter, hotIds: readonly string[]): Promise<ConversationTotals[]> {
    const { firstDay, lastDay, edges } = wholeDays(from, to);
    const span = [firstDay, lastDay, edges.map((edge) => edge.from), edges.map((edge) => edge.to)];
    const values = [tenantId, ...span, hotIds, from ?? null, to ?? null, agentId ?? null, status ?? null];
    return this.transactions.within(tenantId, undefined, (manager) => manager.query<ConversationTotals[]>(TOTALS, values));
  }

  /** Adds to the totals what was noted since, of all tenants. @returns whether there may be more */
  async fold(): Promise<boolean> {
    const [row] = await this.transactions.within(SYSTEM_TENANT, undefined, (manager) => manager.query<{ count: number }[]>(FOLD, [FOLDED_AT_ONCE]));
    return row?.count === FOLDED_AT_ONCE;
  }
}
