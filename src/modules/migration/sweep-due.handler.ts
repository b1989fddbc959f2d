import type { OnApplicationBootstrap } from '@nestjs/common';
import { SYSTEM_TENANT, type DomainAction } from '../../contracts/index.js';
import { ActionBus, type ActionHandler, type ActionRun, HandlesAction } from '../../shared/actions/index.js';
import { MigrationSettings, ServerSettings } from '../../shared/config/index.js';
import { HotIndexStore, SessionsService } from '../conversations/index.js';
import { TenantsService } from '../tenancy/index.js';

/** Conversations of one tenant taken up in one sweep; the next sweep goes on. */
const PER_TENANT = 1_000;

/** Running twice equals running once: what is completed stays so, and a job that is in flight is not added again. */
@HandlesAction('migration.sweep')
export class SweepDueHandler implements ActionHandler<'migration.sweep'>, OnApplicationBootstrap {
  constructor(
    private readonly bus: ActionBus,
    private readonly index: HotIndexStore,
    private readonly sessions: SessionsService,
    private readonly tenants: TenantsService,
    private readonly migration: MigrationSettings,
    private readonly server: ServerSettings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.server.role === 'api') return;
    const action = { tenantId: SYSTEM_TENANT, tenantTier: 'enterprise', data: {} } as const;
    await this.bus.send('migration.sweep', action, { everyMs: this.migration.intervalSeconds * 1_000 });
  }

  readonly handle = async (_: DomainAction<'migration.sweep'>, { signal }: ActionRun): Promise<void> => {
    for (const tenantId of await this.tenants.tenantIds()) {
      signal.throwIfAborted();
      await this.sessions.completeIdle(tenantId);
      const due = await this.index.findDue(tenantId, PER_TENANT);
      await Promise.all(due.map((conversationId) => this.moveSoon(tenantId, conversationId)));
    }
  };

  private async moveSoon(tenantId: string, conversationId: string): Promise<void> {
    await this.bus.send('migration.move', { tenantId, tenantTier: 'enterprise', data: { conversationId } }, { jobId: `${tenantId}:${conversationId}` });
  }
}
