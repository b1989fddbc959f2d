import { CommandDto } from './command.dto.js';

export class CommandPageDto {
  /** Newest first. */
  data!: CommandDto[];
  /** Give it as `cursor` to get the next page; null on the last one. */
  nextCursor!: string | null;
  /** How many there are in all. */
  total!: number;
}
