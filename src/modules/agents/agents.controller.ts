import type { IncomingHttpHeaders } from 'node:http';
import { Body, Controller, Delete, Get, Headers, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { asksPastCaches, CacheResponse, InvalidatesCache } from '../../shared/cache/index.js';
import { Idempotent, type NewIds, RequestIds } from '../../shared/idempotency/index.js';
import { pathParam, queryKey, UuidParam } from '../../shared/http/index.js';
import { CurrentPrincipal, type Principal, RequiresScope } from '../tenancy/index.js';
import { AgentsService } from './agents.service.js';
import { AgentDto } from './dto/agent.dto.js';
import { AgentInvalidationDto } from './dto/agent-invalidation.dto.js';
import { AgentPageDto } from './dto/agent-page.dto.js';
import { CreateAgentDto } from './dto/create-agent.dto.js';
import { InvalidateAgentDto } from './dto/invalidate-agent.dto.js';
import { ListAgentsDto } from './dto/list-agents.dto.js';
import { UpdateAgentDto } from './dto/update-agent.dto.js';

@ApiTags('agents')
@ApiBearerAuth()
@RequiresScope('agent')
@Controller('api/v1/agents')
export class AgentsController {
  constructor(private readonly agents: AgentsService) {}

  /** Creates an agent. */
  @Post()
  @Idempotent()
  @InvalidatesCache({ kinds: ['agents'] })
  async create(@CurrentPrincipal() principal: Principal, @Body() body: CreateAgentDto, @RequestIds() ids: NewIds): Promise<AgentDto> {
    return AgentDto.of(await this.agents.create(principal, body, ids.id('agent')));
  }

  /** Lists the tenant's agents, newest first. `total` counts those that match. */
  @Get()
  @CacheResponse({ type: 'agent_list', key: queryKey })
  async list(@CurrentPrincipal() { tenantId }: Principal, @Query() query: ListAgentsDto): Promise<AgentPageDto> {
    const { data, nextCursor, total } = await this.agents.list(tenantId, query);
    return { data: data.map((agent) => AgentDto.of(agent)), nextCursor, total };
  }

  /** One agent. */
  @Get(':agentId')
  @CacheResponse({ type: 'agent_response', key: agentIdOf, scope: (request) => ({ agent: agentIdOf(request) }) })
  async get(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('agentId') agentId: string, @Headers() headers: IncomingHttpHeaders): Promise<AgentDto> {
    return AgentDto.of(await this.agents.get(tenantId, agentId, asksPastCaches(headers)));
  }

  /** Changes the fields that are sent, in a new version of the agent. Runs that have begun go on with the version before. */
  @Patch(':agentId')
  async update(@CurrentPrincipal() principal: Principal, @UuidParam('agentId') agentId: string, @Body() body: UpdateAgentDto): Promise<AgentDto> {
    return AgentDto.of(await this.agents.update(principal, agentId, body));
  }

  /** Deletes an agent and frees its slug. Its conversations and executions stay readable. */
  @Delete(':agentId')
  @HttpCode(204)
  async remove(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('agentId') agentId: string): Promise<void> {
    await this.agents.remove(tenantId, agentId);
  }

  /** Makes every process forget what it has cached of an agent. Edits and deletes do that by themselves. */
  @Post(':agentId/invalidate')
  @HttpCode(200)
  async invalidate(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('agentId') agentId: string, @Body() { invalidateConversations }: InvalidateAgentDto): Promise<AgentInvalidationDto> {
    return this.agents.invalidate(tenantId, agentId, invalidateConversations ?? false);
  }
}

function agentIdOf({ params }: FastifyRequest): string {
  return pathParam(params, 'agentId');
}
