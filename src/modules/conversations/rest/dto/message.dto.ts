import type { MessageRole } from '../../../../contracts/index.js';
import type { Message } from '../../conversation.js';

export class MessageDto {
  messageId!: string;
  /** Its place in the conversation, dense from 1. */
  seq!: number;
  role!: MessageRole;
  content!: string;
  /** Counted when it was appended. */
  tokens!: number;
  agentId!: string | null;
  executionId!: string | null;
  metadata!: Record<string, unknown> | null;
  createdAt!: Date;
  /** It was taken back: no model is shown it any more. */
  isWithdrawn?: true;

  static of({ messageId, seq, role, content, tokens, agentId, executionId, metadata, createdAt, isWithdrawn }: Message): MessageDto {
    return { messageId, seq, role, content, tokens, agentId, executionId, metadata, createdAt, ...(isWithdrawn && { isWithdrawn }) };
  }
}
