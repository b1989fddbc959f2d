import { type ActionType, ACTIONS } from '../../contracts/index.js';
import { AppError } from '../errors/index.js';

export const actionErrors = {
  misplaced: (found: ActionType, type: ActionType): AppError =>
    new AppError({ kind: 'invalid', code: 'ACTION_MISPLACED', message: `An action "${found}" lies in the queue of "${type}"; add it to the queue of its own name.` }),
  systemOnly: (type: ActionType): AppError =>
    new AppError({ kind: 'forbidden', code: 'ACTION_SYSTEM_ONLY', message: `"${type}" serves every tenant at once; only the system itself may send it.`, details: { actionType: type } }),
  handlersMissing: (types: readonly ActionType[]): AppError =>
    new AppError({ kind: 'internal', code: 'ACTION_HANDLERS', message: `These action types do not have exactly one handler: ${types.join(', ')}.` }),
  deadlinePassed: (type: ActionType): AppError =>
    new AppError({ kind: 'unavailable', code: 'JOB_DEADLINE', message: `A job "${type}" ran longer than its ${String(ACTIONS[type].deadlineMs)} ms.` }),
  jobHandedBack: (): AppError => new AppError({ kind: 'unavailable', code: 'SHUTTING_DOWN', message: 'The process is stopping; the job goes back to its queue.' }),
  requestCutOff: (): AppError =>
    new AppError({ kind: 'unavailable', code: 'SHUTTING_DOWN', message: 'The process that waits for the answer is stopping. The action is queued and will be done; ask again, with the same actionId, so that it has one effect.' }),
  noAnswer: (type: ActionType, actionId: string, timeoutMs: number): AppError =>
    new AppError({
      kind: 'unavailable',
      code: 'ACTION_TIMEOUT',
      message: `No answer to "${type}" within ${String(timeoutMs)} ms. The action is queued and may still be done; ask again, with the same actionId, so that it has one effect.`,
      details: { actionType: type, actionId, timeoutMs },
    }),
  deadLetterNotFound: (deadLetterId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'DEAD_LETTER_NOT_FOUND', message: `There is no dead letter "${deadLetterId}"; it was retried, deleted, or pushed out by newer ones.` }),
  deadLetterNoAction: (deadLetterId: string): AppError =>
    new AppError({ kind: 'invalid', code: 'DEAD_LETTER_NO_ACTION', message: `What the dead letter "${deadLetterId}" holds is no JSON object, so it cannot be sent again; delete it.` }),
};
