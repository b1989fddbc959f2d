export class AppendedMessageDto {
  conversationId!: string;
  messageId!: string;
  /** Its place in the conversation, dense from 1. */
  seq!: number;
  tokens!: number;
}
