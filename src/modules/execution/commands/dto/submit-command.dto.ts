import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsNumber, IsString, Length, Matches, Max, Min } from 'class-validator';
import { CLIENT_ID, CONFLICT_POLICIES, type ConflictPolicy, IsId, IsMessageText, IsMetadata, MAX_MESSAGE_CHARACTERS, MODEL_PROVIDERS, type ModelProvider, Optional } from '../../../../contracts/index.js';

/** A task for an agent. */
export class SubmitCommandDto {
  @IsId() agentId!: string;
  /** What is to be done. With `description` and `targets` it is the message that the agent gets: at most 32 000 characters together. */
  @ApiProperty({ minLength: 1, maxLength: MAX_MESSAGE_CHARACTERS }) @IsMessageText() task!: string;
  /** More about the task. */
  @Optional() @IsString() @Length(1, MAX_MESSAGE_CHARACTERS) description?: string;
  /** What the task is about, one by one. */
  @Optional() @IsArray() @ArrayMaxSize(100) @IsString({ each: true }) @Length(1, 1_000, { each: true }) targets?: string[];
  /** Instead of the agent's, for this command alone. */
  @Optional() @IsIn(MODEL_PROVIDERS) provider?: ModelProvider;
  /** Instead of the agent's, for this command alone. */
  @Optional() @IsString() @Length(1, 200) model?: string;
  /** Instead of the agent's, for this command alone. */
  @Optional() @IsNumber() @Min(0) @Max(2) temperature?: number;
  /** Tokens of one answer at the most, instead of the agent's. */
  @Optional() @IsInt() @Min(1) @Max(200_000) maxTokens?: number;
  /** A conversation of yours to go on with; default: the session's active one, or a new one. */
  @Optional() @IsId() conversationId?: string;
  /** Default: a new session. */
  @Optional() @Matches(CLIENT_ID) sessionId?: string;
  @Optional() @Matches(CLIENT_ID) userId?: string;
  /** Kept with the command, and with a conversation that it begins. */
  @Optional() @IsMetadata() metadata?: Record<string, unknown>;
  /** Model calls at the most; the agent and the tier may allow fewer. */
  @Optional() @IsInt() @Min(1) @Max(100) maxIterations?: number;
  /** Time-out of the run in milliseconds; the tier may allow less. */
  @Optional() @IsInt() @Min(1) timeoutMs?: number;
  /** While another turn of the conversation has not ended: this one is refused, waits, or takes its place. Default: the agent's. */
  @Optional() @IsIn(CONFLICT_POLICIES) onConflict?: ConflictPolicy;
}
