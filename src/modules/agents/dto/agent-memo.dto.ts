import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsBoolean, IsInt, IsObject, IsOptional, IsString, Length, Max, Min, ValidateNested } from 'class-validator';
import { MAX_MEMO_SECONDS } from '../../../contracts/index.js';
import type { AgentMemo } from '../agent.js';

/** How long answers are kept: an hour unless the agent says otherwise. Seconds. */
const ANSWER_SECONDS = 3_600;

/** Answers of the model, kept. The same question of the same model, with the same parameters, tools and messages before it, has the same answer. */
export class MemoAnswersDto {
  /** How long an answer is kept, seconds. */
  @IsInt() @Min(1) @Max(MAX_MEMO_SECONDS) ttlSeconds: number = ANSWER_SECONDS;
  /** Also answers that ask for tools; the tools run all the same. */
  @IsBoolean() toolCalls: boolean = false;
}

/** A tool whose results are kept. */
export class MemoToolDto {
  /** As the model calls it: `calculator`, or `<server>_<tool>`. */
  @IsString() @Length(1, 128) name!: string;
  /** How long a result is kept, seconds. */
  @IsInt() @Min(1) @Max(MAX_MEMO_SECONDS) ttlSeconds!: number;
}

/** What of the agent's runs is kept for its tenant, and given again: docs/agents.md. */
export class AgentMemoDto {
  /** Default, and null: the model is always asked. */
  @IsOptional() @IsObject() @ValidateNested() @Type(() => MemoAnswersDto) answers: MemoAnswersDto | null = null;
  /** Default: no tool's results are kept. */
  @IsArray() @ArrayMaxSize(128) @ArrayUnique(({ name }: MemoToolDto) => name) @IsObject({ each: true }) @ValidateNested({ each: true }) @Type(() => MemoToolDto) tools: MemoToolDto[] = [];

  static of(memo: AgentMemo): AgentMemoDto {
    return { answers: memo.answers, tools: [...memo.tools] };
  }
}
