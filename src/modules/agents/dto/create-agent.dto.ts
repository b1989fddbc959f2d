import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsBoolean, IsIn, IsInt, IsNumber, IsObject, IsOptional, IsString, IsUUID, Length, Matches, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { BUILTIN_TOOLS, CONFLICT_POLICIES, type ConflictPolicy, MODEL_PROVIDERS, type ModelProvider, Optional, type Tier, TIERS, TOOL_RULE } from '../../../contracts/index.js';
import { AGENT_TYPES, type AgentType } from '../agent.js';
import { AgentMemoDto } from './agent-memo.dto.js';
import { McpServerDto } from './mcp-server.dto.js';
import { ModelChoiceDto } from './model-choice.dto.js';

/** A new agent. What is left out gets the default shown. */
export class CreateAgentDto {
  @IsString() @Length(1, 200) name!: string;
  /** Unique among the tenant's agents; default: made from the name. */
  @Optional() @Matches(/^[a-z0-9]+(-[a-z0-9]+)*$/) @MaxLength(80) slug?: string;
  @Optional() @IsString() @MaxLength(2_000) description?: string;
  @IsIn(AGENT_TYPES) type: AgentType = 'conversational';
  @IsString() @MaxLength(100_000) systemPrompt: string = '';
  /** Who the agent is; put before the system prompt. */
  @Optional() @IsString() @MaxLength(100_000) background?: string;
  /** `builtin` (offline) or `openai-compatible`; default: as the model's name says. */
  @Optional() @IsIn(MODEL_PROVIDERS) provider?: ModelProvider;
  /** Default: the setting NOOBLE_MODEL. */
  @Optional() @IsString() @Length(1, 200) model?: string;
  /** Answers when the model has failed for good before it has said anything. */
  @Optional() @IsObject() @ValidateNested() @Type(() => ModelChoiceDto) fallbackModel?: ModelChoiceDto;
  @IsNumber() @Min(0) @Max(2) temperature: number = 0.7;
  /** Tokens of one answer at the most. */
  @IsInt() @Min(1) @Max(200_000) maxTokens: number = 2_048;
  /** Tools of the system, by name; the tier decides how many a run has, MCP servers' included. */
  @IsArray() @ArrayUnique() @IsIn(BUILTIN_TOOLS, { each: true, message: TOOL_RULE }) tools: string[] = [];
  /** Servers whose tools the agent may use. */
  @IsArray() @ArrayMaxSize(5) @IsObject({ each: true }) @ValidateNested({ each: true }) @Type(() => McpServerDto) mcpServers: McpServerDto[] = [];
  @IsArray() @ArrayMaxSize(100) @ArrayUnique() @IsUUID(undefined, { each: true }) collections: string[] = [];
  /** Model calls in one run at the most; the tier may allow fewer. */
  @IsInt() @Min(1) @Max(100) maxIterations: number = 5;
  /** Messages of the conversation that the model is shown at the most. */
  @IsInt() @Min(1) @Max(1_000) maxHistoryMessages: number = 50;
  /** What becomes of a turn while another one of its conversation has not ended, unless it says so itself. */
  @IsIn(CONFLICT_POLICIES) onConflict: ConflictPolicy = 'enqueue';
  /** What is kept and given again: docs/agents.md. Default: nothing. */
  @IsOptional() @IsObject() @ValidateNested() @Type(() => AgentMemoDto) memo: AgentMemoDto | null = null;
  @IsBoolean() isPublic: boolean = false;
  @IsIn(TIERS) minimumTier: Tier = 'free';
  @IsArray() @ArrayMaxSize(50) @ArrayUnique() @IsString({ each: true }) @MaxLength(64, { each: true }) tags: string[] = [];
}
