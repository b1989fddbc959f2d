export class ClosedSessionDto {
  sessionId!: string;
  status!: 'completed';
  /** The conversations that were open. */
  conversationIds!: string[];
}
