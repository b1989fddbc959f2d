import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import { newId } from '../../contracts/index.js';
import { type Refusal, refusalText } from './refusal.js';

/** What the HTTP parser found wrong, by Node's code, with the limits that it was given. */
export interface ClientErrorLimits {
  readonly headerLimitBytes: number;
  readonly headersTimeoutSeconds: number;
  readonly requestTimeoutSeconds: number;
}

/** Node remembers on the socket the response that is being written; its own handler looks there, too. */
interface AnsweringSocket extends Socket {
  readonly _httpMessage?: { readonly _headerSent?: boolean } | null;
}

/** @param code of Node's `clientError`; source: node:http, "clientError" */
export function clientErrorOf(code: string | undefined, limits: ClientErrorLimits): Refusal {
  const { headerLimitBytes, headersTimeoutSeconds, requestTimeoutSeconds } = limits;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { statusCode: 408, code: 'REQUEST_TOO_SLOW', message: `Send the headers within ${String(headersTimeoutSeconds)} s and the whole request within ${String(requestTimeoutSeconds)} s; connect again.` };
  if (code === 'HPE_HEADER_OVERFLOW') return { statusCode: 431, code: 'HEADERS_TOO_LARGE', message: `The path and the headers together may have ${String(headerLimitBytes)} bytes; send less in them.` };
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return { statusCode: 413, code: 'BODY_TOO_LARGE', message: 'The extensions of the chunks are too large; send the body without them.' };
  return { statusCode: 400, code: 'REQUEST_UNREADABLE', message: 'This is not a request of HTTP/1.1; speak plain HTTP to this port, or connect through your TLS proxy.' };
}

/** Answers what is no request, and closes the connection. An answer that has begun is cut off: nothing is written into it. */
export function answerClientError(error: NodeJS.ErrnoException, socket: AnsweringSocket, limits: ClientErrorLimits): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket._httpMessage?._headerSent === true) {
    socket.destroy();
    return;
  }
  const refusal = clientErrorOf(error.code, limits);
  socket.end(refusalText(refusal, { reason: STATUS_CODES[refusal.statusCode] ?? '', requestId: newId() }), () => socket.destroy());
}
