import { AppError } from '../../../shared/errors/index.js';

export const gatewayErrors = {
  workerOnly: (): AppError => new AppError({ kind: 'invalid', code: 'WORKER_ONLY', message: 'This process only works off queues; connect to one with NOOBLE_ROLE=api or all.' }),
  sessionIdInvalid: (): AppError => new AppError({ kind: 'invalid', code: 'SESSION_ID_INVALID', message: 'sessionId must match ^[A-Za-z0-9._-]{1,128}$.', details: { field: 'sessionId' } }),
  queryUnknown: (name: string): AppError =>
    new AppError({ kind: 'invalid', code: 'QUERY_UNKNOWN', message: `The query of a socket has sessionId and ticket, not "${name.slice(0, 64)}"; leave it out.`, details: { field: name.slice(0, 64) } }),
  ticketInvalid: (): AppError =>
    new AppError({ kind: 'unauthenticated', code: 'TICKET_INVALID', message: 'This ticket is unknown, used or expired; get another one with POST /api/v1/ws/tickets.', details: { field: 'ticket' } }),
  tenantMismatch: (named: string): AppError =>
    new AppError({ kind: 'forbidden', code: 'TENANT_MISMATCH', message: `The ticket does not belong to tenant "${named}"; leave X-Tenant-ID out.`, details: { field: 'X-Tenant-ID' } }),
  otherSession: (sessionId: string): AppError =>
    new AppError({ kind: 'forbidden', code: 'SESSION_MISMATCH', message: `The ticket of this socket is for session "${sessionId}" alone; leave sessionId out, or get a ticket for the other session.`, details: { field: 'sessionId' } }),
  otherConversation: (conversationId: string, sessionId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'CONVERSATION_NOT_FOUND', message: `There is no conversation "${conversationId}" in session "${sessionId}", which the ticket of this socket is for.`, details: { field: 'conversationId' } }),
  tierChanged: (tenantId: string, tier: string): AppError =>
    new AppError({ kind: 'forbidden', code: 'TIER_CHANGED', message: `The tier of tenant "${tenantId}" is "${tier}" now; connect again.`, details: { tier } }),
  subscriptionsFull: (most: number): AppError =>
    new AppError({ kind: 'limited', code: 'SUBSCRIPTIONS_FULL', message: `This socket follows ${String(most)} executions and sessions, and may follow no more: unsubscribe from one, or open another socket.`, details: { limit: 'subscriptions', subscriptions: most } }),
  socketClosed: (): AppError => new AppError({ kind: 'unauthenticated', code: 'SOCKET_CLOSED', message: 'The socket is closed; connect again.' }),
};
