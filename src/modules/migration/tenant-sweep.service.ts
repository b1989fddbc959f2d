import { Injectable } from '@nestjs/common';
import { ActionBus } from '../../shared/actions/index.js';
import { ConversationStatistics, HotIndexStore, SessionsService } from '../conversations/index.js';
import { RetentionPass, type TenantOfTier } from './retention-pass.service.js';

/** Conversations of one tenant that one look takes up. */
const PER_LOOK = 1_000;

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

  /**
   * One look at a tenant: completes conversations that have been silent for too long, and adds a move for each one that is due; one that is in flight is not
   * added again.
   *
   * @param look from 0; each one goes on behind the one before
   * @param isMoving false while the loop is stopped: then none is moved
   * @returns whether there may be more
   */
  async look(tenantId: string, look: number, isMoving: boolean): Promise<boolean> {
    const hasMoreIdle = await this.sessions.completeIdle(tenantId);
    const due = isMoving ? await this.index.findDue(tenantId, PER_LOOK, look * PER_LOOK) : [];
    await Promise.all(due.map((conversationId) => this.moveSoon(tenantId, conversationId)));
    return hasMoreIdle || due.length === PER_LOOK;
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
