import { Injectable } from '@nestjs/common';
import { ActionBus } from '../../../shared/actions/index.js';
import type { RunRef } from '../execution.js';
import { type NewRun, RunStore } from './run.store.js';

/** Sends runs to the workers. While a run's job waits or is worked on, another one is not added: sending twice is sending once. */
@Injectable()
export class RunDispatcher {
  constructor(
    private readonly runs: RunStore,
    private readonly bus: ActionBus,
  ) {}

  /** @throws HOT_STORE_UNAVAILABLE (unavailable): the sweep sends it then */
  async send(action: NewRun['action']): Promise<void> {
    await this.bus.send('execution.agent_run', action, { jobId: action.taskId });
  }

  /** The same of a run by its id; nothing happens if it has ended, or if there is none. */
  async sendById(tenantId: string, executionId: string | null): Promise<void> {
    if (executionId === null) return;
    const action = await this.runs.findAction({ tenantId, executionId });
    if (action) await this.send(action);
  }

  /**
   * The same of a run that may have been sent before, unless it waits for another one. Whoever ends that one sends it: a job of one that waits could be in
   * a worker's hands in that moment, and stand in the way of the other.
   */
  async sendUnlessInLine(run: RunRef): Promise<void> {
    if (!(await this.runs.isInLine(run))) await this.sendById(run.tenantId, run.executionId);
  }

  /** Runs in the queue, of every tenant. */
  async waiting(): Promise<number> {
    return this.bus.waiting('execution.agent_run');
  }
}
