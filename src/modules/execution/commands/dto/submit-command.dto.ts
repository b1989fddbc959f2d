import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsNumber, IsString, Length, Max, Min } from 'class-validator';
import { IsId, IsMessageText, MAX_MESSAGE_CHARACTERS, MODEL_PROVIDERS, type ModelProvider, Optional } from '../../../../contracts/index.js';
import { TurnOptionsDto } from '../../dto/turn-options.dto.js';

/** A task for an agent. */
export class SubmitCommandDto extends TurnOptionsDto {
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
}
