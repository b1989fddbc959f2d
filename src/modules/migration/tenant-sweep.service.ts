import { Injectable } from '@nestjs/common';
import { ActionBus } from '../../shared/actions/index.js';
import { ConversationStatistics, HotIndexStore, SessionsService } from '../conversations/index.js';
import { RetentionPass, type TenantOfTier } from './retention-pass.service.js';

/** Conversations of one tenant taken up in one sweep; the next sweep goes on. */
const PER_TENANT = 1_000;

/** What a sweep does for the tenants. */
@Injectable()
export class TenantSweep {
  constructor(
    private readonly bus: ActionBus,
    private readonly index: HotIndexStore,
    private readonly sessions: SessionsService,
    private readonly retention: RetentionPass,
    private readonly statistics: ConversationStatistics,
  ) {}

  /** Completes conversations that have been silent for too long. */
  async completeIdle(tenantId: string): Promise<void> {
    await this.sessions.completeIdle(tenantId);
  }

  /** Adds a move for each conversation that is due; one that is in flight is not added again. */
  async moveDue(tenantId: string): Promise<void> {
    const due = await this.index.findDue(tenantId, PER_TENANT);
    await Promise.all(due.map((conversationId) => this.moveSoon(tenantId, conversationId)));
  }

  /** Adds up what was noted of changes of conversations. */
  async tidy(signal: AbortSignal): Promise<void> {
    await this.statistics.tidy(signal);
  }

  /** Ends conversations whose retention is over, if it is time to. */
  async retain(tenants: readonly TenantOfTier[], signal: AbortSignal): Promise<void> {
    await this.retention.run(tenants, signal);
  }

  private async moveSoon(tenantId: string, conversationId: string): Promise<void> {
    await this.bus.send('migration.move', { tenantId, tenantTier: 'enterprise', data: { conversationId } }, { jobId: `${tenantId}:${conversationId}` });
  }
}
