import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsString, Length, Max, Min, ValidateIf } from 'class-validator';
import { BUILTIN_TOOLS, MAX_EMBEDDING_CHARACTERS, MAX_EMBEDDING_TEXTS, Optional, type Tier, together } from '../../../contracts/index.js';
import type { LimitOverrides, TierLimits } from '../tiers.js';

/** A job's deadline ends every run. Milliseconds. */
const LONGEST_RUN_MS = 300_000;
/** More is a mistake. */
const MOST = 1_000_000_000_000;

/** A whole number from `least` on; null is without limit. */
function OrUnlimited(least = 0): PropertyDecorator {
  return together(ApiProperty({ type: Number, nullable: true, required: false }), ValidateIf((_, value) => value !== undefined && value !== null), IsInt(), Min(least), Max(MOST));
}

/** A whole number within these. */
function Within(least: number, most: number): PropertyDecorator {
  return together(Optional(), IsInt(), Min(least), Max(most));
}

/** What a tenant may otherwise than its tier; a field that is left out is as the tier has it, null is without limit. The units are those of `GET …/limits`. */
export class LimitOverridesDto implements LimitOverrides {
  /** Turns in a minute; 0 lets none in. */
  @OrUnlimited() requestsPerMinute?: number | null;
  /** Turns in 24 hours. */
  @OrUnlimited() requestsPerDay?: number | null;
  /** Requests of any kind in a minute, by one API key. */
  @OrUnlimited(1) apiRequestsPerMinute?: number | null;
  /** Runs at once. */
  @OrUnlimited() concurrentRuns?: number | null;
  /** Tokens in a day of UTC. */
  @OrUnlimited() tokensPerDay?: number | null;
  /** Tokens in a month of UTC. */
  @OrUnlimited() tokensPerMonth?: number | null;
  /** Millionths of a US dollar in a day of UTC. */
  @OrUnlimited() costMicrosPerDay?: number | null;
  /** Millionths of a US dollar in a month of UTC. */
  @OrUnlimited() costMicrosPerMonth?: number | null;
  /** Model calls in one run. */
  @Within(1, 100) maxIterations?: number;
  @OrUnlimited() maxTools?: number | null;
  @Within(1_000, LONGEST_RUN_MS) runTimeoutMs?: number;
  @Within(0, 86_400) estimatedSeconds?: number;
  @OrUnlimited() maxAgents?: number | null;
  /** Names of models, or beginnings of such with `*` at their end. */
  @ValidateIf((_, value) => value !== undefined && value !== null) @IsArray() @ArrayMaxSize(200) @IsString({ each: true }) @Length(1, 200, { each: true }) models?: readonly string[] | null;
  @ValidateIf((_, value) => value !== undefined && value !== null) @IsArray() @IsIn(BUILTIN_TOOLS, { each: true }) tools?: readonly string[] | null;
  @OrUnlimited() maxCollectionsPerAgent?: number | null;
  /** Messages of a conversation that a model is shown. */
  @Within(1, 1_000) contextMessages?: number;
  @OrUnlimited(1) maxActiveConversations?: number | null;
  @OrUnlimited(1) maxMessagesPerConversation?: number | null;
  @Within(1, 36_500) retentionDays?: number;
  /** Texts of one request for embeddings. */
  @Within(1, MAX_EMBEDDING_TEXTS) maxTextsPerEmbedding?: number;
  /** Characters of each. */
  @Within(1, MAX_EMBEDDING_CHARACTERS) maxCharactersPerText?: number;
  @OrUnlimited() documentsPerHour?: number | null;
  @OrUnlimited() maxDocumentBytes?: number | null;
  @OrUnlimited() maxChunksPerDocument?: number | null;
}

/** What counts for a tenant. */
export class TenantLimitsDto {
  tenantId!: string;
  tier!: Tier;
  /** What an administrator has set. */
  overrides!: LimitOverridesDto;
  /** The tier's numbers with the overrides laid over them. */
  @ApiProperty({ type: LimitOverridesDto }) effective!: TierLimits;
}
