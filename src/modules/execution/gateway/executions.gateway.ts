import type { IncomingMessage } from 'node:http';
import { type BeforeApplicationShutdown, UseFilters, UsePipes } from '@nestjs/common';
import { ConnectedSocket, MessageBody, type OnGatewayConnection, type OnGatewayDisconnect, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { CLIENT_ID, ExecutionStartFrame, SubscribeFrame, UnsubscribeFrame, newId } from '../../../contracts/index.js';
import { ExecutionSettings, ServerSettings } from '../../../shared/config/index.js';
import { AppError, toAppError } from '../../../shared/errors/index.js';
import { SocketErrorFilter, errorFrame, validationPipe } from '../../../shared/http/index.js';
import { type SessionSocket, SocketSessions } from '../../conversations/index.js';
import { AuthenticationService, authorize } from '../../tenancy/index.js';
import { ExecutionsService } from '../executions.service.js';
import { Orchestrator } from '../orchestrator.service.js';
import { CLOSE, PONG_WITHIN_MS, SocketConnection } from './socket-connection.js';

/** A socket of a process that died counts as open for this many pings. */
const SILENT_PINGS = 2;

/** `/ws`: starts executions and follows their events. What the protocol is: `docs/websocket.md`. */
@WebSocketGateway({ path: '/ws' })
@UsePipes(validationPipe())
@UseFilters(SocketErrorFilter)
export class ExecutionsGateway implements OnGatewayConnection<WebSocket>, OnGatewayDisconnect<WebSocket>, BeforeApplicationShutdown {
  /** Frames may arrive while the credentials are still being looked up; their handlers wait for this. */
  private readonly connections = new Map<WebSocket, Promise<SocketConnection>>();

  constructor(
    private readonly authentication: AuthenticationService,
    private readonly orchestrator: Orchestrator,
    private readonly executions: ExecutionsService,
    private readonly sessions: SocketSessions,
    private readonly settings: ExecutionSettings,
    private readonly server: ServerSettings,
  ) {}

  async handleConnection(socket: WebSocket, request: IncomingMessage): Promise<void> {
    const opening = this.open(socket, request);
    this.connections.set(socket, opening);
    try {
      const connection = await opening;
      const { tenantId, tier } = connection.principal;
      connection.send({ type: 'connection.ack', data: { connectionId: connection.connectionId, sessionId: connection.sessionId, tenantId, tier, serverTime: new Date().toISOString() } });
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
      // While Redis is away nobody can be told; the session's conversations are then completed when they have been silent for long enough.
      await this.sessions.gone(sessionSocketOf(connection)).catch(ignore);
    }, ignore);
  }

  async beforeApplicationShutdown(): Promise<void> {
    const opened = await Promise.allSettled(this.connections.values());
    for (const connection of opened) {
      if (connection.status === 'fulfilled') connection.value.close(CLOSE.goingAway, 'The server is stopping; reconnect and subscribe with "after".');
    }
  }

  @SubscribeMessage('execution.start')
  async start(@ConnectedSocket() socket: WebSocket, @MessageBody() frame: ExecutionStartFrame): Promise<void> {
    const connection = await this.connectionOf(socket);
    const { executionId, conversationId, sessionId } = await this.orchestrator.accept(connection.principal, { sessionId: connection.sessionId, ...frame });
    this.follow(connection, { executionId, conversationId, sessionId }, 0);
  }

  @SubscribeMessage('subscribe')
  async subscribe(@ConnectedSocket() socket: WebSocket, @MessageBody() { executionId, after }: SubscribeFrame): Promise<void> {
    const connection = await this.connectionOf(socket);
    const { conversationId, sessionId } = await this.executions.getFollowable({ tenantId: connection.principal.tenantId, executionId });
    this.follow(connection, { executionId, conversationId, sessionId }, after ?? 0);
  }

  @SubscribeMessage('unsubscribe')
  async unsubscribe(@ConnectedSocket() socket: WebSocket, @MessageBody() { executionId }: UnsubscribeFrame): Promise<void> {
    (await this.connectionOf(socket)).unfollow(executionId);
  }

  @SubscribeMessage('ping')
  async ping(@ConnectedSocket() socket: WebSocket): Promise<void> {
    (await this.connectionOf(socket)).send({ type: 'pong', data: { serverTime: new Date().toISOString() } });
  }

  private async open(socket: WebSocket, request: IncomingMessage): Promise<SocketConnection> {
    if (this.server.role === 'worker') throw new AppError({ kind: 'invalid', code: 'WORKER_ONLY', message: 'This process only works off queues; connect to one with NOOBLE_ROLE=api or all.' });
    const sessionId = new URL(request.url ?? '/', 'ws://localhost').searchParams.get('sessionId') ?? newId();
    if (!CLIENT_ID.test(sessionId)) throw new AppError({ kind: 'invalid', code: 'SESSION_ID_INVALID', message: 'sessionId must match ^[A-Za-z0-9._-]{1,128}$.' });
    const principal = await this.authentication.authenticate(request.headers);
    authorize(principal, 'user');
    const connection = new SocketConnection(socket, principal, sessionId, this.settings.socketBufferLimitBytes);
    const pingMs = this.settings.socketPingSeconds * 1_000;
    const isHere = (): Promise<void> => this.sessions.seen(sessionSocketOf(connection), SILENT_PINGS * pingMs + PONG_WITHIN_MS).catch(ignore);
    connection.keepAlive(pingMs, () => void isHere());
    await isHere();
    return connection;
  }

  private async connectionOf(socket: WebSocket): Promise<SocketConnection> {
    const opening = this.connections.get(socket);
    if (!opening) throw new AppError({ kind: 'unauthenticated', code: 'SOCKET_CLOSED', message: 'The socket is closed; connect again.' });
    return opening;
  }

  /** Events come as they happen; a second subscription to the same execution changes nothing. */
  private follow(connection: SocketConnection, ids: EventIds, after: number): void {
    const signal = connection.follow(ids.executionId);
    if (!signal) return;
    const ref = { tenantId: connection.principal.tenantId, executionId: ids.executionId };
    this.forward(connection, ids, this.executions.follow(ref, after, signal), signal).catch((error: unknown) => {
      const { type, data } = errorFrame(error, 'subscribe');
      connection.send({ type, data: { ...data, executionId: ids.executionId } });
    });
  }

  private async forward(connection: SocketConnection, ids: EventIds, events: AsyncIterable<{ readonly type: string; readonly seq: number }>, signal: AbortSignal): Promise<void> {
    try {
      for await (const event of events) {
        if (signal.aborted) return;
        connection.send({ ...event, ...ids });
        await connection.drain(signal);
      }
    } finally {
      connection.unfollow(ids.executionId, signal);
    }
  }
}

function sessionSocketOf({ principal: { tenantId, tier }, sessionId, connectionId }: SocketConnection): SessionSocket {
  return { tenantId, tier, sessionId, connectionId };
}

interface EventIds {
  readonly executionId: string;
  readonly conversationId: string;
  readonly sessionId: string;
}

function ignore(): void {
  // Its failure was answered when it happened.
}
