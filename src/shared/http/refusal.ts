import type { ErrorBody } from './error-body.js';

/** An answer to what never reaches a handler. */
export interface Refusal {
  readonly statusCode: number;
  readonly code: string;
  /** One sentence: what is wrong and the way out. */
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A path or query that is too long. @param limit characters */
export function urlTooLong(limit: number): Refusal {
  return { statusCode: 414, code: 'URL_TOO_LONG', message: `The path with its query may have ${String(limit)} characters; send less in it.` };
}

/** The body of the answer. */
export function refusalBody({ statusCode, code, message }: Refusal, requestId: string): ErrorBody {
  return { statusCode, code, message, requestId };
}

/** The whole answer as HTTP/1.1 text, for a connection that no response object exists for; the connection ends with it. */
export function refusalText(refusal: Refusal, { reason, requestId }: { reason: string; requestId: string }): string {
  const body = JSON.stringify(refusalBody(refusal, requestId));
  const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': String(Buffer.byteLength(body)), 'X-Request-ID': requestId, 'X-Content-Type-Options': 'nosniff', Connection: 'close', ...refusal.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${String(refusal.statusCode)} ${reason}`, ...lines, '', body].join('\r\n');
}
