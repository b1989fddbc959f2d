import { AppError } from '../../shared/errors/index.js';

export const executionErrors = {
  notFound: (executionId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'EXECUTION_NOT_FOUND', message: `There is no execution "${executionId}" here.`, details: { field: 'executionId' } }),
  eventsExpired: (executionId: string): AppError =>
    new AppError({
      kind: 'notFound',
      code: 'EVENTS_EXPIRED',
      message: `The events of execution "${executionId}" are past their retention; its answer is at GET /api/v1/executions/${executionId}.`,
      details: { field: 'executionId' },
    }),
  ended: (executionId: string): AppError =>
    new AppError({ kind: 'conflict', code: 'EXECUTION_ENDED', message: `Execution "${executionId}" has ended already.` }),
  timedOut: (timeoutMs: number): AppError =>
    new AppError({ kind: 'conflict', code: 'EXECUTION_TIMED_OUT', message: `The run took longer than its ${String(timeoutMs)} ms; ask for less, or for a larger timeoutMs if the tier allows it.` }),
  workerLost: (beginnings: number): AppError =>
    new AppError({ kind: 'conflict', code: 'WORKER_LOST', message: `The run was begun ${String(beginnings)} times and its worker was lost each time; it is not begun again. Your message is in the conversation.` }),
  agentUnnamed: (): AppError =>
    new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message: 'An action execution.agent_run needs the agentId of the agent that is to run.', details: { fields: [{ field: 'agentId', message: 'agentId must be a UUID' }] } }),
  contextDenied: (): AppError =>
    new AppError({ kind: 'forbidden', code: 'CONTEXT_DENIED', message: 'The contextCacheKey of this action is not one of its tenant; leave it out, and the context is assembled anew.', details: { field: 'contextCacheKey' } }),
  headerInvalid: (header: string, rule: string): AppError =>
    new AppError({ kind: 'invalid', code: 'HEADER_INVALID', message: `${header} ${rule}; leave it out for the agent's own.`, details: { field: header } }),
  cursorInvalid: (): AppError =>
    new AppError({ kind: 'invalid', code: 'CURSOR_INVALID', message: 'Last-Event-ID or ?after= must be a whole number: the id of the last event you have, 0 for all.', details: { field: 'after' } }),
};
