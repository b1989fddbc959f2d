import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { Tier } from '../../contracts/index.js';
import { AgentCacheInvalidator } from '../../shared/cache/index.js';
import { Transactions } from '../../shared/database/index.js';
import { MetricsService } from '../../shared/telemetry/index.js';
import { type LimitOverrides, limitsOf } from '../tenancy/index.js';
import { ConversationArchive } from './archive/conversation-archive.service.js';
import { type Candidate, type Retained, type RetentionCutoffs, type RetentionForecast, RetentionRepository } from './archive/retention.repository.js';
import { HotIndexStore } from './hot/hot-index.store.js';

const DAY_MS = 86_400_000;
/** Messages that one transaction erases, unless a single conversation has more: well within the time of a statement. A guess. */
const MESSAGES_AT_ONCE = 20_000;

/** Whose conversations, as of when. */
export interface RetentionOf {
  readonly tenantId: string;
  readonly tier: Tier;
  /** What it may otherwise than its tier. */
  readonly limits?: LimitOverrides;
  readonly now: Date;
}

export interface RetentionBatch {
  readonly archived: number;
  readonly erased: number;
  /** There is nothing left to do. */
  readonly isThrough: boolean;
}

/**
 * The end of conversations: one at rest that has been silent for as long as its tenant's tier says is archived; once it has been archived for as
 * long again, and silent for twice as long, its content is erased, as by a deletion. Whoever is in Redis is left alone.
 */
@Injectable()
export class ConversationRetention {
  private readonly ended: Counter<'outcome'>;

  constructor(
    private readonly rows: RetentionRepository,
    private readonly archived: ConversationArchive,
    private readonly index: HotIndexStore,
    private readonly transactions: Transactions,
    private readonly invalidator: AgentCacheInvalidator,
    metrics: MetricsService,
  ) {
    this.ended = metrics.counter({ name: 'nooble_retention_conversations_total', help: 'Conversations that this process has archived or erased because their time was over.', labelNames: ['outcome'] });
  }

  /** One batch of each. Running twice equals running once. @param limit conversations of each at the most */
  async apply(of: RetentionOf, limit: number): Promise<RetentionBatch> {
    const cutoffs = cutoffsOf(of);
    const [archived, hasMoreToArchive] = await this.archive(cutoffs, of.now, limit);
    const [erased, hasMoreToErase] = await this.erase(cutoffs, of.now, limit);
    return { archived, erased, isThrough: !hasMoreToArchive && !hasMoreToErase };
  }

  /** What would be archived and erased now; it counts those, too, that are in Redis. */
  async forecast(all: readonly RetentionOf[]): Promise<RetentionForecast> {
    return this.rows.forecast(all.map(cutoffsOf));
  }

  /** Whoever comes back to life in this moment lives: the row follows with its next message, or its next move. */
  private async archive(cutoffs: RetentionCutoffs, now: Date, limit: number): Promise<[count: number, hasMore: boolean]> {
    const found = await this.rows.findArchivable(cutoffs, limit);
    const cold = await this.cold(cutoffs.tenantId, found);
    const archived = cold.length === 0 ? [] : await this.rows.archive(cutoffs, cold, now);
    await this.forget(cutoffs.tenantId, archived);
    this.ended.inc({ outcome: 'archived' }, archived.length);
    return [archived.length, found.length === limit && archived.length > 0];
  }

  /** Redis is told afterwards: nobody brings back what he read in PostgreSQL before. */
  private async erase(cutoffs: RetentionCutoffs, now: Date, limit: number): Promise<[count: number, hasMore: boolean]> {
    const { tenantId } = cutoffs;
    await this.rows.stamp(tenantId, now, limit);
    const found = await this.rows.findErasable(cutoffs, limit);
    const few = atOnce(found);
    const cold = await this.cold(tenantId, few);
    const erased = cold.length === 0 ? [] : await this.transactions.run(tenantId, (tx) => this.rows.erase(cutoffs, cold, tx));
    await Promise.all(erased.map((conversation) => this.archived.purge({ tenantId, conversationId: conversation.conversationId }, conversation)));
    await this.archived.forgetExecutions(tenantId, erased.map(({ conversationId }) => conversationId));
    await this.forget(tenantId, erased);
    this.ended.inc({ outcome: 'erased' }, erased.length);
    return [erased.length, (found.length === limit || few.length < found.length) && erased.length > 0];
  }

  private async cold(tenantId: string, candidates: readonly Candidate[]): Promise<string[]> {
    const ids = candidates.map(({ conversationId }) => conversationId);
    const hot = await this.index.hotAmong(tenantId, ids);
    return ids.filter((id) => !hot.has(id));
  }

  private async forget(tenantId: string, conversations: readonly Retained[]): Promise<void> {
    await Promise.all(conversations.map(({ agentId, conversationId }) => this.invalidator.conversation(tenantId, agentId, conversationId)));
  }
}

function cutoffsOf({ tenantId, tier, limits, now }: RetentionOf): RetentionCutoffs {
  const { retentionDays } = limitsOf(tier, limits);
  const before = (times: number): Date => new Date(now.getTime() - times * retentionDays * DAY_MS);
  return { tenantId, archiveBefore: before(1), eraseBefore: { archivedAt: before(1), lastMessageAt: before(2) } };
}

/** The first of them that have no more messages together, and at least one. */
function atOnce(candidates: readonly Candidate[]): readonly Candidate[] {
  let messages = 0;
  return candidates.filter(({ messageCount }, i) => {
    messages += messageCount;
    return i === 0 || messages <= MESSAGES_AT_ONCE;
  });
}
