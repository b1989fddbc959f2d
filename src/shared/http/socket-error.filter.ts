import { type ArgumentsHost, Catch, type WsExceptionFilter } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type { WebSocket } from 'ws';
import { toAppError } from '../errors/index.js';
import { errorFrame } from './socket-frames.js';

/** Turns whatever a socket handler throws into an `error` frame; the socket stays open. */
@Catch()
export class SocketErrorFilter implements WsExceptionFilter {
  constructor(private readonly logger: PinoLogger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const error = toAppError(thrown);
    if (error.isRetryable) this.logger.error({ err: error.cause ?? error, code: error.code }, error.message);
    const ws = host.switchToWs();
    const socket = ws.getClient<WebSocket>();
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(errorFrame(error, { type: ws.getPattern(), data: ws.getData<unknown>() })));
  }
}
