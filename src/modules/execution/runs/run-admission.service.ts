import { Injectable } from '@nestjs/common';
import type { AppError } from '../../../shared/errors/index.js';
import type { RateLimit } from '../../../shared/http/index.js';
import { EventLogStore } from '../event-log/event-log.store.js';
import { executionErrors } from '../execution.errors.js';
import type { TurnBasis } from '../context/execution-contexts.service.js';
import { type ClaimingTurn, RunClaims } from '../usage/run-claims.service.js';
import { rateOf } from '../usage/rate-of.js';
import { TenantUsage } from '../usage/tenant-usage.service.js';
import { limitError } from '../usage/usage.errors.js';
import { exceededBy, type RunClaim } from '../usage/usage.js';
import { RunDispatcher } from './run-dispatcher.service.js';
import { RunCancellation } from './run-cancellation.service.js';
import type { Acceptance, Accepted, NotAccepted } from './acceptance.js';
import { MAX_WAITING_RUNS, type NewRun, RunStore } from './run.store.js';

/** A run that was not refused. */
export type Admission = Accepted & {
  /** Where its tenant stands with the turns that it may begin; undefined where these are not limited, or nothing was taken. */
  readonly rate?: RateLimit | undefined;
};

/** A turn that may begin a conversation. */
export type BeginningTurn = ClaimingTurn & { readonly conversationId?: string | undefined; readonly sessionId?: string | undefined };

/** Gives a run its place in its conversation, by what it wants to become of another one that is there, if its tenant's limits have room for it. */
@Injectable()
export class RunAdmission {
  constructor(
    private readonly runs: RunStore,
    private readonly log: EventLogStore,
    private readonly dispatcher: RunDispatcher,
    private readonly cancellation: RunCancellation,
    private readonly usage: TenantUsage,
    private readonly claims: RunClaims,
  ) {}

  /**
   * Accepts a run, or refuses it; again changes nothing. One that is `claimed` has to be sent to a worker; one that waits is, when its turn comes.
   *
   * @param basis whose limits it takes from; whoever is refused takes nothing
   * @param isNew its conversation begins with it
   * @throws CONVERSATION_BUSY (conflict), CONVERSATION_QUEUE_FULL, RATE_LIMITED, TIER_LIMIT_CONCURRENT_RUNS, BUDGET_EXHAUSTED (limited), MODEL_NOT_IN_TIER (forbidden),
   * USAGE_UNKNOWN (unavailable)
   */
  async admit(run: NewRun, basis: TurnBasis, isNew = false): Promise<Admission> {
    const claim = this.claims.claimOf(basis, run.action.data, isNew);
    const acceptance = await this.accept(run, claim);
    if (!isAccepted(acceptance)) throw refusalOf(acceptance, run, claim);
    if (acceptance.outcome === 'known') return acceptance;
    if (acceptance.taken?.isUsageOld === true) this.usage.reconcileSoon(run.tenantId);
    if (acceptance.outcome === 'waiting' && makesWay(run)) this.clearTheWay(run, acceptance);
    return { ...acceptance, rate: acceptance.taken && rateOf(claim.limits, acceptance.taken) };
  }

  /**
   * What {@link admit} would refuse a turn with, before it begins a conversation for nothing. Nothing is taken.
   *
   * @returns RATE_LIMITED, TIER_LIMIT_CONCURRENT_RUNS or BUDGET_EXHAUSTED (limited), or null
   * @throws MODEL_NOT_IN_TIER (forbidden)
   */
  async refusalOf(tenantId: string, basis: TurnBasis, { conversationId, sessionId, ...turn }: BeginningTurn): Promise<AppError | null> {
    const claim = this.claims.claimOf(basis, turn, true);
    // A conversation that is there is not begun; in a session that is there the run may wait for another one, in whose place it then runs.
    const { concurrentRuns, ...others } = claim.limits;
    const limits = sessionId === undefined && concurrentRuns !== undefined ? claim.limits : others;
    if (conversationId !== undefined || Object.keys(limits).length === 0) return null;
    const exceeded = exceededBy({ ...claim, limits }, await this.usage.read(tenantId));
    return exceeded && limitError(exceeded, claim);
  }

  /** Who wanted to interrupt before has been interrupted, too. */
  private clearTheWay({ tenantId, request }: NewRun, { activeId, heirId }: Extract<Admission, { outcome: 'waiting' }>): void {
    for (const executionId of heirId === undefined ? [activeId] : [activeId, heirId]) this.cancellation.cancelSoon({ tenantId, executionId }, request);
  }

  private async accept(run: NewRun, claim: RunClaim): Promise<Acceptance> {
    const acceptance = await this.runs.accept(run, claim);
    if (acceptance.outcome === 'unread') {
      await this.usage.reconcile(run.tenantId);
      return this.runs.accept(run, claim);
    }
    if (!('activeId' in acceptance) || (await this.log.find({ tenantId: run.tenantId, executionId: acceptance.activeId }))) return acceptance;
    // Nothing will ever end a run that is nowhere.
    await this.dispatcher.sendById(run.tenantId, await this.runs.passOn({ ...run, executionId: acceptance.activeId }));
    return acceptance.outcome === 'waiting' ? acceptance : this.runs.accept(run, claim);
  }
}

function isAccepted(acceptance: Acceptance): acceptance is Accepted {
  return acceptance.outcome === 'claimed' || acceptance.outcome === 'waiting' || acceptance.outcome === 'known';
}

function refusalOf(refused: NotAccepted, { conversationId }: NewRun, claim: RunClaim): AppError {
  switch (refused.outcome) {
    case 'busy': return executionErrors.conversationBusy(conversationId, refused.activeId);
    case 'full': return executionErrors.conversationFull(conversationId, refused.activeId, MAX_WAITING_RUNS);
    case 'limited': return limitError(refused.exceeded, claim);
    case 'unread': return executionErrors.usageUnknown();
  }
}

function makesWay({ onConflict }: NewRun): boolean {
  return onConflict === 'interrupt' || onConflict === 'rollback';
}
