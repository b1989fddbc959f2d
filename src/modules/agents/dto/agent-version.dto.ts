import type { ModelProvider, Tier } from '../../../contracts/index.js';
import type { AgentType, AgentVersion } from '../agent.js';

/** The agent's definition as it was from this version to the next. */
export class AgentVersionDto {
  agentId!: string;
  version!: number;
  name!: string;
  slug!: string;
  description!: string | null;
  type!: AgentType;
  systemPrompt!: string;
  background!: string | null;
  provider!: ModelProvider;
  model!: string;
  temperature!: number;
  maxTokens!: number;
  tools!: string[];
  collections!: string[];
  maxIterations!: number;
  maxHistoryMessages!: number;
  isPublic!: boolean;
  isActive!: boolean;
  minimumTier!: Tier;
  tags!: string[];
  /** When this version began. */
  createdAt!: Date;

  static of({ agentId, version, definition, createdAt }: AgentVersion): AgentVersionDto {
    const { tools, collections, tags } = definition;
    return { agentId, version, ...definition, tools: [...tools], collections: [...collections], tags: [...tags], createdAt };
  }
}
