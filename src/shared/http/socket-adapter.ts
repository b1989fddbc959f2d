import { type IncomingMessage, STATUS_CODES, type Server, createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { INestApplicationContext } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { MessageMappingProperties } from '@nestjs/websockets';
import { type Observable, of } from 'rxjs';
import type { WebSocketServer } from 'ws';
import { AppError } from '../errors/index.js';
import { refusalText } from './refusal.js';
import { requestIdOf } from './request-id.js';
import { type ClientFrame, errorFrame, parseFrame } from './socket-frames.js';
import { type UpgradeRules, upgradeRefusal } from './upgrade-refusal.js';

type Transform = (data: unknown) => Observable<unknown>;

/** What the sockets of a server are held to. */
export interface SocketRules extends Omit<UpgradeRules, 'paths'> {
  readonly maxFrameBytes: number;
}

/** A socket server that listens on a path of the HTTP server. */
interface PathServer extends WebSocketServer {
  readonly path: string;
}

/** Nest's `ws` adapter, speaking `{ type, data }` and answering every frame that it cannot serve. */
export class SocketAdapter extends WsAdapter {
  constructor(
    app: INestApplicationContext,
    private readonly rules: SocketRules,
  ) {
    super(app);
  }

  /** What a client does to its own connection, such as a frame that is too large, is no error of ours; the socket is closed for it. */
  override bindErrorHandler(server: WebSocketServer): WebSocketServer {
    server.on('connection', (socket) => socket.on('error', () => undefined));
    server.on('error', (error) => {
      this.logger.error(error);
    });
    return server;
  }

  override create(port: number, options?: Record<string, unknown>): unknown {
    return super.create(port, { ...options, maxPayload: this.rules.maxFrameBytes }) as unknown;
  }

  /** In place of Nest's own listener, which drops the connection without a word where no socket is, and lets every page in. */
  protected override ensureHttpServerExists(port: number, server: Server = createServer()): Server | undefined {
    if (this.httpServersRegistry.has(port)) return undefined;
    this.httpServersRegistry.set(port, server);
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.upgrade(port, request, { socket, head });
    });
    return server;
  }

  private upgrade(port: number, request: IncomingMessage, { socket, head }: { socket: Duplex; head: Buffer }): void {
    const servers = (this.wsServersRegistry.get(port) ?? []) as PathServer[];
    const refusal = upgradeRefusal(request, { ...this.rules, paths: servers.map(({ path }) => path) });
    const target = servers.find(({ path }) => path === request.url?.split('?', 1)[0]);
    if (refusal || !target) {
      socket.on('error', () => undefined);
      if (refusal) socket.end(refusalText(refusal, { reason: STATUS_CODES[refusal.statusCode] ?? '', requestId: requestIdOf(request.headers) }));
      return;
    }
    target.handleUpgrade(request, socket, head, (opened) => target.emit('connection', opened, request));
  }

  override bindMessageHandler(message: { data: unknown }, handlers: Map<string, MessageMappingProperties>, transform: Transform): Observable<unknown> {
    let frame: ClientFrame | undefined;
    try {
      frame = parseFrame(String(message.data));
      const handler = handlers.get(frame.type);
      if (!handler) throw unknownType(frame.type, [...handlers.keys()]);
      return transform(handler.callback(frame.data, frame.type));
    } catch (error) {
      return of(errorFrame(error, frame));
    }
  }
}

function unknownType(type: string, known: readonly string[]): AppError {
  return new AppError({ kind: 'invalid', code: 'UNKNOWN_FRAME_TYPE', message: `No frame type "${type.slice(0, 64)}"; there are: ${known.join(', ')}.` });
}
