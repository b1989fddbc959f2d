import { AgentVersionDto } from './agent-version.dto.js';

export class AgentVersionPageDto {
  /** Newest first. */
  data!: AgentVersionDto[];
  /** Give it as `cursor` to get the next page; null on the last one. */
  nextCursor!: string | null;
  /** How many there are in all. */
  total!: number;
}
