import { createHash } from 'node:crypto';
import type { Message } from './conversation.js';

/**
 * SHA-256, hexadecimal, over seq, id, role and content of messages in the order given: what a move promises to have kept. PostgreSQL computes the
 * same of what it has (`archive.repository.ts`).
 */
export function messageChecksum(messages: Iterable<Pick<Message, 'seq' | 'messageId' | 'role' | 'content'>>): string {
  const hash = createHash('sha256');
  for (const { seq, messageId, role, content } of messages) hash.update(`${JSON.stringify([seq, messageId, role, content])}\n`);
  return hash.digest('hex');
}
