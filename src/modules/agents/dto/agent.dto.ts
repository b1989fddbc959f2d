import { ApiProperty } from '@nestjs/swagger';
import { CONFLICT_POLICIES, type ConflictPolicy, type ModelProvider, type Tier } from '../../../contracts/index.js';
import type { Agent, AgentType } from '../agent.js';
import { masked } from '../header-secrets.service.js';
import { AgentMemoDto } from './agent-memo.dto.js';
import { ShownMcpServerDto } from './mcp-server.dto.js';
import { ChosenModelDto } from './model-choice.dto.js';

export class AgentDto {
  agentId!: string;
  /** 1 at first, one more with every edit. */
  version!: number;
  name!: string;
  slug!: string;
  description!: string | null;
  type!: AgentType;
  systemPrompt!: string;
  background!: string | null;
  provider!: ModelProvider;
  model!: string;
  fallbackModel!: ChosenModelDto | null;
  temperature!: number;
  maxTokens!: number;
  tools!: string[];
  mcpServers!: ShownMcpServerDto[];
  collections!: string[];
  maxIterations!: number;
  maxHistoryMessages!: number;
  @ApiProperty({ enum: CONFLICT_POLICIES }) onConflict!: ConflictPolicy;
  memo!: AgentMemoDto | null;
  isPublic!: boolean;
  isActive!: boolean;
  minimumTier!: Tier;
  tags!: string[];
  createdAt!: Date;
  updatedAt!: Date;

  static of({ tenantId: _, ...agent }: Agent): AgentDto {
    return { ...agent, tools: [...agent.tools], mcpServers: masked(agent.mcpServers), collections: [...agent.collections], memo: agent.memo && AgentMemoDto.of(agent.memo), tags: [...agent.tags] };
  }
}
