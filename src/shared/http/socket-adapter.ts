import type { INestApplicationContext } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { MessageMappingProperties } from '@nestjs/websockets';
import { type Observable, of } from 'rxjs';
import type { WebSocketServer } from 'ws';
import { AppError } from '../errors/index.js';
import { type ClientFrame, errorFrame, parseFrame } from './socket-frames.js';

type Transform = (data: unknown) => Observable<unknown>;

/** Nest's `ws` adapter, speaking `{ type, data }` and answering every frame that it cannot serve. */
export class SocketAdapter extends WsAdapter {
  constructor(
    app: INestApplicationContext,
    private readonly maxFrameBytes: number,
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
    return super.create(port, { ...options, maxPayload: this.maxFrameBytes }) as unknown;
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
