import type { OnApplicationBootstrap } from '@nestjs/common';
import { type DomainAction, SYSTEM_TENANT } from '../../../contracts/index.js';
import { ActionBus, type ActionHandler, type ActionRun, HandlesAction } from '../../../shared/actions/index.js';
import { CrmSettings, ServerSettings } from '../../../shared/config/index.js';
import { ErasureRepository } from './erasure.repository.js';
import { Erasures } from './erasures.service.js';

/** How often somebody looks, and how late a pass may be. Guesses, milliseconds. */
const EVERY_MS = 60_000;
const LATE_MS = 60_000;
/** Erasures that one look wakes. */
const PER_LOOK = 100;

/** Wakes erasures whose job was lost. Running twice equals running once: a job that waits or is worked on is not added again. */
@HandlesAction('crm.sweep_erasures')
export class SweepErasuresHandler implements ActionHandler<'crm.sweep_erasures'>, OnApplicationBootstrap {
  constructor(
    private readonly bus: ActionBus,
    private readonly erasures: ErasureRepository,
    private readonly requests: Erasures,
    private readonly server: ServerSettings,
    private readonly settings: CrmSettings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.server.role === 'api') return;
    await this.bus.send('crm.sweep_erasures', { tenantId: SYSTEM_TENANT, tenantTier: 'enterprise', data: {} }, { everyMs: EVERY_MS });
  }

  readonly handle = async (_: DomainAction<'crm.sweep_erasures'>, { signal }: ActionRun): Promise<void> => {
    const before = new Date(Date.now() - LATE_MS - this.settings.erasureSettleSeconds * 1_000);
    for (const erasure of await this.erasures.findForgotten(before, PER_LOOK)) {
      signal.throwIfAborted();
      await this.requests.wake(erasure);
    }
  };
}
