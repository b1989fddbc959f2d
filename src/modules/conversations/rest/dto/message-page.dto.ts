import { MessageDto } from './message.dto.js';

export class MessagePageDto {
  /** Newest first; with `after` oldest first. Where messages were taken back it has fewer than you asked for, perhaps none. */
  data!: MessageDto[];
  /** The seq to go on from: as `before`, or as `after` if you read with that; null on the last page. */
  nextCursor!: number | null;
  /** Messages of the conversation, of the role if you named one; those that were taken back only with `includeWithdrawn`. */
  total!: number;
}
