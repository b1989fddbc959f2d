import { IsBoolean, IsInt, Max, Min } from 'class-validator';
import { Optional } from './fields.js';

/** Longest time that answers and results of tools are kept, seconds: a day. */
export const MAX_MEMO_SECONDS = 86_400;

/** The part of a tenant's memo in Redis that has embeddings. They follow from what people have said, and do not say who: the erasure of a user empties it. */
export const EMBEDDINGS_NAMESPACE = 'embeddings';

/** What one turn wants otherwise of an agent that keeps its model's answers; of another agent it changes nothing. */
export class MemoDirective {
  /** true: the model is asked whatever is kept, and its answer is kept. */
  @Optional() @IsBoolean() noCache?: boolean;
  /** true: what the model answers is not kept. */
  @Optional() @IsBoolean() noStore?: boolean;
  /** How long the answer is kept, instead of the agent's time. Seconds. */
  @Optional() @IsInt() @Min(1) @Max(MAX_MEMO_SECONDS) ttlSeconds?: number;
  /** A kept answer is taken if it is no older. Seconds. */
  @Optional() @IsInt() @Min(1) @Max(MAX_MEMO_SECONDS) maxAgeSeconds?: number;
}
