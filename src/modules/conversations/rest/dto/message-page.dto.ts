import { MessageDto } from './message.dto.js';

export class MessagePageDto {
  /** Newest first; with `after` oldest first. */
  data!: MessageDto[];
  /** The seq to go on from: as `before`, or as `after` if you read with that; null on the last page. */
  nextCursor!: number | null;
  /** Messages of the conversation, of the role if you named one. */
  total!: number;
}
