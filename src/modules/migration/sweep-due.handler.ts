import type { OnApplicationBootstrap } from '@nestjs/common';
import { SYSTEM_TENANT, type DomainAction } from '../../contracts/index.js';
import { ActionBus, type ActionHandler, type ActionRun, HandlesAction } from '../../shared/actions/index.js';
import { MigrationSettings, ServerSettings } from '../../shared/config/index.js';
import { toAppError } from '../../shared/errors/index.js';
import { TenantsService } from '../tenancy/index.js';
import { MigrationStateStore } from './migration-state.store.js';
import type { TenantOfTier } from './retention-pass.service.js';
import { TenantSweep } from './tenant-sweep.service.js';

/** Looks at one tenant in one sweep; the next sweep goes on. A guess: 20 000 jobs are some 20 MB of Redis. */
const LOOKS = 20;
/** After this long nobody is looked at once more: the rest of the sweep has to have its time. A guess: half of its deadline. Milliseconds. */
const LOOKING_MS = 30_000;

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
    const failures: unknown[] = [];
    const until = Date.now() + LOOKING_MS;
    let left: readonly TenantOfTier[] = tenants;
    // In turns: nobody's backlog holds up the others.
    for (let look = 0; look < LOOKS && left.length > 0; look++) left = await this.look(left, look, { isRunning, signal, until, failures });
    await this.sweep.tidy(signal);
    if (isRunning) {
      await this.state.note('lastRunAt');
      // Last: the moves do not wait for it.
      await this.sweep.retain(tenants, signal);
    }
    if (failures.length > 0) throw failures[0];
  };

  /** One tenant's failure does not stop the others; a store that is away stops all. @returns the tenants of which there may be more */
  private async look(tenants: readonly TenantOfTier[], look: number, { isRunning, signal, until, failures }: Look): Promise<TenantOfTier[]> {
    const left: TenantOfTier[] = [];
    for (const tenant of tenants) {
      signal.throwIfAborted();
      if (look > 0 && Date.now() > until) return [];
      try {
        if (await this.sweep.look(tenant.tenantId, look, isRunning)) left.push(tenant);
      } catch (error) {
        if (toAppError(error).kind === 'unavailable') throw error;
        failures.push(error);
      }
    }
    return left;
  }
}

interface Look {
  readonly isRunning: boolean;
  readonly signal: AbortSignal;
  /** Epoch milliseconds; the first look is taken whatever the time is. */
  readonly until: number;
  /** What went wrong for single tenants. */
  readonly failures: unknown[];
}
