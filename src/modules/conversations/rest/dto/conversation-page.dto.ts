import { ConversationDto } from './conversation.dto.js';

export class ConversationPageDto {
  /** Newest first, by the time of creation. */
  data!: ConversationDto[];
  /** Give it as `cursor` to get the next page; null on the last one. */
  nextCursor!: string | null;
  /** How many match in all. null where the words of `q` are in more messages than can be counted while you wait; the pages are as they should be. */
  total!: number | null;
}
