import type { DomainAction, SessionClosedAnswer } from '../../../contracts/index.js';
import { type ActionHandler, HandlesAction } from '../../../shared/actions/index.js';
import { conversationErrors } from '../conversations.errors.js';
import { SessionsService } from '../sessions.service.js';
import { SocketSessions } from '../socket-sessions.service.js';

/** Running twice equals running once: what is closed stays closed. */
@HandlesAction('conversation.session_closed')
export class SessionClosedHandler implements ActionHandler<'conversation.session_closed'> {
  constructor(
    private readonly sessions: SessionsService,
    private readonly sockets: SocketSessions,
  ) {}

  readonly handle = async ({ tenantId, sessionId, data }: DomainAction<'conversation.session_closed'>): Promise<SessionClosedAnswer> => {
    if (sessionId === undefined) throw conversationErrors.sessionUnnamed();
    if (data.unlessConnected === true) return this.closeLeft(tenantId, sessionId);
    return { sessionId, conversationIds: await this.sessions.close(tenantId, sessionId) };
  };

  /** Whoever has only ever listened on a session has nothing to close. */
  private async closeLeft(tenantId: string, sessionId: string): Promise<SessionClosedAnswer> {
    if (await this.sockets.isConnected(tenantId, sessionId)) return { sessionId, conversationIds: [] };
    return { sessionId, conversationIds: await this.sessions.closeIfKnown(tenantId, sessionId) };
  }
}
