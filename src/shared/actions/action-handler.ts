import { DiscoveryService } from '@nestjs/core';
import type { ActionType, AnswerOf, DomainAction } from '../../contracts/index.js';
import type { AppError } from '../errors/index.js';

/** One try of one job. */
export interface ActionRun {
  /** Fires at the deadline of the action type, and when the process shuts down. */
  readonly signal: AbortSignal;
  /** 1 for the first try. */
  readonly attempt: number;
}

/**
 * Does one type of action. It is done at least once: again after a failed try, when a worker is lost or stalls (then perhaps twice at
 * the same time), and when somebody sends it again. All of these carry the same `actionId`, so every handler is idempotent by it, or by
 * something that follows from it, and says in one sentence why running twice equals running once.
 *
 * What `handle` returns is the answer, which the worker sends to the `callbackQueueName` of the action; so an action that was done
 * before returns the same answer again. `handle` is a property, so that TypeScript refuses another type's handler.
 */
export interface ActionHandler<T extends ActionType> {
  readonly handle: (action: DomainAction<T>, run: ActionRun) => Promise<AnswerOf<T>>;
  /** The last try has failed, or the error cannot be mended by trying again. */
  readonly onExhausted?: (action: DomainAction<T>, error: AppError) => Promise<void>;
}

/** Makes a provider the one handler of an action type. */
export const HandlesAction = DiscoveryService.createDecorator<ActionType>();
