import { Type } from 'class-transformer';
import { IsInt, Matches, Max, Min } from 'class-validator';
import { type ActionType, CURSOR_RULE, Optional } from '../../../contracts/index.js';

/** `<milliseconds>-<number>`, as Redis makes it. */
const DEAD_LETTER_ID = /^\d{1,15}-\d{1,15}$/;

export class DeadLetterDto {
  deadLetterId!: string;
  /** The queue it was in. */
  type!: ActionType;
  /** '' when the action did not say. */
  tenantId!: string;
  /** What was in the queue: an action, unless that was what was wrong with it. */
  action!: unknown;
  /** Why it failed, in a stable word and in a sentence. */
  code!: string;
  message!: string;
  /** The try that was the last, from 1. */
  attempt!: number;
  /** ISO-8601 UTC. */
  failedAt!: string;
}

export class DeadLetterPageDto {
  /** Newest first. */
  data!: DeadLetterDto[];
  /** Give it as `cursor` to get the next page; null on the last one. */
  nextCursor!: string | null;
  /** How many there are in all. */
  total!: number;
}

export class ListDeadLettersDto {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `nextCursor` of the page before. */
  @Optional() @Matches(DEAD_LETTER_ID, { message: CURSOR_RULE }) cursor?: string;
}

export class DeadLetterPathDto {
  @Matches(DEAD_LETTER_ID, { message: '$property must be that of a dead letter, such as 1795323575005-0; GET /api/v1/admin/dead-letters lists them' }) deadLetterId!: string;
}

export class RetriedDeadLetterDto {
  actionId!: string;
  actionType!: ActionType;
}
