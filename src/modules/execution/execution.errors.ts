import { AppError } from '../../shared/errors/index.js';

/** When to look again whether a conversation is free. A guess: about as long as a short answer takes. */
const RETRY_AFTER_MS = 1_000;

/** Where the events of an execution are. */
export function eventsUrl(executionId: string): string {
  return `/api/v1/executions/${executionId}/events`;
}

export const executionErrors = {
  conversationStillThere: (): AppError =>
    new AppError({ kind: 'unavailable', code: 'CONVERSATION_STILL_THERE', message: 'A conversation is still being deleted; its executions forget it when it is.' }),
  notFound: (executionId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'EXECUTION_NOT_FOUND', message: `There is no execution "${executionId}" here; GET /api/v1/executions lists yours.`, details: { field: 'executionId' } }),
  eventsExpired: (executionId: string): AppError =>
    new AppError({
      kind: 'notFound',
      code: 'EVENTS_EXPIRED',
      message: `The events of execution "${executionId}" are past their retention; its answer is at GET /api/v1/executions/${executionId}.`,
      details: { field: 'executionId' },
    }),
  stopping: (executionId: string): AppError =>
    new AppError({
      kind: 'unavailable',
      code: 'SHUTTING_DOWN',
      message: `The process that waits for execution "${executionId}" is stopping. The run goes on; its end is at GET /api/v1/executions/${executionId}.`,
      details: { executionId, eventsUrl: eventsUrl(executionId), retryAfterMs: RETRY_AFTER_MS },
    }),
  endUnknown: (executionId: string, cause: AppError): AppError =>
    new AppError({
      kind: 'unavailable',
      code: cause.code,
      message: `Execution "${executionId}" was accepted and goes on, but its end cannot be seen now: ${cause.message} Do not send the turn again; its end will be at GET /api/v1/executions/${executionId}.`,
      details: { executionId, eventsUrl: eventsUrl(executionId), retryAfterMs: RETRY_AFTER_MS },
      cause,
    }),
  ended: (executionId: string): AppError =>
    new AppError({ kind: 'conflict', code: 'EXECUTION_ENDED', message: `Execution "${executionId}" has ended already.` }),
  superseded: (executionId: string): AppError =>
    new AppError({ kind: 'conflict', code: 'RUN_SUPERSEDED', message: `Execution "${executionId}" is in the hands of another worker by now.` }),
  conversationBusy: (conversationId: string, activeId: string): AppError =>
    new AppError({
      kind: 'conflict',
      code: 'CONVERSATION_BUSY',
      message: `Execution "${activeId}" has conversation "${conversationId}". Follow its events and send again when it has ended, or send with onConflict "enqueue", "interrupt" or "rollback".`,
      details: { field: 'onConflict', executionId: activeId, eventsUrl: eventsUrl(activeId), retryAfterMs: RETRY_AFTER_MS },
    }),
  conversationFull: (conversationId: string, activeId: string, waiting: number): AppError =>
    new AppError({
      kind: 'limited',
      code: 'CONVERSATION_QUEUE_FULL',
      message: `${String(waiting)} turns wait for conversation "${conversationId}" already; send again when the next of them has ended.`,
      details: { executionId: activeId, eventsUrl: eventsUrl(activeId), retryAfterMs: RETRY_AFTER_MS },
    }),
  usageUnknown: (): AppError =>
    new AppError({ kind: 'unavailable', code: 'USAGE_UNKNOWN', message: 'What you have used of your budget was lost while the turn was accepted; nothing was begun. Send it again.', details: { retryAfterMs: RETRY_AFTER_MS } }),
  cancelled: (reason: string): AppError =>
    new AppError({ kind: 'conflict', code: 'EXECUTION_CANCELLED', message: reason }),
  timedOut: (timeoutMs: number): AppError =>
    new AppError({ kind: 'conflict', code: 'EXECUTION_TIMED_OUT', message: `The run took longer than its ${String(timeoutMs)} ms; ask for less, or for a larger timeoutMs if the tier allows it.` }),
  workerLost: (beginnings: number): AppError =>
    new AppError({ kind: 'conflict', code: 'WORKER_LOST', message: `The run was begun ${String(beginnings)} times and its worker was lost each time; it is not begun again. Your message is in the conversation.` }),
  faulty: ({ code, message, cause }: AppError): AppError => new AppError({ kind: 'conflict', code, message, cause }),
  agentUnnamed: (type = 'execution.agent_run'): AppError =>
    new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message: `An action ${type} needs the agentId of an agent.`, details: { fields: [{ field: 'agentId', message: 'agentId must be a UUID' }] } }),
  contextDenied: (): AppError =>
    new AppError({ kind: 'forbidden', code: 'CONTEXT_DENIED', message: 'The contextCacheKey of this action is not one of its tenant; leave it out, and the context is assembled anew.', details: { field: 'contextCacheKey' } }),
  /** @param runs which, and the Redis key of the state of each @param cause why the first of them */
  runsStuck: (runs: readonly { readonly tenantId: string; readonly executionId: string; readonly key: string }[], cause: unknown): AppError => {
    const [first] = runs;
    const which = `${String(runs.length)} ${runs.length === 1 ? 'run' : 'runs'}, such as execution "${String(first?.executionId)}" of tenant "${String(first?.tenantId)}"`;
    const why = cause instanceof Error ? cause.message : String(cause);
    const way = 'Each is looked after again in 24 h: mend its state in Redis, or delete that key, and its conversation goes on with the next turn; details.runs names the keys.';
    return new AppError({ kind: 'internal', code: 'RUN_STUCK', message: `Nobody can look after ${which}: ${why}. ${way}`, details: { runs }, cause });
  },
  headerInvalid: (header: string, rule: string): AppError =>
    new AppError({ kind: 'invalid', code: 'HEADER_INVALID', message: `${header} ${rule}; leave it out for the agent's own.`, details: { field: header } }),
  parameterUnknown: (name: string): AppError => {
    const message = `${name} is no parameter of this route; there is wait (true or false).`;
    return new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message, details: { fields: [{ field: name, message }] } });
  },
  waitInvalid: (): AppError => new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message: 'wait must be true or false.', details: { fields: [{ field: 'wait', message: 'wait must be true or false' }] } }),
  headerMissing: (header: string, rule: string): AppError =>
    new AppError({ kind: 'invalid', code: 'HEADER_INVALID', message: `${header} is missing; it ${rule}.`, details: { field: header } }),
  chatHeaderInvalid: (header: string, rule: string): AppError =>
    new AppError({ kind: 'invalid', code: 'HEADER_INVALID', message: `${header} ${rule}.`, details: { field: header } }),
  onDisconnectWithoutConnection: (): AppError =>
    new AppError({
      kind: 'invalid',
      code: 'ON_DISCONNECT_WITHOUT_CONNECTION',
      message: 'onDisconnect "cancel" needs a connection that stays open until the end: send the request with ?wait=true or Accept: text/event-stream, or over a WebSocket.',
      details: { field: 'onDisconnect' },
    }),
  cursorInvalid: (): AppError =>
    new AppError({ kind: 'invalid', code: 'CURSOR_INVALID', message: 'Last-Event-ID must be a whole number: the id of the last event you have, or left out for all.', details: { field: 'Last-Event-ID' } }),
};
