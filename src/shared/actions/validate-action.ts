import { ACTIONS, DomainAction, type ActionType } from '../../contracts/index.js';
import { AppError } from '../errors/index.js';
import { validated } from '../http/index.js';

/**
 * Reads an envelope and its `data`, at both ends of a queue.
 *
 * @throws VALIDATION_FAILED, ACTION_MISPLACED (invalid)
 */
export function validateAction<T extends ActionType>(type: T, plain: unknown): DomainAction<T> {
  const action = validated(DomainAction, plain) as DomainAction<T>;
  if (action.actionType !== type) {
    throw new AppError({ kind: 'invalid', code: 'ACTION_MISPLACED', message: `An action "${action.actionType}" lies in the queue of "${type}"; add it to the queue of its own name.` });
  }
  action.data = validated<object>(ACTIONS[type].data, action.data) as DomainAction<T>['data'];
  return action;
}
