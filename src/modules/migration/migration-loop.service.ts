import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type MigrationLoopAnswer, SYSTEM_TENANT } from '../../contracts/index.js';
import { ActionBus } from '../../shared/actions/index.js';
import { MigrationStateStore } from './migration-state.store.js';

/** A stop waits this long for the moves that are running. @source `originals.md` section 1.11 */
const STOP_WAIT_MS = 5_000;
const POLL_MS = 50;

/** Switches the moves that begin by themselves on and off, in all processes and over their restarts. */
@Injectable()
export class MigrationLoop {
  constructor(
    private readonly state: MigrationStateStore,
    private readonly bus: ActionBus,
  ) {}

  /** A sweep follows at once. Starting what runs changes nothing. */
  async start(): Promise<MigrationLoopAnswer> {
    const changed = await this.state.setStatus('running');
    await this.bus.send('migration.sweep', { tenantId: SYSTEM_TENANT, tenantTier: 'enterprise', data: {} }, { jobId: 'start' });
    return { status: 'running', changed, moving: await this.state.moving() };
  }

  /** No move begins after this was called; those that run are waited for, 5 s at the most. Stopping what is stopped changes nothing. */
  async stop(): Promise<MigrationLoopAnswer> {
    const changed = await this.state.setStatus('stopped');
    const until = Date.now() + STOP_WAIT_MS;
    let moving = await this.state.moving();
    while (moving > 0 && Date.now() < until) {
      await wait(POLL_MS);
      moving = await this.state.moving();
    }
    return { status: 'stopped', changed, moving };
  }
}
