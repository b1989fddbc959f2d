import type { IncomingMessage } from 'node:http';
import { type BeforeApplicationShutdown, UseFilters, UseGuards, UsePipes } from '@nestjs/common';
import { ConnectedSocket, MessageBody, type OnGatewayConnection, type OnGatewayDisconnect, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { ExecutionCancelFrame, ExecutionStartFrame, PingFrame, type ServerFrames, SubscribeFrame, UnsubscribeFrame } from '../../../contracts/index.js';
import { ExecutionSettings } from '../../../shared/config/index.js';
import { toAppError } from '../../../shared/errors/index.js';
import { SocketErrorFilter, errorFrame, validationPipe } from '../../../shared/http/index.js';
import { type SessionSocket, SocketSessions } from '../../conversations/index.js';
import { type AuthenticatedSocket, AuthGuard, RequiresScope } from '../../tenancy/index.js';
import { gatewayErrors } from './gateway.errors.js';
import { RunFollowings } from './run-followings.service.js';
import { SessionFollowings } from './session-followings.service.js';
import { SocketAdmission } from './socket-admission.service.js';
import { CLOSE, PONG_WITHIN_MS, SocketConnection } from './socket-connection.js';
import { SocketTurns } from './socket-turns.service.js';
import { MAX_SUBSCRIPTIONS } from './subscriptions.js';

/** A socket of a process that died counts as open for this many pings. */
const SILENT_PINGS = 2;

/** `/ws`: starts executions and follows their events. What the protocol is: `docs/websocket.md`. */
@WebSocketGateway({ path: '/ws' })
@RequiresScope('user')
@UseGuards(AuthGuard)
@UsePipes(validationPipe())
@UseFilters(SocketErrorFilter)
export class ExecutionsGateway implements OnGatewayConnection<WebSocket>, OnGatewayDisconnect<WebSocket>, BeforeApplicationShutdown {
  /** Frames may arrive while the credentials are still being looked up; their handlers wait for this. */
  private readonly connections = new Map<WebSocket, Promise<SocketConnection>>();

  constructor(
    private readonly admission: SocketAdmission,
    private readonly turns: SocketTurns,
    private readonly runs: RunFollowings,
    private readonly sessions: SessionFollowings,
    private readonly presence: SocketSessions,
    private readonly settings: ExecutionSettings,
  ) {}

  async handleConnection(socket: WebSocket, request: IncomingMessage): Promise<void> {
    const opening = this.open(socket, request);
    this.connections.set(socket, opening);
    const principal = opening.then(({ owner }) => owner.principal);
    principal.catch(ignore);
    Object.assign(socket, { principal } satisfies AuthenticatedSocket);
    try {
      const connection = await opening;
      const { connectionId, sessionId, owner } = connection;
      const { tenantId, tier } = owner.principal;
      connection.send({ type: 'connection.ack', data: { connectionId, sessionId, tenantId, tier, serverTime: new Date().toISOString() } });
      if (connection.isOpen) this.sessions.follow(connection, sessionId);
    } catch (error) {
      socket.send(JSON.stringify(errorFrame(error)));
      const code = toAppError(error).isRetryable ? CLOSE.tryAgainLater : CLOSE.policyViolation;
      socket.close(code, toAppError(error).code);
    }
  }

  handleDisconnect(socket: WebSocket): void {
    const opening = this.connections.get(socket);
    this.connections.delete(socket);
    opening?.then(async (connection) => {
      connection.dispose();
      this.admission.unwatch(connection);
      if (connection.isAbandoned) this.turns.cancelAbandoned(connection);
      // While Redis is away nobody can be told; the session's conversations are then completed when they have been silent for long enough.
      await this.presence.gone(sessionSocketOf(connection)).catch(ignore);
    }, ignore);
  }

  async beforeApplicationShutdown(): Promise<void> {
    const opened = await Promise.allSettled(this.connections.values());
    for (const connection of opened) {
      if (connection.status === 'fulfilled') connection.value.close(CLOSE.goingAway, 'The server is stopping; reconnect and subscribe with "after".');
    }
  }

  @SubscribeMessage('execution.start')
  async start(@ConnectedSocket() socket: WebSocket, @MessageBody() { requestId, ...frame }: ExecutionStartFrame): Promise<void> {
    const connection = await this.connectionOf(socket);
    const { executionId, conversationId, sessionId, queuePosition, estimatedSeconds } = await this.turns.start(connection, frame);
    connection.send({ type: 'execution.accepted', data: { executionId, conversationId, sessionId, queuePosition, estimatedSeconds, ...echo(requestId) } });
    await this.runs.follow(connection, { executionId, conversationId, sessionId });
  }

  @SubscribeMessage('execution.cancel')
  async cancel(@ConnectedSocket() socket: WebSocket, @MessageBody() { requestId, ...frame }: ExecutionCancelFrame): Promise<void> {
    const connection = await this.connectionOf(socket);
    const { executionId, conversationId, sessionId, status } = await this.turns.cancel(connection, frame);
    connection.send({ type: 'execution.ended', data: { executionId, conversationId, sessionId, status, ...echo(requestId) } });
  }

  @SubscribeMessage('subscribe')
  async subscribe(@ConnectedSocket() socket: WebSocket, @MessageBody() { executionId, sessionId: named, after = 0, requestId }: SubscribeFrame): Promise<void> {
    const connection = await this.connectionOf(socket);
    if (!connection.subscriptions.hasRoomFor({ executionId, sessionId: named })) throw gatewayErrors.subscriptionsFull(MAX_SUBSCRIPTIONS);
    if (named !== undefined) {
      this.turns.requireSession(connection, named);
      connection.send({ type: 'subscribed', data: { sessionId: named, ...echo(requestId) } });
      this.sessions.follow(connection, named);
    } else if (executionId !== undefined) {
      const { conversationId, sessionId } = await this.turns.findFollowable(connection, executionId);
      connection.send({ type: 'subscribed', data: { executionId, after, ...echo(requestId) } });
      await this.runs.follow(connection, { executionId, conversationId, sessionId }, { after, isAgain: true });
    }
  }

  @SubscribeMessage('unsubscribe')
  async unsubscribe(@ConnectedSocket() socket: WebSocket, @MessageBody() { requestId, ...named }: UnsubscribeFrame): Promise<void> {
    const connection = await this.connectionOf(socket);
    if (named.sessionId !== undefined) connection.subscriptions.removeSession(named.sessionId);
    if (named.executionId !== undefined) connection.subscriptions.removeRun(named.executionId);
    connection.send({ type: 'unsubscribed', data: { ...named, ...echo(requestId) } });
  }

  @SubscribeMessage('ping')
  async ping(@ConnectedSocket() socket: WebSocket, @MessageBody() { requestId }: PingFrame): Promise<void> {
    (await this.connectionOf(socket)).send({ type: 'pong', data: { serverTime: new Date().toISOString(), ...echo(requestId) } });
  }

  private async open(socket: WebSocket, request: IncomingMessage): Promise<SocketConnection> {
    const owner = await this.admission.admit(request);
    const connection = new SocketConnection({ socket, bytes: request.socket }, owner, this.settings.socketBufferLimitBytes);
    const pingMs = this.settings.socketPingSeconds * 1_000;
    const isHere = (): Promise<void> => this.presence.seen(sessionSocketOf(connection), SILENT_PINGS * pingMs + PONG_WITHIN_MS).catch(ignore);
    connection.boundAnswers();
    connection.keepAlive(pingMs, () => {
      void isHere();
      void this.admission.lookAgain(connection);
    });
    await Promise.all([isHere(), this.admission.watch(connection)]);
    return connection;
  }

  private async connectionOf(socket: WebSocket): Promise<SocketConnection> {
    const opening = this.connections.get(socket);
    if (!opening) throw gatewayErrors.socketClosed();
    return opening;
  }
}

function sessionSocketOf({ owner, sessionId, connectionId }: SocketConnection): SessionSocket {
  const { tenantId, tier } = owner.principal;
  return { tenantId, tier, sessionId, connectionId };
}

function echo(requestId: string | undefined): Pick<ServerFrames['pong'], 'requestId'> {
  return requestId === undefined ? {} : { requestId };
}

function ignore(): void {
  // Its failure was answered when it happened.
}
