export class AcceptedExecutionDto {
  executionId!: string;
  conversationId!: string;
  sessionId!: string;
  status!: 'queued';
  /** Server-sent events of this execution. */
  eventsUrl!: string;
  /** Turns that wait before this one. */
  queuePosition!: number;
  estimatedSeconds!: number;
}
