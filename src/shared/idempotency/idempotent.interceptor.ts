import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { CLIENT_ID } from '../../contracts/index.js';
import { AppError } from '../errors/index.js';
import { refuseUnstorable } from '../http/index.js';
import { fingerprintOf } from './fingerprint.js';
import { idempotencyErrors } from './idempotency.errors.js';
import { IDEMPOTENT, type IdempotentRule, type RequestWithIds } from './idempotent.js';
import { IdempotencyStore, type KeptAnswer, type KeyRecord, type KeyRef } from './idempotency.store.js';
import { NewIds } from './new-ids.js';

/** Larger answers are computed again, bytes of JSON. A guess: none of ours has been near it. */
const MAX_ANSWER_BYTES = 65_536;
const REPLAYED = 'idempotency-replayed';

type CallerRequest = FastifyRequest & RequestWithIds & { readonly principal?: { readonly tenantId: string } };

/** One request with a key. */
interface Keyed {
  readonly request: CallerRequest;
  readonly reply: FastifyReply;
  readonly ref: KeyRef;
  readonly keepsAnswer: boolean;
}

/**
 * Answers requests with an `Idempotency-Key` once. The key is reserved, with the seed of all ids, before the handler runs; its answer is kept
 * afterwards. Whoever comes in between, or after a crash, runs the handler with the same ids, which has no second effect.
 */
@Injectable()
export class IdempotentInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly store: IdempotencyStore,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const rule = this.reflector.get<IdempotentRule | undefined>(IDEMPOTENT, context.getHandler());
    if (rule === undefined) return next.handle();
    const request = context.switchToHttp().getRequest<CallerRequest>();
    const key = keyOf(request);
    if (key === undefined) return next.handle();
    const ref = { tenantId: request.principal?.tenantId ?? '', route: request.routeOptions.url ?? '', key };
    return from(this.answer({ request, reply: context.switchToHttp().getResponse<FastifyReply>(), ref, ...rule }, next));
  }

  private async answer(keyed: Keyed, next: CallHandler): Promise<unknown> {
    const { request, reply, ref } = keyed;
    refuseUnstorable(request.body);
    const fingerprint = fingerprintOf(request);
    const { record, isNew } = await this.store.reserve(ref, fingerprint);
    if (record.fingerprint !== fingerprint) throw idempotencyErrors.mismatch(ref.key);
    if (!isNew) void reply.header(REPLAYED, 'true');
    if (record.answer && !wantsMore(request)) return told(reply, record.answer);
    request.newIds = new NewIds(record.seed, !isNew);
    try {
      return await this.keep(keyed, record, await lastValueFrom<unknown, unknown>(next.handle(), { defaultValue: undefined }));
    } catch (error) {
      void reply.removeHeader(REPLAYED);
      if (isNew && isAboutTheRequest(error)) await this.store.free(ref, record);
      throw error;
    }
  }

  /** An answer that could not be kept is an answer all the same: whoever asks again has it computed again. */
  private async keep({ request, reply, ref, keepsAnswer }: Keyed, record: KeyRecord, body: unknown): Promise<unknown> {
    const answer = { statusCode: reply.statusCode, body, path: (request.url.split('?', 1)[0] ?? '').toLowerCase() };
    if (!keepsAnswer || wantsMore(request) || reply.sent || reply.raw.headersSent || !isKeepable(body)) return body;
    const earlier = await this.store.keep(ref, record, answer).catch(() => null);
    return earlier ? told(reply, earlier) : body;
  }
}

/** @returns undefined when there is none @throws HEADER_INVALID (invalid) */
function keyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !CLIENT_ID.test(key)) throw idempotencyErrors.keyInvalid();
  return key;
}

function told(reply: FastifyReply, { statusCode, body }: KeptAnswer): unknown {
  void reply.status(statusCode);
  return body;
}

/** The caller has to change the request, and whoever sent the same one has to, too: nothing was made. */
function isAboutTheRequest(error: unknown): boolean {
  return error instanceof AppError && error.kind === 'invalid';
}

/** Whoever waits, or reads events, is told what came of it: content, which must not outlive its deletion here. He is answered by the handler each time. */
function wantsMore({ query, headers }: FastifyRequest): boolean {
  return (query as { readonly wait?: unknown } | undefined)?.wait === 'true' || headers.accept?.includes('text/event-stream') === true;
}

/** A handler that has taken over the reply gives nothing, or what it streams. */
function isKeepable(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || 'pipe' in body || 'getStream' in body) return false;
  return Buffer.byteLength(JSON.stringify(body)) <= MAX_ANSWER_BYTES;
}
