import { type BeforeApplicationShutdown, Injectable, StreamableFile } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type DisconnectPolicy, type ExecutionEvent } from '../../contracts/index.js';
import { type AppError, toAppError } from '../../shared/errors/index.js';
import { EVENT_STREAM_HEADERS, eventStream, rateLimitHeaders, type ServerSentEvent } from '../../shared/http/index.js';
import { AcceptedExecutionDto } from './dto/accepted-execution.dto.js';
import { ExecutionDto } from './dto/execution.dto.js';
import { endsRun } from './event-log/live-run.js';
import { executionErrors } from './execution.errors.js';
import type { Execution, ExecutionRef } from './execution.js';
import { ExecutionsService } from './executions.service.js';
import type { AcceptedTurn } from './orchestrator.service.js';
import { RunCancellation } from './runs/run-cancellation.service.js';

/** How a caller wants to be answered. */
export type AnswerForm = 'accepted' | 'ended' | 'events';

export type TurnAnswer = AcceptedExecutionDto | ExecutionDto | StreamableFile;

/** Streams that end themselves get this long to say so; their readers may be slow or gone. Milliseconds. */
const END_WITHIN_MS = 1_000;

const WAIT: ReadonlyMap<unknown, AnswerForm> = new Map([[undefined, 'accepted'], ['false', 'accepted'], ['true', 'ended']]);

/** By `Accept: text/event-stream` or `?wait=true`. @throws VALIDATION_FAILED, ON_DISCONNECT_WITHOUT_CONNECTION (invalid) where there is no connection to be closed */
export function answerFormOf({ headers, query }: FastifyRequest, onDisconnect?: DisconnectPolicy): AnswerForm {
  const { wait, ...others } = query as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw executionErrors.parameterUnknown(unknown);
  const waiting = WAIT.get(wait);
  if (waiting === undefined) throw executionErrors.waitInvalid();
  const form = headers.accept?.includes('text/event-stream') === true ? 'events' : waiting;
  if (form === 'accepted' && onDisconnect === 'cancel') throw executionErrors.onDisconnectWithoutConnection();
  return form;
}

/** Answers the request that has started a turn: at once, with the ended execution, or with its events. */
@Injectable()
export class TurnResponder implements BeforeApplicationShutdown {
  /** Answers under way, and what ends each of them. */
  private readonly open = new Map<FastifyReply, AbortController>();
  private isStopping = false;

  constructor(
    private readonly executions: ExecutionsService,
    private readonly cancellation: RunCancellation,
  ) {}

  async respond(tenantId: string, { rate, ...turn }: AcceptedTurn, { form, onDisconnect = 'continue' }: { readonly form: AnswerForm; readonly onDisconnect?: DisconnectPolicy | undefined }, reply: FastifyReply): Promise<TurnAnswer> {
    if (rate) void reply.headers(rateLimitHeaders(rate));
    if (form === 'accepted') return turn;
    const ref = { tenantId, executionId: turn.executionId };
    const pages = this.executions.follow(ref, 0, this.untilClosed(ref, onDisconnect, reply));
    if (form === 'events') return this.stream(ref.executionId, pages, reply);
    void reply.status(200);
    return ExecutionDto.of(await this.ended(ref, pages).catch((error: unknown) => Promise.reject(this.stillGoingOn(ref, error))));
  }

  private async ended(ref: ExecutionRef, pages: AsyncIterable<readonly ExecutionEvent[]>): Promise<Execution> {
    let hasEnded = false;
    for await (const page of pages) if ((hasEnded = endsRun(page))) break;
    if (!hasEnded && this.isStopping) throw executionErrors.stopping(ref.executionId);
    return this.executions.get(ref);
  }

  /** Whoever cannot be told the end has to know that the turn was taken up, and where to look. */
  private stillGoingOn({ executionId }: ExecutionRef, thrown: unknown): AppError {
    const error = toAppError(thrown);
    return error.isRetryable && error.code !== 'SHUTTING_DOWN' ? executionErrors.endUnknown(executionId, error) : error;
  }

  /** Events as server-sent events, until the terminal one. */
  stream(executionId: string, pages: AsyncIterable<readonly ExecutionEvent[]>, reply: FastifyReply): StreamableFile {
    void reply.status(200).headers(EVENT_STREAM_HEADERS);
    return new StreamableFile(eventStream(toServerSent(executionId, pages)), { type: EVENT_STREAM_HEADERS['content-type'] });
  }

  /** Streams end properly, so that their readers go on elsewhere at once; whoever waits is told where to look. No run is cancelled by it. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    const closed = [...this.open].map(([reply, end]) => {
      end.abort();
      return new Promise((resolve) => reply.raw.once('close', resolve));
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, END_WITHIN_MS)));
    await Promise.race([Promise.all(closed), late]);
    clearTimeout(timer);
  }

  /** Fires when the caller is gone, and then the run is cancelled if he wanted that; or when the process stops. */
  untilClosed(ref: ExecutionRef, onDisconnect: DisconnectPolicy, reply: FastifyReply): AbortSignal {
    const end = new AbortController();
    const close = (): void => {
      this.open.delete(reply);
      const isCallersWish = !end.signal.aborted && !reply.raw.writableFinished;
      // Without a reason each answer would make an error, with its stack.
      end.abort('closed');
      if (onDisconnect === 'cancel' && isCallersWish) this.cancellation.cancelSoon(ref, { reason: 'The connection that had started the run was closed (onDisconnect cancel).' });
    };
    this.open.set(reply, end);
    // Whoever has gone while his turn was being accepted is not seen to go any more.
    if (reply.raw.destroyed) close();
    else reply.raw.once('close', close);
    if (this.isStopping) end.abort();
    return end.signal;
  }
}

async function* toServerSent(executionId: string, pages: AsyncIterable<readonly ExecutionEvent[]>): AsyncGenerator<ServerSentEvent[]> {
  for await (const page of pages) yield page.map((event) => ({ id: event.seq, event: event.type, data: { ...event, executionId } }));
}
