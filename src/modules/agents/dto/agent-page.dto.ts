import { AgentDto } from './agent.dto.js';

export class AgentPageDto {
  /** Newest first. */
  data!: AgentDto[];
  /** Give it as `cursor` to get the next page; null on the last one. */
  nextCursor!: string | null;
  /** How many there are in all. */
  total!: number;
}
