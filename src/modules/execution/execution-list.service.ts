import { Injectable } from '@nestjs/common';
import { toAppError } from '../../shared/errors/index.js';
import { EventLogStore } from './event-log/event-log.store.js';
import { ExecutionRepository } from './execution.repository.js';
import type { Execution, ExecutionFilter } from './execution.js';
import { RunStore } from './runs/run.store.js';

/** Where a page begins: behind the execution with the id `cursor`, the last one of the page before. */
export interface PagePlace {
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** A page of executions, newest first. */
export interface ExecutionPage {
  readonly data: readonly Execution[];
  /** Id of the last one; null on the last page. */
  readonly nextCursor: string | null;
  /** How many match in all. */
  readonly total: number;
}

/**
 * Lists over both stores. What PostgreSQL does not have yet is taken from Redis, live, and left out of what PostgreSQL is asked for; Redis is read first, so
 * that what is persisted meanwhile is not missed. The order is that of the ids, which begin with their time.
 */
@Injectable()
export class ExecutionList {
  constructor(
    private readonly runs: RunStore,
    private readonly log: EventLogStore,
    private readonly executions: ExecutionRepository,
  ) {}

  /** @throws HOT_STORE_UNAVAILABLE (unavailable) */
  async list(tenantId: string, filter: ExecutionFilter, page: PagePlace): Promise<ExecutionPage> {
    const ids = await this.runs.findUnpersisted(tenantId);
    const known = await Promise.all(ids.map((executionId) => this.log.find({ tenantId, executionId })));
    return this.merged(tenantId, filter, page, known.filter((execution) => execution !== null).filter((execution) => matches(execution, filter)));
  }

  /** The same; while Redis is away those that PostgreSQL has. */
  async listReachable(tenantId: string, filter: ExecutionFilter, page: PagePlace): Promise<ExecutionPage> {
    return this.list(tenantId, filter, page).catch((error: unknown) => {
      if (toAppError(error).code !== 'HOT_STORE_UNAVAILABLE') throw error;
      return this.merged(tenantId, filter, page, []);
    });
  }

  private async merged(tenantId: string, filter: ExecutionFilter, page: PagePlace, live: readonly Execution[]): Promise<ExecutionPage> {
    const liveIds = live.map(({ executionId }) => executionId);
    const [ended, count] = await Promise.all([this.executions.findPage(tenantId, filter, { ...page, limit: page.limit + 1 }, liveIds), this.executions.count(tenantId, filter, liveIds)]);
    const behind = live.filter(({ executionId }) => page.cursor === undefined || executionId < page.cursor);
    const merged = [...behind, ...ended].sort((a, b) => (a.executionId > b.executionId ? -1 : 1));
    const data = merged.slice(0, page.limit);
    return { data, nextCursor: merged.length > page.limit ? (data.at(-1)?.executionId ?? null) : null, total: live.length + count };
  }
}

function matches({ conversationId, agentId, status, queuedAt }: Execution, filter: ExecutionFilter): boolean {
  const { from, to } = filter;
  const isSame = (filter.conversationId ?? conversationId) === conversationId && (filter.agentId ?? agentId) === agentId && (filter.status ?? status) === status;
  return isSame && (from === undefined || queuedAt >= from) && (to === undefined || queuedAt < to);
}
