import { Injectable } from '@nestjs/common';
import { EventLogStore } from '../event-log/event-log.store.js';
import { executionErrors } from '../execution.errors.js';
import { RunDispatcher } from './run-dispatcher.service.js';
import { RunCancellation } from './run-cancellation.service.js';
import { type Acceptance, MAX_WAITING_RUNS, type NewRun, RunStore } from './run.store.js';

/** A run that was not refused. */
export type Admission = Exclude<Acceptance, { outcome: 'busy' } | { outcome: 'full' }>;

/** Gives a run its place in its conversation, by what it wants to become of another one that is there. */
@Injectable()
export class RunAdmission {
  constructor(
    private readonly runs: RunStore,
    private readonly log: EventLogStore,
    private readonly dispatcher: RunDispatcher,
    private readonly cancellation: RunCancellation,
  ) {}

  /**
   * Accepts a run, or refuses it; again changes nothing. One that is `claimed` has to be sent to a worker; one that waits is, when its turn comes.
   *
   * @throws CONVERSATION_BUSY (conflict), CONVERSATION_QUEUE_FULL (limited)
   */
  async admit(run: NewRun): Promise<Admission> {
    const acceptance = await this.accept(run);
    if (acceptance.outcome === 'busy') throw executionErrors.conversationBusy(run.conversationId, acceptance.activeId);
    if (acceptance.outcome === 'full') throw executionErrors.conversationFull(run.conversationId, acceptance.activeId, MAX_WAITING_RUNS);
    if (acceptance.outcome === 'waiting' && makesWay(run)) this.clearTheWay(run, acceptance);
    return acceptance;
  }

  /** Who wanted to interrupt before has been interrupted, too. */
  private clearTheWay({ tenantId, request }: NewRun, { activeId, heirId }: Extract<Admission, { outcome: 'waiting' }>): void {
    for (const executionId of heirId === undefined ? [activeId] : [activeId, heirId]) this.cancellation.cancelSoon({ tenantId, executionId }, request);
  }

  private async accept(run: NewRun): Promise<Acceptance> {
    const acceptance = await this.runs.accept(run);
    if (!('activeId' in acceptance) || (await this.log.find({ tenantId: run.tenantId, executionId: acceptance.activeId }))) return acceptance;
    // Nothing will ever end a run that is nowhere.
    await this.dispatcher.sendById(run.tenantId, await this.runs.passOn({ ...run, executionId: acceptance.activeId }));
    return acceptance.outcome === 'waiting' ? acceptance : this.runs.accept(run);
  }
}

function makesWay({ onConflict }: NewRun): boolean {
  return onConflict === 'interrupt' || onConflict === 'rollback';
}
