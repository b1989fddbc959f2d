import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { NewIds } from './new-ids.js';

/** How the answers of a handler are kept. */
export interface IdempotentRule {
  /** False for answers that nobody may keep, such as a secret: a repeat is for the handler to refuse. */
  readonly keepsAnswer: boolean;
}

/** Metadata key that the interceptor reads. */
export const IDEMPOTENT = 'nooble:idempotent';

/** A request with the ids of what it makes. */
export interface RequestWithIds {
  newIds?: NewIds;
}

/**
 * Callers may send `Idempotency-Key` to a handler that makes something; what it makes must have its ids from {@link RequestIds}, and making it
 * again under the same id must find it there. What callers may send and see is in `docs/idempotency.md`.
 */
export function Idempotent(rule: IdempotentRule = { keepsAnswer: true }): MethodDecorator {
  const again = rule.keepsAnswer ? 'the same request again has the same answer' : 'the same request again is refused with 409';
  return applyDecorators(
    SetMetadata(IDEMPOTENT, rule),
    ApiHeader({ name: 'Idempotency-Key', required: false, description: `^[A-Za-z0-9._-]{1,128}$; for 24 hours ${again}, another one under the key is 409 IDEMPOTENCY_MISMATCH` }),
  );
}

/** The {@link NewIds} of the current HTTP request. */
export const RequestIds = createParamDecorator((_: unknown, context: ExecutionContext): NewIds => idsOf(context.switchToHttp().getRequest<FastifyRequest>()));

/** The {@link NewIds} of a request, for handlers that have the request itself. */
export function idsOf(request: FastifyRequest & RequestWithIds): NewIds {
  return request.newIds ?? new NewIds();
}
