import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsBoolean, IsIn, IsInt, IsNumber, IsObject, IsOptional, IsString, IsUUID, Length, Matches, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { BUILTIN_TOOLS, CONFLICT_POLICIES, type ConflictPolicy, MODEL_PROVIDERS, type ModelProvider, Optional, type Tier, TIERS, TOOL_RULE } from '../../../contracts/index.js';
import { AGENT_TYPES, type AgentType } from '../agent.js';
import { AgentMemoDto } from './agent-memo.dto.js';
import { McpServerDto } from './mcp-server.dto.js';
import { ModelChoiceDto } from './model-choice.dto.js';

/** What changes of an agent, at least one field; what is left out stays as it is. The rules are those of a new agent. */
export class UpdateAgentDto {
  @Optional() @IsString() @Length(1, 200) name?: string;
  /** Unique among the tenant's agents. */
  @Optional() @Matches(/^[a-z0-9]+(-[a-z0-9]+)*$/) @MaxLength(80) slug?: string;
  /** null takes it away. */
  @IsOptional() @IsString() @MaxLength(2_000) description?: string | null;
  @Optional() @IsIn(AGENT_TYPES) type?: AgentType;
  @Optional() @IsString() @MaxLength(100_000) systemPrompt?: string;
  /** Who the agent is; put before the system prompt. null takes it away. */
  @IsOptional() @IsString() @MaxLength(100_000) background?: string | null;
  /** `builtin` (offline) or `openai-compatible`. Without a model, another provider means its default model. */
  @Optional() @IsIn(MODEL_PROVIDERS) provider?: ModelProvider;
  /** Without a provider, another model is looked for where its name says. */
  @Optional() @IsString() @Length(1, 200) model?: string;
  /** Answers when the model has failed for good before it has said anything. null takes it away. */
  @IsOptional() @IsObject() @ValidateNested() @Type(() => ModelChoiceDto) fallbackModel?: ModelChoiceDto | null;
  @Optional() @IsNumber() @Min(0) @Max(2) temperature?: number;
  /** Tokens of one answer at the most. */
  @Optional() @IsInt() @Min(1) @Max(200_000) maxTokens?: number;
  @Optional() @IsArray() @ArrayUnique() @IsIn(BUILTIN_TOOLS, { each: true, message: TOOL_RULE }) tools?: string[];
  /** In place of all that there were. A header whose value is `********` keeps its value if the server's name and URL are the same. */
  @Optional() @IsArray() @ArrayMaxSize(5) @IsObject({ each: true }) @ValidateNested({ each: true }) @Type(() => McpServerDto) mcpServers?: McpServerDto[];
  @Optional() @IsArray() @ArrayMaxSize(100) @ArrayUnique() @IsUUID(undefined, { each: true }) collections?: string[];
  /** Model calls in one run at the most; the tier may allow fewer. */
  @Optional() @IsInt() @Min(1) @Max(100) maxIterations?: number;
  /** Messages of the conversation that the model is shown at the most. */
  @Optional() @IsInt() @Min(1) @Max(1_000) maxHistoryMessages?: number;
  @Optional() @IsIn(CONFLICT_POLICIES) onConflict?: ConflictPolicy;
  /** In place of all that was said of it. null: nothing is kept any more. */
  @IsOptional() @IsObject() @ValidateNested() @Type(() => AgentMemoDto) memo?: AgentMemoDto | null;
  @Optional() @IsBoolean() isPublic?: boolean;
  /** false: it cannot be run until it is switched on again. */
  @Optional() @IsBoolean() isActive?: boolean;
  @Optional() @IsIn(TIERS) minimumTier?: Tier;
  @Optional() @IsArray() @ArrayMaxSize(50) @ArrayUnique() @IsString({ each: true }) @MaxLength(64, { each: true }) tags?: string[];
}
