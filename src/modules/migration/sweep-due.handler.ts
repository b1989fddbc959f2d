import type { OnApplicationBootstrap } from '@nestjs/common';
import { SYSTEM_TENANT, type DomainAction } from '../../contracts/index.js';
import { ActionBus, type ActionHandler, type ActionRun, HandlesAction } from '../../shared/actions/index.js';
import { MigrationSettings, ServerSettings } from '../../shared/config/index.js';
import { TenantsService } from '../tenancy/index.js';
import { MigrationStateStore } from './migration-state.store.js';
import { TenantSweep } from './tenant-sweep.service.js';

/** Running twice equals running once: what is completed stays so, and a job that is in flight is not added again. */
@HandlesAction('migration.sweep')
export class SweepDueHandler implements ActionHandler<'migration.sweep'>, OnApplicationBootstrap {
  constructor(
    private readonly bus: ActionBus,
    private readonly sweep: TenantSweep,
    private readonly tenants: TenantsService,
    private readonly state: MigrationStateStore,
    private readonly migration: MigrationSettings,
    private readonly server: ServerSettings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.server.role === 'api') return;
    const action = { tenantId: SYSTEM_TENANT, tenantTier: 'enterprise', data: {} } as const;
    await this.bus.send('migration.sweep', action, { everyMs: this.migration.intervalSeconds * 1_000 });
  }

  /** While the loop is stopped, conversations are still completed: it is the tenants' limits that they count for. */
  readonly handle = async (_: DomainAction<'migration.sweep'>, { signal }: ActionRun): Promise<void> => {
    const isRunning = (await this.state.loop()).status === 'running';
    const tenants = await this.tenants.all();
    for (const { tenantId } of tenants) {
      signal.throwIfAborted();
      await this.sweep.completeIdle(tenantId);
      if (isRunning) await this.sweep.moveDue(tenantId);
    }
    await this.sweep.tidy(signal);
    if (!isRunning) return;
    await this.state.note('lastRunAt');
    // Last: the moves do not wait for it.
    await this.sweep.retain(tenants, signal);
  };
}
