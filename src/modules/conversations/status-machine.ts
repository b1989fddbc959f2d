import type { ConversationStatus } from './conversation.js';

/**
 * Where a caller may take a conversation. `transferred` is reached by the move alone; a user's message takes a completed or transferred one back
 * to `active`.
 *
 * @source ARCHITECTURE.md section 6
 */
const TRANSITIONS: Readonly<Record<ConversationStatus, readonly ConversationStatus[]>> = {
  active: ['completed', 'deleted'],
  completed: ['active', 'deleted'],
  transferred: ['active', 'archived', 'deleted'],
  archived: ['deleted'],
  deleted: [],
};

export function transitionsFrom(status: ConversationStatus): readonly ConversationStatus[] {
  return TRANSITIONS[status];
}

export function isTransition(from: ConversationStatus, to: ConversationStatus): boolean {
  return TRANSITIONS[from].includes(to);
}
