import { OmitType } from '@nestjs/swagger';
import type { AgentVersion } from '../agent.js';
import { AgentDto } from './agent.dto.js';

/** The agent's definition as it was from this version to the next. */
export class AgentVersionDto extends OmitType(AgentDto, ['createdAt', 'updatedAt'] as const) {
  /** When this version began. */
  createdAt!: Date;

  static of({ agentId, version, definition, createdAt }: AgentVersion): AgentVersionDto {
    const { tools, collections, tags } = definition;
    return { agentId, version, ...definition, tools: [...tools], collections: [...collections], tags: [...tags], createdAt };
  }
}
