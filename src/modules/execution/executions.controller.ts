import { applyDecorators, Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ExecutionEvent } from '../../contracts/index.js';
import { ModelSettings } from '../../shared/config/index.js';
import { EVENT_STREAM_HEADERS, eventStream, type ServerSentEvent, UuidParam } from '../../shared/http/index.js';
import { Idempotent, idsOf } from '../../shared/idempotency/index.js';
import { CurrentPrincipal, type Principal, RequiresScope } from '../tenancy/index.js';
import { OVERRIDE_HEADERS, type OverrideHeader, overridesFrom } from './context/override-headers.js';
import { AcceptedExecutionDto } from './dto/accepted-execution.dto.js';
import { ExecutionDto } from './dto/execution.dto.js';
import { FollowEventsDto } from './dto/follow-events.dto.js';
import { StartExecutionDto } from './dto/start-execution.dto.js';
import { executionErrors } from './execution.errors.js';
import { ExecutionsService } from './executions.service.js';
import { Orchestrator } from './orchestrator.service.js';

@ApiTags('executions')
@ApiBearerAuth()
@RequiresScope('user')
@Controller('api/v1')
export class ExecutionsController {
  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly executions: ExecutionsService,
    private readonly models: ModelSettings,
  ) {}

  /** Starts a turn and answers at once; follow its events or ask for it later. */
  @Post('agents/:agentId/executions')
  @HttpCode(202)
  @Idempotent()
  @applyDecorators(...(Object.keys(OVERRIDE_HEADERS) as OverrideHeader[]).map((name) => ApiHeader({ name, required: false, description: OVERRIDE_HEADERS[name] })))
  async start(
    @CurrentPrincipal() principal: Principal,
    @UuidParam('agentId') agentId: string,
    @Body() body: StartExecutionDto,
    @Req() request: FastifyRequest,
  ): Promise<AcceptedExecutionDto> {
    const newIds = idsOf(request);
    const ids = { executionId: newIds.id('execution'), sessionId: newIds.id('session'), conversationId: newIds.id('conversation'), isRepeat: newIds.isRepeat };
    return this.orchestrator.accept(principal, { ...body, agentId, overrides: overridesFrom(request.headers, this.models), ids });
  }

  /** One execution, live or ended. */
  @Get('executions/:executionId')
  async get(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('executionId') executionId: string): Promise<ExecutionDto> {
    return ExecutionDto.of(await this.executions.get({ tenantId, executionId }));
  }

  /** The execution's events as server-sent events, from a cursor on, then live, until the terminal one. */
  @Get('executions/:executionId/events')
  @ApiProduces('text/event-stream')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'seq of the last event that you have' })
  async events(
    @CurrentPrincipal() { tenantId }: Principal,
    @UuidParam('executionId') executionId: string,
    @Query() { after }: FollowEventsDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const closed = new AbortController();
    reply.raw.once('close', () => {
      closed.abort();
    });
    const ref = { tenantId, executionId };
    const cursor = cursorOf(reply.request.headers['last-event-id']) ?? after ?? 0;
    await this.executions.getFollowable(ref);
    const events = this.executions.follow(ref, cursor, closed.signal);
    await reply.headers(EVENT_STREAM_HEADERS).send(eventStream(toServerSent(executionId, events)));
  }
}

function cursorOf(lastEventId: string | string[] | undefined): number | undefined {
  if (lastEventId === undefined || lastEventId === '') return undefined;
  if (typeof lastEventId !== 'string' || !/^\d{1,15}$/.test(lastEventId)) throw executionErrors.cursorInvalid();
  return Number(lastEventId);
}

async function* toServerSent(executionId: string, events: AsyncIterable<ExecutionEvent>): AsyncGenerator<ServerSentEvent> {
  for await (const event of events) yield { id: event.seq, event: event.type, data: { ...event, executionId } };
}
