import { AppError } from '../../shared/errors/index.js';

/** Where a list goes on: after the conversation with this time and id. */
export interface ListCursor {
  readonly createdAt: Date;
  readonly conversationId: string;
}

const CURSOR = /^(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** A place in a list as a text for the caller. */
export function toCursor({ createdAt, conversationId }: ListCursor): string {
  return Buffer.from(`${String(createdAt.getTime())}.${conversationId}`).toString('base64url');
}

/** @throws VALIDATION_FAILED (invalid) for what {@link toCursor} did not make */
export function fromCursor(text: string): ListCursor {
  const [, time, conversationId] = CURSOR.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (time === undefined || conversationId === undefined) {
    const message = 'cursor must be the nextCursor of the page before, or be left out.';
    throw new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message, details: { fields: [{ field: 'cursor', message }] } });
  }
  return { createdAt: new Date(Number(time)), conversationId };
}
