import { ExecutionDto } from './execution.dto.js';

export class ExecutionPageDto {
  /** Newest first. */
  data!: ExecutionDto[];
  /** Give it as `cursor` to get the next page; null on the last one. */
  nextCursor!: string | null;
  /** How many match in all. */
  total!: number;
}
