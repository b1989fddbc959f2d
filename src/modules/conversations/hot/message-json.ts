import type { Message } from '../conversation.js';

/** A message as it lies in the Redis list: short keys would save bytes, plain ones can be read by whoever looks. `createdAt` in epoch milliseconds; what is null is left out. */
interface StoredMessage {
  readonly messageId: string;
  readonly role: Message['role'];
  readonly content: string;
  readonly tokens: number;
  readonly createdAt: number;
  readonly agentId?: string;
  readonly executionId?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** The text that `append.lua` pushes; the seq is its place. */
export function toStored({ messageId, role, content, tokens, createdAt, agentId, executionId, metadata }: Omit<Message, 'seq'>): string {
  const stored: StoredMessage = {
    messageId,
    role,
    content,
    tokens,
    createdAt: createdAt.getTime(),
    ...(agentId !== null && { agentId }),
    ...(executionId !== null && { executionId }),
    ...(metadata !== null && { metadata }),
  };
  return JSON.stringify(stored);
}

export function fromStored(text: string, seq: number): Message {
  const { createdAt, agentId = null, executionId = null, metadata = null, ...rest } = JSON.parse(text) as StoredMessage;
  return { ...rest, seq, createdAt: new Date(createdAt), agentId, executionId, metadata };
}
