import { DiscoveryService } from '@nestjs/core';
import type { ActionType, DomainAction } from '../../contracts/index.js';
import type { AppError } from '../errors/index.js';

/** One try of one job. */
export interface ActionRun {
  /** Fires at the deadline of the action type, and when the process shuts down. */
  readonly signal: AbortSignal;
  /** 1 for the first try. */
  readonly attempt: number;
}

/**
 * Does one type of action. Every handler says why running twice equals running once: Bull runs a job again when a worker is lost.
 * `handle` is a property, so that TypeScript refuses another type's handler.
 */
export interface ActionHandler<T extends ActionType> {
  readonly handle: (action: DomainAction<T>, run: ActionRun) => Promise<void>;
  /** The last try has failed, or the error cannot be mended by trying again. */
  readonly onExhausted?: (action: DomainAction<T>, error: AppError) => Promise<void>;
}

/** Makes a provider the one handler of an action type. */
export const HandlesAction = DiscoveryService.createDecorator<ActionType>();
