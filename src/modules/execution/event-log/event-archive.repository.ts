import { Injectable } from '@nestjs/common';
import type { ExecutionEvent } from '../../../contracts/index.js';
import { Transactions, type Tx } from '../../../shared/database/index.js';
import type { ExecutionRef } from '../execution.js';
import { ExecutionEventsEntity } from './execution-events.entity.js';
import { fromPage, toPages } from './stored-events.js';

const INSERT_ONCE = `
  INSERT INTO execution_events (tenant_id, execution_id, first_seq, events)
  SELECT $1, $2, page.* FROM unnest($3::integer[], $4::jsonb[]) AS page ON CONFLICT DO NOTHING`;

/** The page that has the event behind a cursor, or the next one. A cursor may be larger than any integer of PostgreSQL's. */
const PAGE_BEHIND = `
  SELECT first_seq AS "firstSeq", events FROM execution_events
  WHERE tenant_id = $1 AND execution_id = $2 AND first_seq + jsonb_array_length(events) - 1 > $3::bigint
  ORDER BY first_seq LIMIT 1`;

/** The table `execution_events`: the logs of ended executions. */
@Injectable()
export class EventArchiveRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Stores events; those that are there already are left as they are. */
  async insertOnce({ tenantId, executionId }: ExecutionRef, events: readonly ExecutionEvent[], tx: Tx): Promise<void> {
    const pages = toPages(events);
    if (pages.length === 0) return;
    const values = [tenantId, executionId, pages.map(({ firstSeq }) => firstSeq), pages.map((page) => JSON.stringify(page.events))];
    await this.transactions.within(tenantId, tx, (manager) => manager.query(INSERT_ONCE, values));
  }

  /** Events after a cursor, oldest first: a page of them, or none. */
  async read({ tenantId, executionId }: ExecutionRef, after: number): Promise<ExecutionEvent[]> {
    const [page] = await this.transactions.within(tenantId, undefined, (manager) => manager.query<Pick<ExecutionEventsEntity, 'firstSeq' | 'events'>[]>(PAGE_BEHIND, [tenantId, executionId, after]));
    return page ? fromPage(page, after) : [];
  }

  async exists({ tenantId, executionId }: ExecutionRef): Promise<boolean> {
    return this.transactions.within(tenantId, undefined, (manager) => manager.existsBy(ExecutionEventsEntity, { tenantId, executionId }));
  }
}
