import { OmitType } from '@nestjs/swagger';
import type { AgentVersion } from '../agent.js';
import { masked } from '../header-secrets.service.js';
import { AgentMemoDto } from './agent-memo.dto.js';
import { AgentDto } from './agent.dto.js';

/** The agent's definition as it was from this version to the next. */
export class AgentVersionDto extends OmitType(AgentDto, ['createdAt', 'updatedAt'] as const) {
  /** When this version began. */
  createdAt!: Date;

  static of({ agentId, version, definition, createdAt }: AgentVersion): AgentVersionDto {
    const { tools, mcpServers, collections, tags, memo } = definition;
    return { agentId, version, ...definition, tools: [...tools], mcpServers: masked(mcpServers), collections: [...collections], tags: [...tags], memo: memo && AgentMemoDto.of(memo), createdAt };
  }
}
