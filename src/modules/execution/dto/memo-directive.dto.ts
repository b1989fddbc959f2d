import { IsBoolean, IsInt, Max, Min } from 'class-validator';
import { MAX_MEMO_SECONDS, type MemoDirective, Optional } from '../../../contracts/index.js';

/** What one turn wants otherwise of an agent that keeps its model's answers; of another agent it changes nothing. */
export class MemoDirectiveDto implements MemoDirective {
  /** true: the model is asked whatever is kept, and its answer is kept. */
  @Optional() @IsBoolean() noCache?: boolean;
  /** true: what the model answers is not kept. */
  @Optional() @IsBoolean() noStore?: boolean;
  /** How long the answer is kept, instead of the agent's time. Seconds. */
  @Optional() @IsInt() @Min(1) @Max(MAX_MEMO_SECONDS) ttlSeconds?: number;
  /** A kept answer is taken if it is no older. Seconds. */
  @Optional() @IsInt() @Min(1) @Max(MAX_MEMO_SECONDS) maxAgeSeconds?: number;
}
