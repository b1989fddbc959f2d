import { Injectable } from '@nestjs/common';
import { ACTION_TYPES, type ActionType } from '../../contracts/index.js';
import { ActionBus, type NewAction } from './action-bus.service.js';
import { actionErrors } from './actions.errors.js';
import { type DeadLetterPage, DeadLettersStore, type StoredDeadLetter } from './dead-letters.store.js';

/** What an operator does with the jobs that failed for good. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly store: DeadLettersStore,
    private readonly bus: ActionBus,
  ) {}

  /** Newest first. @param cursor `nextCursor` of the page before */
  async page(limit: number, cursor?: string): Promise<DeadLetterPage> {
    return this.store.page(limit, cursor);
  }

  /**
   * Sends the action again, with its own ids, to the queue of its type; then the letter is gone. A second call at the same moment adds no second job.
   *
   * @returns the id of the action
   * @throws DEAD_LETTER_NOT_FOUND (notFound), DEAD_LETTER_NO_ACTION and what `ActionBus.send` throws: then the letter stays
   */
  async retry(deadLetterId: string): Promise<{ actionId: string; actionType: ActionType }> {
    const letter = await this.store.find(deadLetterId);
    if (!letter) throw actionErrors.deadLetterNotFound(deadLetterId);
    const actionType = ownType(letter);
    const actionId = await this.bus.send(actionType, letter.action as NewAction<ActionType>, { jobId: `retry.${deadLetterId}` });
    await this.store.remove(deadLetterId);
    return { actionId, actionType };
  }

  /** @throws DEAD_LETTER_NOT_FOUND (notFound) */
  async remove(deadLetterId: string): Promise<void> {
    if (!(await this.store.remove(deadLetterId))) throw actionErrors.deadLetterNotFound(deadLetterId);
  }

  /** Deletes those of a tenant whose action is meant; it may be anything that was in a queue. @returns how many */
  async removeWhere(tenantId: string, isMeant: (action: unknown) => boolean): Promise<number> {
    return this.store.removeWhere(tenantId, isMeant);
  }
}

/** What lay in a wrong queue goes to the right one. */
function ownType({ deadLetterId, type, action }: StoredDeadLetter): ActionType {
  if (typeof action !== 'object' || action === null || Array.isArray(action)) throw actionErrors.deadLetterNoAction(deadLetterId);
  const said = (action as { readonly actionType?: unknown }).actionType;
  return ACTION_TYPES.find((known) => known === said) ?? type;
}
