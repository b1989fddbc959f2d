import { Body, Controller, Get, HttpCode, Post, Query, Res, type StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ModelSettings } from '../../shared/config/index.js';
import { UuidParam } from '../../shared/http/index.js';
import { CurrentPrincipal, type Principal, RequiresScope } from '../tenancy/index.js';
import { overridesFrom } from './context/override-headers.js';
import { CancelExecutionDto } from './dto/cancel-execution.dto.js';
import { ExecutionDto } from './dto/execution.dto.js';
import { ExecutionPageDto } from './dto/execution-page.dto.js';
import { FollowEventsDto } from './dto/follow-events.dto.js';
import { ListExecutionsDto } from './dto/list-executions.dto.js';
import { StartExecutionDto } from './dto/start-execution.dto.js';
import { ExecutionList } from './execution-list.service.js';
import { executionErrors } from './execution.errors.js';
import { ExecutionsService } from './executions.service.js';
import { Orchestrator } from './orchestrator.service.js';
import { RunCancellation } from './runs/run-cancellation.service.js';
import { StartsTurn } from './starts-turn.js';
import { turnIdsOf } from './turn-ids.js';
import { answerFormOf, type TurnAnswer, TurnResponder } from './turn-responder.service.js';

@ApiTags('executions')
@ApiBearerAuth()
@RequiresScope('user')
@Controller('api/v1')
export class ExecutionsController {
  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly responder: TurnResponder,
    private readonly executions: ExecutionsService,
    private readonly executionList: ExecutionList,
    private readonly cancellation: RunCancellation,
    private readonly models: ModelSettings,
  ) {}

  /** Starts a turn and answers at once; follow its events or ask for it later. With `?wait=true` the answer is the ended execution, with `Accept: text/event-stream` its events. */
  @Post('agents/:agentId/executions')
  @StartsTurn()
  async start(
    @CurrentPrincipal() principal: Principal,
    @UuidParam('agentId') agentId: string,
    @Body() { onDisconnect, ...body }: StartExecutionDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TurnAnswer> {
    const form = answerFormOf(reply.request, onDisconnect);
    const turn = await this.orchestrator.accept(principal, { ...body, agentId, overrides: overridesFrom(reply.request.headers, this.models), ...turnIdsOf(reply.request) });
    return this.responder.respond(principal.tenantId, turn, { form, onDisconnect }, reply);
  }

  /** Executions, newest first: those that wait or run, and those that have ended. */
  @Get('executions')
  async list(@CurrentPrincipal() { tenantId }: Principal, @Query() { limit, cursor, ...filter }: ListExecutionsDto): Promise<ExecutionPageDto> {
    const { data, nextCursor, total } = await this.executionList.list(tenantId, filter, { limit, cursor });
    return { data: data.map((execution) => ExecutionDto.of(execution)), nextCursor, total };
  }

  /** One execution, live or ended. */
  @Get('executions/:executionId')
  async get(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('executionId') executionId: string): Promise<ExecutionDto> {
    return ExecutionDto.of(await this.executions.get({ tenantId, executionId }));
  }

  /** Stops an execution and answers when it has ended, with what there was of an answer. One that has ended stays as it is. */
  @Post('executions/:executionId/cancel')
  @HttpCode(200)
  async cancel(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('executionId') executionId: string, @Body() { reason }: CancelExecutionDto): Promise<ExecutionDto> {
    return ExecutionDto.of(await this.cancellation.cancel({ tenantId, executionId }, { reason: reason ?? 'Cancelled by request.' }));
  }

  /** The execution's events as server-sent events, from a cursor on, then live, until the terminal one. */
  @Get('executions/:executionId/events')
  @ApiProduces('text/event-stream')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'seq of the last event that you have' })
  async events(
    @CurrentPrincipal() { tenantId }: Principal,
    @UuidParam('executionId') executionId: string,
    @Query() { after }: FollowEventsDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const ref = { tenantId, executionId };
    const cursor = cursorOf(reply.request.headers['last-event-id']) ?? after ?? 0;
    await this.executions.getFollowable(ref);
    return this.responder.stream(executionId, this.executions.follow(ref, cursor, this.responder.untilClosed(ref, 'continue', reply)), reply);
  }
}

function cursorOf(lastEventId: string | string[] | undefined): number | undefined {
  if (lastEventId === undefined || lastEventId === '') return undefined;
  if (typeof lastEventId !== 'string' || !/^\d{1,15}$/.test(lastEventId)) throw executionErrors.cursorInvalid();
  return Number(lastEventId);
}
