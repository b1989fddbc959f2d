import { Injectable } from '@nestjs/common';
import { ActionBus } from '../../../shared/actions/index.js';
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

  /** Runs in the queue, of every tenant. */
  async waiting(): Promise<number> {
    return this.bus.waiting('execution.agent_run');
  }
}
