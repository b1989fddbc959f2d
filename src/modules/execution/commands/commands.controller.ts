import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { rateLimitHeaders } from '../../../shared/http/index.js';
import { Idempotent, type NewIds, RequestIds } from '../../../shared/idempotency/index.js';
import { CurrentPrincipal, type Principal, RequiresScope } from '../../tenancy/index.js';
import { CommandIdPipe } from './command-id.pipe.js';
import { CommandSubmission } from './command-submission.service.js';
import { CommandsService } from './commands.service.js';
import { CommandDto } from './dto/command.dto.js';
import { CommandPageDto } from './dto/command-page.dto.js';
import { ListCommandsDto } from './dto/list-commands.dto.js';
import { SubmitCommandDto } from './dto/submit-command.dto.js';
import { UpdateCommandDto } from './dto/update-command.dto.js';

@ApiTags('commands')
@ApiBearerAuth()
@RequiresScope('user')
@Controller('api/v1/commands')
export class CommandsController {
  constructor(
    private readonly submission: CommandSubmission,
    private readonly commands: CommandsService,
  ) {}

  /** Gives an agent a task and answers at once, with the temporary id `cmd_…`; ask for the command later by that id or by its `commandId`. */
  @Post()
  @HttpCode(202)
  @Idempotent()
  async submit(@CurrentPrincipal() principal: Principal, @Body() body: SubmitCommandDto, @RequestIds() ids: NewIds, @Res({ passthrough: true }) reply: FastifyReply): Promise<CommandDto> {
    const { command, rate } = await this.submission.submit(principal, body, ids);
    if (rate) void reply.headers(rateLimitHeaders(rate));
    return CommandDto.of(command);
  }

  /** Lists the tenant's commands, newest first. `total` counts those that match. */
  @Get()
  async list(@CurrentPrincipal() { tenantId }: Principal, @Query() query: ListCommandsDto): Promise<CommandPageDto> {
    const { data, nextCursor, total } = await this.commands.list(tenantId, query);
    return { data: data.map((command) => CommandDto.of(command)), nextCursor, total };
  }

  /** One command, by its temporary id or by its `commandId`. */
  @Get(':id')
  async get(@CurrentPrincipal() { tenantId }: Principal, @Param('id', CommandIdPipe) id: string): Promise<CommandDto> {
    return CommandDto.of(await this.commands.get(tenantId, id));
  }

  /** Changes what is kept with a command. What it asks of the agent cannot be changed any more. */
  @Patch(':id')
  async update(@CurrentPrincipal() { tenantId }: Principal, @Param('id', CommandIdPipe) id: string, @Body() { metadata, agentBackground }: UpdateCommandDto): Promise<CommandDto> {
    const change = { ...(metadata && { callerMetadata: metadata }), ...(agentBackground !== undefined && { agentBackground }) };
    return CommandDto.of(await this.commands.update(tenantId, id, change));
  }

  /** Deletes the record of a command. Its run, its conversation and its execution stay. */
  @Delete(':id')
  @HttpCode(204)
  async remove(@CurrentPrincipal() { tenantId }: Principal, @Param('id', CommandIdPipe) id: string): Promise<void> {
    await this.commands.remove(tenantId, id);
  }
}
