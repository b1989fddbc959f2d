import type { ServerFrames } from '../../contracts/index.js';
import { AppError, toAppError } from '../errors/index.js';

/** More is refused, but a refusal carries it as well. */
const REQUEST_ID_CHARACTERS = 128;
/** Longer than any type that there is. */
const TYPE_CHARACTERS = 64;

/** A frame of ours, ready to be sent. */
export interface ServerFrame<T extends keyof ServerFrames = keyof ServerFrames> {
  readonly type: T;
  readonly data: ServerFrames[T];
}

/** A client's frame before its `data` is validated. */
export interface ClientFrame {
  readonly type: string;
  readonly data: unknown;
}

/**
 * Reads `{ type, data }` from a socket.
 *
 * @throws INVALID_JSON, INVALID_FRAME, VALIDATION_FAILED (invalid)
 */
export function parseFrame(text: string): ClientFrame {
  const frame = parseJson(text);
  if (typeof frame !== 'object' || frame === null || !('type' in frame) || typeof frame.type !== 'string') {
    throw new AppError({ kind: 'invalid', code: 'INVALID_FRAME', message: 'A frame is a JSON object with a string field "type", such as {"type":"ping"}.' });
  }
  return { type: frame.type, data: dataOf(frame) };
}

function dataOf(frame: object): unknown {
  const data = ('data' in frame ? frame.data : undefined) ?? {};
  if (typeof data === 'object' && !Array.isArray(data)) return data;
  const message = 'data must be a JSON object, such as that of {"type":"subscribe","data":{"sessionId":"hers"}}.';
  throw new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message, details: { fields: [{ field: 'data', message }] } });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError({ kind: 'invalid', code: 'INVALID_JSON', message: 'The frame is not valid JSON; the socket stays open.', cause });
  }
}

/** The frame that tells a client what went wrong. @param answered the frame that it answers, as far as it is known */
export function errorFrame(thrown: unknown, answered: Partial<ClientFrame> = {}): ServerFrame<'error'> {
  const { code, message, details } = toAppError(thrown);
  const requestId = requestIdOf(answered.data);
  return { type: 'error', data: { code, message, ...(answered.type !== undefined && { frameType: answered.type.slice(0, TYPE_CHARACTERS) }), ...(requestId !== undefined && { requestId }), ...(details && { details }) } };
}

function requestIdOf(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !('requestId' in data)) return undefined;
  return typeof data.requestId === 'string' ? data.requestId.slice(0, REQUEST_ID_CHARACTERS) : undefined;
}
