import { AppError } from '../errors/index.js';

/** @param why part of a sentence, after "this URL" */
export function outboundUrlInvalid(why: string): AppError {
  return new AppError({ kind: 'invalid', code: 'OUTBOUND_URL_INVALID', message: `This URL ${why}. Give an http:// or https:// URL of a public host, without user and password.` });
}

export function outboundBlocked(host: string): AppError {
  const message = `${host} is not at a public address, so it is not reached from here. Name a public host, or have the operator list it in OUTBOUND_ALLOWED_PRIVATE.`;
  return new AppError({ kind: 'forbidden', code: 'OUTBOUND_BLOCKED', message, details: { host } });
}

export function outboundHostNotAllowed(host: string): AppError {
  const message = `${host} is not among the hosts that may be reached from here. Name another one, or have the operator list it in OUTBOUND_ALLOWED_HOSTS.`;
  return new AppError({ kind: 'forbidden', code: 'OUTBOUND_HOST_NOT_ALLOWED', message, details: { host } });
}

export function outboundTimedOut(host: string, timeoutMs: number): AppError {
  return new AppError({ kind: 'unavailable', code: 'OUTBOUND_TIMED_OUT', message: `${host} was not through after ${timeoutMs} ms. Try again later.`, details: { host, timeoutMs } });
}

/** @param cause what the connection failed with; only its code is shown */
export function outboundFailed(host: string, cause: unknown): AppError {
  const { code } = (cause ?? {}) as { code?: unknown };
  const reason = typeof code === 'string' ? code : 'CONNECTION_FAILED';
  return new AppError({ kind: 'unavailable', code: 'OUTBOUND_FAILED', message: `${host} cannot be reached (${reason}). Check its name and port, or try again later.`, details: { host, reason }, cause });
}

export function outboundBodyTooLarge(maxBodyBytes: number): AppError {
  return new AppError({ kind: 'tooLarge', code: 'OUTBOUND_BODY_TOO_LARGE', message: `The answer has more than ${maxBodyBytes} bytes. Ask for less of it.`, details: { maxBodyBytes } });
}

export function outboundTooManyRedirects(maxRedirects: number): AppError {
  return new AppError({ kind: 'invalid', code: 'OUTBOUND_TOO_MANY_REDIRECTS', message: `This URL leads on more than ${maxRedirects} times. Give the one that it ends at.`, details: { maxRedirects } });
}
