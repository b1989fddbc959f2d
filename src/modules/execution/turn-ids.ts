import type { FastifyRequest } from 'fastify';
import { idsOf } from '../../shared/idempotency/index.js';
import type { TurnRequest } from './orchestrator.service.js';

/** The ids of what a request for a turn makes, the same each time that it comes with the same `Idempotency-Key`. */
export function turnIdsOf(request: FastifyRequest): Required<Pick<TurnRequest, 'executionId' | 'begins'>> {
  const ids = idsOf(request);
  return { executionId: ids.id('execution'), begins: { sessionId: ids.id('session'), conversationId: ids.id('conversation'), mayExist: ids.isRepeat } };
}
