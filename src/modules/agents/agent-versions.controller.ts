import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { UuidParam } from '../../shared/http/index.js';
import { Idempotent, type NewIds, RequestIds } from '../../shared/idempotency/index.js';
import { CurrentPrincipal, type Principal, RequiresScope } from '../tenancy/index.js';
import { AgentVersions } from './agent-versions.service.js';
import { AgentsService } from './agents.service.js';
import { AgentDto } from './dto/agent.dto.js';
import { AgentVersionDto } from './dto/agent-version.dto.js';
import { AgentVersionPageDto } from './dto/agent-version-page.dto.js';
import { AgentVersionPathDto } from './dto/agent-version-path.dto.js';
import { ListAgentVersionsDto } from './dto/list-agent-versions.dto.js';

@ApiTags('agents')
@ApiBearerAuth()
@RequiresScope('agent')
@Controller('api/v1/agents/:agentId/versions')
export class AgentVersionsController {
  constructor(
    private readonly versions: AgentVersions,
    private readonly agents: AgentsService,
  ) {}

  /** Lists what the agent has been, newest first; the first one is what it is now. */
  @Get()
  async list(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('agentId') agentId: string, @Query() { limit, cursor }: ListAgentVersionsDto): Promise<AgentVersionPageDto> {
    const { data, nextCursor, total } = await this.versions.list({ tenantId, agentId }, limit, cursor);
    return { data: data.map((version) => AgentVersionDto.of(version)), nextCursor, total };
  }

  /** Goes back to the definition of a version, in a new version. Whether the agent is switched on stays as it is. */
  @Post(':version/activate')
  @HttpCode(200)
  @Idempotent()
  async activate(@CurrentPrincipal() principal: Principal, @Param() { agentId, version }: AgentVersionPathDto, @RequestIds() ids: NewIds): Promise<AgentDto> {
    return AgentDto.of(await this.agents.activateVersion(principal, agentId, version, ids.id('edit')));
  }
}
