import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type { ExecutionCancelFrame, ExecutionStartFrame } from '../../../contracts/index.js';
import { HistoryReader } from '../../conversations/index.js';
import type { Execution } from '../execution.js';
import { executionErrors } from '../execution.errors.js';
import { ExecutionsService } from '../executions.service.js';
import { type AcceptedTurn, Orchestrator } from '../orchestrator.service.js';
import { RunCancellation } from '../runs/run-cancellation.service.js';
import { gatewayErrors } from './gateway.errors.js';
import type { SocketConnection } from './socket-connection.js';

const CANCELLED = 'Cancelled by request.';
const ABANDONED = 'The socket that started it was closed before its end (onDisconnect cancel).';

/** Turns that sockets start and cancel, and what a socket may name: everything of its tenant, or of its session alone. */
@Injectable()
export class SocketTurns {
  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly executions: ExecutionsService,
    private readonly cancellation: RunCancellation,
    private readonly history: HistoryReader,
    private readonly logger: PinoLogger,
  ) {}

  /** @throws SESSION_MISMATCH (forbidden), and what {@link Orchestrator.accept} throws */
  async start(connection: SocketConnection, { onDisconnect = 'continue', ...turn }: ExecutionStartFrame): Promise<AcceptedTurn> {
    const { sessionId = connection.sessionId, conversationId } = turn;
    this.requireSession(connection, sessionId);
    if (conversationId !== undefined) await this.requireConversation(connection, conversationId);
    const accepted = await this.orchestrator.accept(connection.owner.principal, { ...turn, sessionId });
    if (onDisconnect === 'cancel') connection.abandonable.add(accepted.executionId);
    if (connection.isAbandoned) this.cancelAbandoned(connection);
    return accepted;
  }

  /** Resolves when the run has ended; its events say so, too. @returns how it ended @throws EXECUTION_NOT_FOUND (notFound) */
  async cancel(connection: SocketConnection, { executionId, reason = CANCELLED }: ExecutionCancelFrame): Promise<Execution> {
    if (connection.owner.isBound) await this.findFollowable(connection, executionId);
    return this.cancellation.cancel({ tenantId: connection.tenantId, executionId }, { reason });
  }

  /** The client is gone: what it wanted to be cancelled then is cancelled. */
  cancelAbandoned({ tenantId, abandonable }: SocketConnection): void {
    for (const executionId of abandonable) {
      this.cancellation.cancel({ tenantId, executionId }, { reason: ABANDONED }).catch((error: unknown) => {
        this.logger.warn({ err: error, tenantId, executionId }, 'A run whose socket was closed could not be cancelled; it goes on to its end');
      });
    }
    abandonable.clear();
  }

  /** @throws EXECUTION_NOT_FOUND, EVENTS_EXPIRED (notFound) */
  async findFollowable({ tenantId, owner, sessionId }: SocketConnection, executionId: string): Promise<Execution> {
    const execution = await this.executions.getFollowable({ tenantId, executionId });
    if (owner.isBound && execution.sessionId !== sessionId) throw executionErrors.notFound(executionId);
    return execution;
  }

  /** @throws SESSION_MISMATCH (forbidden) */
  requireSession({ owner }: SocketConnection, sessionId: string): void {
    if (owner.isBound && sessionId !== owner.sessionId) throw gatewayErrors.otherSession(owner.sessionId);
  }

  private async requireConversation({ owner: { isBound, sessionId, principal } }: SocketConnection, conversationId: string): Promise<void> {
    if (!isBound) return;
    const conversation = await this.history.get({ tenantId: principal.tenantId, conversationId });
    if (conversation.sessionId !== sessionId) throw gatewayErrors.otherConversation(conversationId, sessionId);
  }
}
