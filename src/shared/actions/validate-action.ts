import { ACTIONS, type ActionSpec, DomainAction, SYSTEM_TENANT, type ActionType } from '../../contracts/index.js';
import { refuseUnstorable, validated } from '../http/index.js';
import { actionErrors } from './actions.errors.js';

/**
 * Reads an envelope and its `data`, at both ends of a queue.
 *
 * @throws VALIDATION_FAILED, ACTION_MISPLACED (invalid), ACTION_SYSTEM_ONLY (forbidden)
 */
export function validateAction<T extends ActionType>(type: T, plain: unknown): DomainAction<T> {
  refuseUnstorable(plain);
  const action = readEnvelope(plain) as DomainAction<T>;
  if (action.actionType !== type) throw actionErrors.misplaced(action.actionType, type);
  const spec: ActionSpec = ACTIONS[type];
  if (spec.isSystemOnly && action.tenantId !== SYSTEM_TENANT) throw actionErrors.systemOnly(type);
  action.data = validated<object>(spec.data, action.data, 'data.') as DomainAction<T>['data'];
  return action;
}

/**
 * Reads an envelope of any type, whatever its `data`.
 *
 * @throws VALIDATION_FAILED (invalid)
 */
export function readEnvelope(plain: unknown): DomainAction {
  return validated(DomainAction, plain);
}
