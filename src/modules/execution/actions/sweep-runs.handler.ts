import type { OnApplicationBootstrap } from '@nestjs/common';
import { type DomainAction, SYSTEM_TENANT } from '../../../contracts/index.js';
import { ActionBus, type ActionHandler, type ActionRun, HandlesAction } from '../../../shared/actions/index.js';
import { ServerSettings } from '../../../shared/config/index.js';
import { SilentRuns } from '../runs/silent-runs.service.js';
import { WebhookDeliveries } from '../webhooks/webhook-deliveries.service.js';

/** How often somebody looks after silent runs and overdue deliveries. Milliseconds. */
const EVERY_MS = 30_000;

/**
 * Looks after runs that nobody has heard of, and after deliveries of webhooks that should have been made. It is what mends a crash between two steps.
 * Running twice equals running once: a job that waits or is worked on is not added again, and what PostgreSQL has it keeps.
 */
@HandlesAction('execution.sweep')
export class SweepRunsHandler implements ActionHandler<'execution.sweep'>, OnApplicationBootstrap {
  constructor(
    private readonly bus: ActionBus,
    private readonly silentRuns: SilentRuns,
    private readonly deliveries: WebhookDeliveries,
    private readonly server: ServerSettings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.server.role === 'api') return;
    await this.bus.send('execution.sweep', { tenantId: SYSTEM_TENANT, tenantTier: 'enterprise', data: {} }, { everyMs: EVERY_MS });
  }

  /** @throws what the first of the two fails with; the other one has been done */
  readonly handle = async (_: DomainAction<'execution.sweep'>, { signal }: ActionRun): Promise<void> => {
    const done = await Promise.allSettled([this.silentRuns.lookAfter(signal), this.deliveries.wakeOverdue(signal)]);
    const failed = done.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  };
}
